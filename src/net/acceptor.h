// Accepts clients and hands them to the workers, strictly round robin: until EAGAIN or a bound, and
// with one wake-up for each worker and batch. Lives on the main loop's thread.
//
// When descriptors or sessions run out it pauses, which is counted and said (once a minute at
// most), and goes on when a session has ended.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/event_loop.h"
#include "core/metrics.h"
#include "core/rate_limit.h"
#include "core/timer.h"
#include "net/service.h"
#include "net/socket.h"
#include "net/worker.h"

namespace proxy {

class Acceptor {
 public:
  /// The acceptor must be destroyed after the workers' threads have ended.
  Acceptor(EventLoop& loop, Metrics& metrics, std::vector<std::unique_ptr<Worker>>& workers,
           std::size_t maxSessions);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor();

  /// Takes a listening socket (see listenAt).
  void add(UniqueFd listener);

  /// Begins to accept. Throws std::system_error where the kernel allows no more watches.
  void start();

  /// Accepts who is connected already, then closes the listeners and removes the paths they stood
  /// at. While accepting is paused there is no room for those who wait: the kernel resets them.
  void close();

  /// Sessions handed over and not ended yet.
  [[nodiscard]] std::size_t openSessions() const noexcept;

 private:
  struct Listener;

  bool accept(Listener& listener);
  bool acceptOne(Listener& listener, const std::vector<std::uint64_t>& ended);
  void handOver();
  void pause(const char* reason, const std::vector<std::uint64_t>& ended);
  void resume();
  bool listen(bool on);
  void closeListeners();

  EventLoop& loop_;
  Metrics& metrics_;
  std::vector<std::unique_ptr<Worker>>& workers_;
  const std::size_t maxSessions_;

  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::vector<Accepted>> batches_;  // by worker
  std::size_t nextWorker_ = 0;
  bool paused_ = false;
  Timer pauseTimer_;
  RateLimit warnings_{1, std::chrono::minutes(1)};
};

}  // namespace proxy
