#include "core/signal_watcher.h"

#include <event2/event.h>

#include "core/check.h"
#include "core/event_loop.h"
#include "core/fd_watcher.h"

namespace proxy {

void SignalWatcher::stop() noexcept {
  if (event_initialized(&event_) != 0) event_del(&event_);
}

void SignalWatcher::set(EventLoop& loop, int signal, void (*callback)(int, short, void*),
                        void* owner) {
  CHECK(event_initialized(&event_) == 0);
  CHECK(event_assign(&event_, loop.base_.get(), signal, EV_SIGNAL | EV_PERSIST, callback, owner) ==
        0);
  if (event_add(&event_, nullptr) != 0) throwNotWatched();
}

}  // namespace proxy
