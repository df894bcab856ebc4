// Time, as tests may use it. Until when a test waits for an event: one that is right never meets
// its deadline; it is there so that a wrong one says what it waited for.
#pragma once

#include <algorithm>
#include <chrono>

#include "support/eventually.h"

namespace e2e {

using std::chrono::milliseconds;

class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  /// Longer than anything takes here.
  Deadline() : Deadline(support::kLongestWait) {}
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

/// How long it took. What must not come too early is measured from before what it follows: a slow
/// machine makes it longer, never shorter.
class Stopwatch {
 public:
  [[nodiscard]] milliseconds elapsed() const {
    return std::chrono::duration_cast<milliseconds>(Deadline::Clock::now() - start_);
  }

 private:
  Deadline::Clock::time_point start_ = Deadline::Clock::now();
};

}  // namespace e2e
