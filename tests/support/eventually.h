// Waiting for what must come, without saying when: a condition is looked at again and again. The
// bound only turns a hang into a failure.
#pragma once

#include <poll.h>
#include <sched.h>

#include <chrono>

#include "support/build.h"

namespace support {

inline constexpr std::chrono::seconds kLongestWait{kSanitized ? 60 : 30};

/// What is between two looks.
class Patience {
 public:
  [[nodiscard]] bool isOver() const { return waited() > kLongestWait; }

  /// Some conditions do work at every look, and most come soon: so at first there is no pause.
  /// Later it leaves the CPU to those who are waited for.
  void pause() const {
    if (waited() < kSoon) {
      sched_yield();
    } else {
      ::poll(nullptr, 0, 1);
    }
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kSoon{20};

  [[nodiscard]] Clock::duration waited() const { return Clock::now() - start_; }

  Clock::time_point start_ = Clock::now();
};

/// Calls `holds` until it is true.
template <class Condition>
[[nodiscard]] bool eventually(Condition holds) {
  const Patience patience;
  while (!holds()) {
    if (patience.isOver()) return false;
    patience.pause();
  }
  return true;
}

}  // namespace support
