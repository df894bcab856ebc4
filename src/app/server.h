// The running program: names, listeners, the acceptor, the workers and the signals, in the order in
// which they come up and go down. Lives on the main thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/access_log.h"
#include "app/configuration.h"
#include "app/limits.h"
#include "core/event_loop.h"
#include "core/expected.h"
#include "core/metrics.h"
#include "core/signal_watcher.h"
#include "core/timer.h"
#include "net/acceptor.h"
#include "net/name_watch.h"
#include "net/resolver.h"
#include "net/worker.h"

namespace proxy::app {

class Server {
 public:
  /// Throws std::exception where the process has run out of something.
  explicit Server(const Configuration& configuration);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Resolves every name and opens every listener, and serves only then. Returns when a signal has
  /// ended it; or with a sentence if it could not start, in which case nothing was begun. From then
  /// on SIGTERM, SIGINT, SIGHUP and SIGUSR1 are ignored. Throws std::system_error where the kernel
  /// allows no more watches.
  [[nodiscard]] Expected<void> run();

 private:
  /// In order of happening.
  enum class State : std::uint8_t {
    kResolving,  ///< the names are being looked up; nothing is open
    kServing,
    kDraining,  ///< the listeners are closed, sessions end by themselves
    kStopped,
  };

  void resolveListeners();
  void onListenerResolved(const Endpoint& endpoint, Expected<Resolver::Answer> answer);
  void onRemotes(Expected<NameWatch::List> remotes);
  void serveIfResolved();
  void start();
  [[nodiscard]] Expected<void> openAccessLog();
  [[nodiscard]] Expected<void> openListeners();
  void serve();

  void onStopSignal();
  void onHangUp();
  void onReopenSignal();
  void onWorkerDrained();
  void onDrainTimer();
  void warnOfCut(std::string_view when) const;
  void stop();
  void fail(std::string reason);
  void letSignalsPass();
  void closeAccessLog();
  void logStart() const;
  void logHttp() const;
  void logTotals() const;
  [[nodiscard]] std::uint64_t total(Metric metric) const;

  struct Listening {
    std::string endpoint;  // as the operator wrote it
    Address address;
  };

  const Configuration configuration_;
  const Limits limits_;
  State state_ = State::kResolving;
  std::string failure_;

  EventLoop loop_;
  Metrics metrics_;  // of the main thread
  Resolver resolver_;
  NameWatch names_;
  std::size_t unresolvedListeners_ = 0;
  std::vector<Listening> listening_;
  NameWatch::List remotes_;

  // Declared before the workers, so that they are destroyed after their threads have ended.
  std::unique_ptr<AccessLogFile> accessLog_;  // null: none is kept
  std::unique_ptr<Acceptor> acceptor_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::size_t undrained_ = 0;  // workers that still have sessions

  SignalWatcher terminate_;
  SignalWatcher interrupt_;
  SignalWatcher hangUp_;
  SignalWatcher reopen_;
  Timer drainTimer_;
};

}  // namespace proxy::app
