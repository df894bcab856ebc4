// Calls its owner once after a time. Belongs to the loop's thread.
#pragma once

#include <event2/event_struct.h>

#include "core/clock.h"

namespace proxy {

class EventLoop;

class Timer {
 public:
  Timer() noexcept = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { cancel(); }

  /// Calls `(owner->*Method)()` once `delay` from now, in place of whatever was set before.
  template <auto Method, class Owner>
  void start(EventLoop& loop, milliseconds delay, Owner* owner) {
    set(loop, delay, [](int, short, void* it) { (static_cast<Owner*>(it)->*Method)(); }, owner);
  }

  void cancel() noexcept;

 private:
  void set(EventLoop& loop, milliseconds delay, void (*callback)(int, short, void*), void* owner);

  event event_{};
};

}  // namespace proxy
