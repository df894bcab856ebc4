// Lets a few events of each period through and counts the rest: for warnings that one peer could
// otherwise write by the thousand. Belongs to one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/clock.h"

namespace proxy {

class RateLimit {
 public:
  RateLimit(std::uint32_t events, milliseconds period) noexcept
      : events_(events), period_(period) {}

  /// Nothing if this event is one too many in its period; else how many were held back since the
  /// last one that passed.
  [[nodiscard]] std::optional<std::uint64_t> pass(milliseconds now) noexcept {
    if (!started_ || now - *started_ >= period_) {
      started_ = now;
      passed_ = 0;
    }
    if (passed_ == events_) {
      ++heldBack_;
      return std::nullopt;
    }
    ++passed_;
    const std::uint64_t before = heldBack_;
    heldBack_ = 0;
    return before;
  }

 private:
  const std::uint32_t events_;
  const milliseconds period_;
  std::optional<milliseconds> started_;
  std::uint32_t passed_ = 0;
  std::uint64_t heldBack_ = 0;
};

/// What a warning says of those that were held back before it; nothing of none.
[[nodiscard]] inline std::string heldBackText(std::uint64_t count) {
  return count == 0 ? "" : " (and " + std::to_string(count) + " more since the last such line)";
}

}  // namespace proxy
