// Calls its owner in the loop's thread after a signal came. Only one loop of a process may have
// these: libevent keeps them in one place. Whichever thread takes the signal, that loop hears of
// it.
#pragma once

#include <event2/event_struct.h>

namespace proxy {

class EventLoop;

class SignalWatcher {
 public:
  SignalWatcher() noexcept = default;
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;
  ~SignalWatcher() { stop(); }

  /// Calls `(owner->*Method)()` for each arrival of `signal`. To be called once.
  /// Throws std::system_error where the kernel allows no more watches.
  template <auto Method, class Owner>
  void watch(EventLoop& loop, int signal, Owner* owner) {
    set(loop, signal, [](int, short, void* it) { (static_cast<Owner*>(it)->*Method)(); }, owner);
  }

  /// The signal does again what it did before.
  void stop() noexcept;

 private:
  void set(EventLoop& loop, int signal, void (*callback)(int, short, void*), void* owner);

  event event_{};
};

}  // namespace proxy
