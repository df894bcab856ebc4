// A loop that the test runs in its own thread until something has happened.
#pragma once

#include <functional>

#include "core/event_loop.h"
#include "support/eventually.h"

namespace support {

/// Turns `loop` until `holds`, which is asked once a turn. False if that does not come.
[[nodiscard]] inline bool runUntil(proxy::EventLoop& loop, const std::function<bool()>& holds) {
  const Patience patience;
  bool held = false;
  std::function<void()> look = [&] {
    held = holds();
    if (held || patience.isOver()) return loop.stop();
    patience.pause();
    loop.post(look);
  };
  loop.post(look);
  loop.run();
  return held;
}

}  // namespace support
