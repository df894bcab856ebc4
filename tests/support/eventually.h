// Waiting for what must come, without saying when: a condition is looked at again and again. The
// bound only turns a hang into a failure.
#pragma once

#include <sched.h>

#include <chrono>

namespace support {

inline constexpr std::chrono::seconds kLongestWait{30};

/// Calls `holds` until it is true.
template <class Condition>
[[nodiscard]] bool eventually(Condition holds) {
  const auto end = std::chrono::steady_clock::now() + kLongestWait;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    sched_yield();
  }
  return true;
}

}  // namespace support
