// Watches one descriptor in one loop. It must be stopped (or destroyed) before the descriptor is
// closed.
#pragma once

#include <event2/event_struct.h>

namespace proxy {

class EventLoop;

struct Ready {
  bool readable;  ///< bytes, an end, or an error can be read
  bool writable;  ///< there is room, or an error; a descriptor that failed is reported as both
};

class FdWatcher {
 public:
  FdWatcher() noexcept = default;
  FdWatcher(const FdWatcher&) = delete;
  FdWatcher& operator=(const FdWatcher&) = delete;
  ~FdWatcher() { stop(); }

  /// Calls `(owner->*Method)(Ready)` when `fd` becomes readable or writable, edge-triggered: once
  /// for each change, so the owner reads and writes until EAGAIN. Where the loop's method knows
  /// only states, want() says which of them is to be reported, at first both.
  template <auto Method, class Owner>
  void watchEdges(EventLoop& loop, int fd, Owner* owner) {
    start(loop, fd, &call<Method, Owner>, owner, loopKnowsEdges(loop), true, true);
  }

  /// The same for states: called again and again while `fd` is readable (or writable) and wanted.
  template <auto Method, class Owner>
  void watchStates(EventLoop& loop, int fd, Owner* owner, bool read, bool write) {
    start(loop, fd, &call<Method, Owner>, owner, false, read, write);
  }

  /// Which states are to be reported from now on. Costs nothing when edges are watched.
  void want(bool read, bool write);

  void stop() noexcept;
  [[nodiscard]] bool watching() const noexcept { return watching_; }

 private:
  using Callback = void (*)(int, short, void*);

  template <auto Method, class Owner>
  static void call(int /*fd*/, short what, void* owner) {
    (static_cast<Owner*>(owner)->*Method)(readiness(what));
  }

  static Ready readiness(short what) noexcept;
  static bool loopKnowsEdges(const EventLoop& loop) noexcept;
  void start(EventLoop& loop, int fd, Callback callback, void* owner, bool edges, bool read,
             bool write);
  void add(short events);

  event event_{};
  short events_ = 0;  // what libevent reports now
  bool watching_ = false;
  bool edges_ = false;
};

}  // namespace proxy
