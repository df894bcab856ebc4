// One thread's event loop: waits for descriptors and timers (libevent: epoll, kqueue, poll, ...),
// runs what other threads post, and destroys what has finished. Belongs to the thread that calls
// run(), but for post() and stop().
//
// A turn: wait, call back all that is ready, destroy. Readiness is a state: who does not finish in
// one turn is called again in the next, behind the others.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/fd_watcher.h"
#include "core/wakeup.h"

struct event_base;

namespace proxy {

class EventLoop {
 public:
  using Task = std::function<void()>;

  /// The methods this libevent offers here, the best first.
  static std::vector<std::string> methods();

  /// Waits with `method`, one of methods(); if empty, with the best.
  /// Throws std::system_error where descriptors or the kernel's watches have run out, and
  /// std::runtime_error where the method does not work.
  explicit EventLoop(const std::string& method = {});
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  /// Turns until stop(). May be called again afterwards.
  void run();
  /// Any thread: run() returns at the end of the turn.
  void stop();

  /// Any thread: runs `task` in the loop's thread, in the order posted.
  void post(Task task);

  /// Destroys `object` at the end of the turn, when none of its functions is running any more.
  template <class T>
  void destroyLater(std::unique_ptr<T> object) {
    finished_.emplace_back(object.release(), [](void* it) { delete static_cast<T*>(it); });
  }

  [[nodiscard]] bool inThread() const noexcept;
  [[nodiscard]] std::string method() const;

 private:
  friend class FdWatcher;
  friend class Timer;
  friend class SignalWatcher;

  struct BaseDeleter {
    void operator()(event_base* base) const noexcept;
  };
  struct Finished {
    Finished(void* o, void (*d)(void*)) noexcept : object(o), destroy(d) {}
    void* object;
    void (*destroy)(void*);
  };

  [[nodiscard]] short eventsFor(bool read, bool write) const noexcept;
  void onWakeup(Ready ready);
  void destroyFinished();

  std::unique_ptr<event_base, BaseDeleter> base_;
  short ended_ = 0;  // EV_CLOSED where the method can tell
  bool stopped_ = false;
  std::atomic<std::thread::id> thread_;

  std::vector<Finished> finished_;

  Wakeup wakeup_;
  FdWatcher wakeupWatcher_;
  std::mutex mutex_;
  std::vector<Task> posted_;  // guarded by mutex_
};

}  // namespace proxy
