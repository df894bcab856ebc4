// Waiting for what must come, without saying when: a condition is looked at again and again. The
// bound only turns a hang into a failure.
#pragma once

#include <poll.h>
#include <sched.h>

#include <chrono>

namespace support {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::chrono::seconds kLongestWait{60};
#else
inline constexpr std::chrono::seconds kLongestWait{30};
#endif

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
