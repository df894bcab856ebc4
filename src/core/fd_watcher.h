// Watches one descriptor in one loop. It must be stopped (or destroyed) before the descriptor is
// closed.
#pragma once

#include <event2/event_struct.h>

namespace proxy {

class EventLoop;

struct Ready {
  bool readable;  ///< bytes, an end, or an error can be read
  bool writable;  ///< there is room, or an error
  bool ended;     ///< the peer has sent its end, which stands behind what can be read; where the
                  ///< method can tell
};

/// For those who cannot do without the watch that was just refused, and who may still give up
/// altogether: throws std::system_error with errno.
[[noreturn]] void throwNotWatched();

class FdWatcher {
 public:
  FdWatcher() noexcept = default;
  FdWatcher(const FdWatcher&) = delete;
  FdWatcher& operator=(const FdWatcher&) = delete;
  ~FdWatcher() { stop(); }

  /// Calls `(owner->*Method)(Ready)` as long as `fd` is readable and that is wanted, or writable
  /// and that is wanted.
  /// False where the kernel allows no more watches (epoll_ctl(2): ENOSPC, ENOMEM).
  template <auto Method, class Owner>
  [[nodiscard]] bool watch(EventLoop& loop, int fd, Owner* owner, bool read, bool write) {
    return start(loop, fd, &call<Method, Owner>, owner, read, write);
  }

  /// What is wanted from now on. If that is nothing, not even a failure is reported.
  /// False as with watch().
  [[nodiscard]] bool want(bool read, bool write);

  void stop() noexcept;
  [[nodiscard]] bool watching() const noexcept { return loop_ != nullptr; }

 private:
  using Callback = void (*)(int, short, void*);

  template <auto Method, class Owner>
  static void call(int /*fd*/, short what, void* owner) {
    (static_cast<Owner*>(owner)->*Method)(readiness(what));
  }

  static Ready readiness(short what) noexcept;
  bool start(EventLoop& loop, int fd, Callback callback, void* owner, bool read, bool write);
  bool add(int fd, Callback callback, void* owner, short events);

  EventLoop* loop_ = nullptr;  // null: not watching
  event event_{};
  short events_ = 0;  // what libevent was asked for; 0: nothing
};

}  // namespace proxy
