// The clock that deadlines are measured with: monotonic, and cheap enough to read at every event.
#pragma once

#include <chrono>
#include <ctime>

namespace proxy {

using std::chrono::milliseconds;

/// Milliseconds of a monotonic clock, a few of them coarse (5 ns a reading on Linux).
[[nodiscard]] inline milliseconds monotonicNow() noexcept {
#ifdef CLOCK_MONOTONIC_COARSE
  constexpr clockid_t kClock = CLOCK_MONOTONIC_COARSE;
#else
  constexpr clockid_t kClock = CLOCK_MONOTONIC;
#endif
  timespec now{};
  clock_gettime(kClock, &now);
  return std::chrono::duration_cast<milliseconds>(std::chrono::seconds(now.tv_sec) +
                                                  std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace proxy
