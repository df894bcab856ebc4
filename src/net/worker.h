// A thread with a loop, pools, metrics and a service of its own. A session lives and dies on one
// worker. Functions say which thread calls them: *owner* is the thread that made the worker, *own*
// the worker's.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/event_loop.h"
#include "core/metrics.h"
#include "net/service.h"
#include "socksplice/pools.h"

namespace proxy {

class Worker {
 public:
  struct Settings {
    std::string method;  // of the event loop; empty: the best
    socksplice::Pools::Limits pools;
  };
  using Callback = std::function<void()>;

  /// Throws std::system_error where descriptors have run out.
  Worker(std::size_t index, const Settings& settings);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() { stop(); }

  /// Owner: begins to serve.
  void start(ServiceFactory factory);
  /// Owner: the remotes from now on.
  void update(std::shared_ptr<const RemoteList> remotes);
  /// Owner: hands over a batch, with one wake-up.
  void serve(std::vector<Accepted> batch);
  /// Owner: calls `callback` (on the worker's thread) when a session ends, or has since
  /// sessionsEnded() was `seen`; once.
  void whenFreed(std::uint64_t seen, Callback callback);
  /// Owner: calls `callback` (on the worker's thread) when no session is left, once. No more
  /// clients may be handed over.
  void drain(Callback callback);

  /// Owner: cuts every session off and waits for the thread to end.
  void stop();

  /// Own.
  [[nodiscard]] EventLoop& loop() noexcept { return loop_; }
  [[nodiscard]] socksplice::Pools& pools() noexcept { return pools_; }
  [[nodiscard]] Metrics& metrics() noexcept { return metrics_; }
  /// Own: the service's session ended, and its descriptors are closed.
  void sessionEnded();

  /// Any thread.
  [[nodiscard]] const Metrics& metrics() const noexcept { return metrics_; }
  [[nodiscard]] std::uint64_t sessionsEnded() const noexcept {
    return metrics_.read(Metric::kSessionsEnded);
  }
  [[nodiscard]] std::size_t index() const noexcept { return index_; }

 private:
  void run(const ServiceFactory& factory);
  void callBackIfDrained();

  const std::size_t index_;
  EventLoop loop_;
  socksplice::Pools pools_;
  Metrics metrics_;
  std::thread thread_;

  // Own.
  std::unique_ptr<Service> service_;
  Callback freed_;
  Callback drained_;
};

}  // namespace proxy
