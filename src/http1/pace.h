// How much a client has moved in a period in which it was waited for, in one direction. A value: it
// has no clock and no timer, its owner says the time and what was moved so far.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/clock.h"

namespace proxy::http1 {

class Pace {
 public:
  /// It is waited for until `ends` at least, having moved `moved` so far.
  void begin(milliseconds ends, std::uint64_t moved) noexcept {
    ends_ = ends;
    begun_ = moved;
  }

  /// It is not waited for: it has caught up with us.
  void rest() noexcept { ends_ = kNever; }

  [[nodiscard]] bool waits() const noexcept { return ends_ != kNever; }
  /// When the period is over; far off where there is none.
  [[nodiscard]] milliseconds ends() const noexcept { return ends_; }

  /// Begins the next period, until `ends`. False if less than `least` was moved in the one before,
  /// or nothing.
  [[nodiscard]] bool next(milliseconds ends, std::uint64_t moved, std::uint64_t least) noexcept {
    const bool enough = moved - begun_ >= std::max<std::uint64_t>(least, 1);
    begin(ends, moved);
    return enough;
  }

 private:
  static constexpr milliseconds kNever = milliseconds::max();

  milliseconds ends_ = kNever;
  std::uint64_t begun_ = 0;  // modulo 2^64, as `moved`
};

}  // namespace proxy::http1
