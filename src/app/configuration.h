// What the operator asked for, checked. A value, immutable once the server runs.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/log.h"
#include "gateway/settings.h"
#include "http1/access_line.h"
#include "http1/settings.h"
#include "net/endpoint.h"
#include "socksplice/lane.h"

namespace proxy::app {

using std::chrono::milliseconds;

struct Configuration {
  std::vector<Endpoint> listeners;
  std::vector<Endpoint> remotes;
  std::size_t threads = 1;
  std::size_t bufferSize = std::size_t{1024} * 1024;  // bytes held per direction of a session
  bool noDelay = true;
  socksplice::Lane lane = socksplice::Lane::kAuto;
  std::string pollMethod;  // empty: the best
  std::string dnsServers;  // empty: the system's
  milliseconds connectTimeout{5000};
  milliseconds idleTimeout{3'600'000};
  milliseconds drainTimeout{30'000};
  std::size_t maxConnections = 0;  // 0: what the descriptor limit allows
  log::Level logLevel = log::Level::kInfo;
  http1::Settings http;   // of http listeners
  std::string accessLog;  // a path; "-" is stdout; empty: none is kept
  http1::AccessFormat accessLogFormat = http1::AccessFormat::kCombined;
  gateway::Settings gateway;  // of what stands behind them

  /// The listeners speak HTTP; otherwise bytes are relayed.
  [[nodiscard]] bool isHttp() const noexcept {
    return !listeners.empty() && listeners.front().scheme == Scheme::kHttp;
  }
};

}  // namespace proxy::app
