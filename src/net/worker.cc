#include "net/worker.h"

#include <pthread.h>

#include <csignal>
#include <utility>

#include "core/check.h"

namespace proxy {

namespace {

// So that top and gdb tell the threads apart; the kernel keeps 15 bytes.
void nameThisThread(std::size_t index) {
#ifdef __linux__
  pthread_setname_np(pthread_self(), ("worker " + std::to_string(index)).c_str());
#else
  static_cast<void>(index);
#endif
}

// Signals are the main loop's.
void blockSignals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

Worker::Worker(std::size_t index, const Settings& settings)
    : index_(index), loop_(settings.method), pools_(settings.pools) {}

void Worker::stop() {
  if (!thread_.joinable()) return;
  loop_.post([this] { service_->abort(); });
  loop_.stop();
  thread_.join();
}

void Worker::start(ServiceFactory factory) {
  CHECK(!thread_.joinable());
  thread_ = std::thread([this, factory = std::move(factory)] { run(factory); });
}

void Worker::run(const ServiceFactory& factory) {
  blockSignals();
  nameThisThread(index_);
  service_ = factory(*this);
  loop_.run();
  service_.reset();
}

void Worker::update(std::shared_ptr<const RemoteList> remotes) {
  loop_.post([this, remotes = std::move(remotes)] { service_->update(remotes); });
}

void Worker::serve(std::vector<Accepted> batch) {
  // A std::function must be copyable, which descriptors are not.
  auto shared = std::make_shared<std::vector<Accepted>>(std::move(batch));
  loop_.post([this, shared] {
    for (Accepted& client : *shared) service_->serve(std::move(client));
  });
}

void Worker::whenFreed(std::uint64_t seen, Callback callback) {
  loop_.post([this, seen, callback = std::move(callback)]() mutable {
    if (sessionsEnded() != seen) return callback();
    freed_ = std::move(callback);
  });
}

void Worker::drain(Callback callback) {
  loop_.post([this, callback = std::move(callback)]() mutable {
    service_->drain();
    drained_ = std::move(callback);
    callBackIfDrained();
  });
}

void Worker::sessionEnded() {
  metrics_.add(Metric::kSessionsEnded);
  if (freed_) std::exchange(freed_, nullptr)();
  callBackIfDrained();
}

void Worker::callBackIfDrained() {
  if (drained_ && service_->size() == 0) std::exchange(drained_, nullptr)();
}

}  // namespace proxy
