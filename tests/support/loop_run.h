// A loop that the test runs in its own thread until something has happened.
#pragma once

#include <chrono>
#include <functional>

#include "core/event_loop.h"
#include "support/eventually.h"

namespace support {

/// Turns `loop` until `holds`, which is asked once a turn. False if that does not come.
[[nodiscard]] inline bool runUntil(proxy::EventLoop& loop, const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + kLongestWait;
  bool held = false;
  std::function<void()> look = [&] {
    held = holds();
    if (held || std::chrono::steady_clock::now() > end) return loop.stop();
    sched_yield();
    loop.post(look);
  };
  loop.post(look);
  loop.run();
  return held;
}

}  // namespace support
