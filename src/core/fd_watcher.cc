#include "core/fd_watcher.h"

#include <cerrno>
#include <system_error>

#include <event2/event.h>

#include "core/check.h"
#include "core/event_loop.h"

namespace proxy {

// The bound is one of the user's, of all programs together.
void throwNotWatched() {
  throw std::system_error(errno, std::generic_category(),
                          "the kernel watches no more descriptors for this user "
                          "(on Linux, raise fs.epoll.max_user_watches)");
}

Ready FdWatcher::readiness(short what) noexcept {
  return {.readable = (what & EV_READ) != 0,
          .writable = (what & EV_WRITE) != 0,
          .ended = (what & EV_CLOSED) != 0};
}

bool FdWatcher::start(EventLoop& loop, int fd, Callback callback, void* owner, bool read,
                      bool write) {
  stop();
  loop_ = &loop;
  return add(fd, callback, owner, loop.eventsFor(read, write));
}

bool FdWatcher::want(bool read, bool write) {
  CHECK(watching());
  const short events = loop_->eventsFor(read, write);
  if (events == events_) return true;
  if (events_ != 0) event_del(&event_);
  return add(event_get_fd(&event_), event_get_callback(&event_), event_get_callback_arg(&event_),
             events);
}

bool FdWatcher::add(int fd, Callback callback, void* owner, short events) {
  events_ = 0;
  CHECK(event_assign(&event_, loop_->base_.get(), fd, static_cast<short>(events | EV_PERSIST),
                     callback, owner) == 0);
  if (events == 0) return true;
  if (event_add(&event_, nullptr) != 0) return false;
  events_ = events;
  return true;
}

void FdWatcher::stop() noexcept {
  if (events_ != 0) event_del(&event_);
  events_ = 0;
  loop_ = nullptr;
}

}  // namespace proxy
