#include "core/fd_watcher.h"

#include <event2/event.h>

#include "core/check.h"
#include "core/event_loop.h"

namespace proxy {

namespace {

short eventsFor(bool read, bool write) noexcept {
  return static_cast<short>((read ? EV_READ : 0) | (write ? EV_WRITE : 0));
}

}  // namespace

Ready FdWatcher::readiness(short what) noexcept {
  return {.readable = (what & EV_READ) != 0, .writable = (what & EV_WRITE) != 0};
}

bool FdWatcher::loopKnowsEdges(const EventLoop& loop) noexcept { return loop.edgeTriggered(); }

void FdWatcher::start(EventLoop& loop, int fd, Callback callback, void* owner, bool edges,
                      bool read, bool write) {
  stop();
  edges_ = edges;
  watching_ = true;
  CHECK(event_assign(&event_, loop.base_.get(), fd, EV_PERSIST, callback, owner) == 0);
  add(eventsFor(read, write));
}

void FdWatcher::want(bool read, bool write) {
  const short events = eventsFor(read, write);
  if (edges_ || !watching_ || events == events_) return;
  if (events_ != 0) event_del(&event_);
  add(events);
}

void FdWatcher::add(short events) {
  events_ = events;
  if (events == 0) return;
  const auto flags = static_cast<short>(events | EV_PERSIST | (edges_ ? EV_ET : 0));
  CHECK(event_assign(&event_, event_get_base(&event_), event_get_fd(&event_), flags,
                     event_get_callback(&event_), event_get_callback_arg(&event_)) == 0);
  CHECK(event_add(&event_, nullptr) == 0);
}

void FdWatcher::stop() noexcept {
  if (!watching_) return;
  if (events_ != 0) event_del(&event_);
  watching_ = false;
  events_ = 0;
}

}  // namespace proxy
