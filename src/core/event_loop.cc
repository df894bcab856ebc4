#include "core/event_loop.h"

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include <event2/event.h>

#include "core/check.h"
#include "core/log.h"

namespace proxy {

namespace {

// What libevent complains of is said by whoever called; but after an error it ends the process.
void logForLibevent(int severity, const char* message) {
  if (severity == EVENT_LOG_ERR) log::error("libevent: {}", message);
  if (severity == EVENT_LOG_WARN) log::debug("libevent: {}", message);
}

[[noreturn]] void throwNoBase(const std::string& method, int error) {
  const std::string loop = method.empty() ? "event loop" : "event loop by " + method;
  if (error != 0) throw std::system_error(error, std::generic_category(), loop);
  std::string names;
  for (const std::string& one : EventLoop::methods()) names += (names.empty() ? "" : ", ") + one;
  throw std::runtime_error(loop + ": it does not work here; libevent's methods are " + names);
}

event_base* newBase(const std::string& method) {
  event_set_log_callback(&logForLibevent);
  event_config* config = event_config_new();
  CHECK(config != nullptr);
  // Used by one thread only, and never by the operator's environment variables.
  event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
  if (!method.empty()) {
    for (const std::string& one : EventLoop::methods()) {
      if (one != method) event_config_avoid_method(config, one.c_str());
    }
  }
  errno = 0;
  event_base* base = event_base_new_with_config(config);
  const int error = errno;
  event_config_free(config);
  if (base == nullptr) throwNoBase(method, error);
  return base;
}

}  // namespace

std::vector<std::string> EventLoop::methods() {
  std::vector<std::string> names;
  for (const char** name = event_get_supported_methods(); *name != nullptr; ++name) {
    names.emplace_back(*name);
  }
  return names;
}

void EventLoop::BaseDeleter::operator()(event_base* base) const noexcept { event_base_free(base); }

EventLoop::EventLoop(const std::string& method) : base_(newBase(method)) {
  if ((event_base_get_features(base_.get()) & EV_FEATURE_EARLY_CLOSE) != 0) ended_ = EV_CLOSED;
  if (!wakeupWatcher_.watch<&EventLoop::onWakeup>(*this, wakeup_.fd(), this, true, false)) {
    throwNotWatched();
  }
}

EventLoop::~EventLoop() {
  wakeupWatcher_.stop();
  destroyFinished();
}

void EventLoop::run() {
  thread_ = std::this_thread::get_id();
  stopped_ = false;
  while (!stopped_) {
    CHECK(event_base_loop(base_.get(), EVLOOP_ONCE) >= 0);
    destroyFinished();
  }
}

void EventLoop::stop() {
  post([this] { stopped_ = true; });
}

void EventLoop::post(Task task) {
  bool first;
  {
    const std::lock_guard lock(mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(task));
  }
  if (first) wakeup_.signal();
}

short EventLoop::eventsFor(bool read, bool write) const noexcept {
  return static_cast<short>((read ? EV_READ | ended_ : 0) | (write ? EV_WRITE : 0));
}

void EventLoop::onWakeup(Ready /*ready*/) {
  wakeup_.clear();
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(posted_);
  }
  for (const Task& task : tasks) task();
}

void EventLoop::destroyFinished() {
  // What is destroyed may itself leave something to destroy.
  while (!finished_.empty()) {
    std::vector<Finished> batch;
    batch.swap(finished_);
    for (const Finished& it : batch) it.destroy(it.object);
  }
}

bool EventLoop::inThread() const noexcept { return thread_.load() == std::this_thread::get_id(); }

std::string EventLoop::method() const { return event_base_get_method(base_.get()); }

}  // namespace proxy
