// Until when a test waits for an event. A test that is right never meets its deadline; it is there
// so that a wrong one says what it waited for.
#pragma once

#include <algorithm>
#include <chrono>

#include "e2e/support/build.h"

namespace e2e {

using std::chrono::milliseconds;

class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  /// Longer than anything takes here.
  Deadline() : Deadline(milliseconds(kSanitized ? 60'000 : 30'000)) {}
  explicit Deadline(milliseconds fromNow) : at_(Clock::now() + fromNow) {}

  [[nodiscard]] bool passed() const { return Clock::now() >= at_; }
  [[nodiscard]] Clock::time_point at() const { return at_; }

  /// For poll(2).
  [[nodiscard]] int left() const {
    const auto left = std::chrono::ceil<milliseconds>(at_ - Clock::now());
    return static_cast<int>(std::max<long long>(0, left.count()));
  }

 private:
  Clock::time_point at_;
};

}  // namespace e2e
