// A timer whose time moves often: moving it ahead costs a store. Belongs to the loop's thread.
#pragma once

#include "core/clock.h"
#include "core/timer.h"

namespace proxy {

class Deadline {
 public:
  /// Calls `(owner->*Method)()` once, `delay` from now, in place of what was set before. The
  /// method has to ask due(): the timer is not moved when the deadline moves away.
  template <auto Method, class Owner>
  void set(EventLoop& loop, milliseconds delay, Owner* owner) {
    const milliseconds now = monotonicNow();
    at_ = now + delay;
    if (set_ && fires_ <= at_) return;
    arm<Method>(loop, now, owner);
  }

  /// Called by the method: whether the time has come; if not, it is called again then.
  template <auto Method, class Owner>
  [[nodiscard]] bool due(EventLoop& loop, Owner* owner) {
    set_ = false;
    const milliseconds now = monotonicNow();
    if (at_ == kNever) return false;
    if (now >= at_) return true;
    arm<Method>(loop, now, owner);
    return false;
  }

  /// There is none for now.
  void clear() noexcept { at_ = kNever; }

 private:
  static constexpr milliseconds kNever = milliseconds::max();

  template <auto Method, class Owner>
  void arm(EventLoop& loop, milliseconds now, Owner* owner) {
    set_ = true;
    fires_ = at_;
    timer_.start<Method>(loop, at_ - now, owner);
  }

  Timer timer_;
  milliseconds at_ = kNever;
  milliseconds fires_{0};
  bool set_ = false;
};

}  // namespace proxy
