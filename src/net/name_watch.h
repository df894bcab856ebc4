// Keeps the addresses behind the remotes' names current: resolves them once before the start, and
// again when an answer has served its time. Lives on the main loop's thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/event_loop.h"
#include "core/expected.h"
#include "core/metrics.h"
#include "core/rate_limit.h"
#include "core/timer.h"
#include "net/endpoint.h"
#include "net/remotes.h"
#include "net/resolver.h"

namespace proxy {

class NameWatch {
 public:
  using List = std::shared_ptr<const RemoteList>;
  /// Called with the first list, or the sentence why there is none (once); then with each list that
  /// differs from the one before.
  using Callback = std::function<void(Expected<List>)>;

  NameWatch(EventLoop& loop, Resolver& resolver, Metrics& metrics, std::vector<Endpoint> remotes,
            Callback callback);
  NameWatch(const NameWatch&) = delete;
  NameWatch& operator=(const NameWatch&) = delete;

  /// Resolves every name, and keeps them current from then on.
  void start();

 private:
  void onAnswer(std::size_t index, Expected<Resolver::Answer> answer);
  void onRoundComplete();
  void publish(RemoteList list);

  EventLoop& loop_;
  Resolver& resolver_;
  Metrics& metrics_;
  const std::vector<Endpoint> remotes_;
  const Callback callback_;

  List published_;
  // The round under way.
  RemoteList fresh_;
  std::size_t missing_ = 0;
  std::string failure_;
  std::chrono::seconds ttl_{};
  Timer timer_;
  RateLimit warnings_{1, std::chrono::minutes(1)};
};

}  // namespace proxy
