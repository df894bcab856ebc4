#include "core/timer.h"

#include <algorithm>

#include <event2/event.h>

#include "core/check.h"
#include "core/event_loop.h"

namespace proxy {

void Timer::set(EventLoop& loop, milliseconds delay, void (*callback)(int, short, void*),
                void* owner) {
  cancel();
  CHECK(event_assign(&event_, loop.base_.get(), -1, 0, callback, owner) == 0);
  const auto count = std::max(delay, milliseconds(0)).count();
  const timeval after = {.tv_sec = static_cast<time_t>(count / 1000),
                         .tv_usec = static_cast<suseconds_t>(count % 1000 * 1000)};
  CHECK(event_add(&event_, &after) == 0);
}

void Timer::cancel() noexcept {
  if (event_initialized(&event_) != 0) event_del(&event_);
}

}  // namespace proxy
