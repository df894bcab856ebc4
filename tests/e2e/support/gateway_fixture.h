// One gateway between 127.0.0.1 and an upstream of the test, in every setting.
#pragma once

#include <csignal>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "e2e/support/echo_upstream.h"
#include "e2e/support/http_client.h"
#include "e2e/support/http_upstream.h"
#include "e2e/support/pattern.h"
#include "e2e/support/setting.h"
#include "support/eventually.h"

namespace e2e {

/// A gateway with one worker from a free port of 127.0.0.1 to `remotes`.
inline ProxyCommand gatewayTo(const Setting& setting, const std::vector<std::string>& remotes,
                              const std::vector<std::string>& more = {}) {
  ProxyCommand command{.arguments = {"-l", "http://127.0.0.1:0", "-t", "1", "--lane", setting.lane},
                       .faults = setting.faults.spec};
  for (const std::string& remote : remotes) {
    command.arguments.insert(command.arguments.end(), {"-r", remote});
  }
  command.arguments.insert(command.arguments.end(), more.begin(), more.end());
  return command;
}

/// So that what the upstream gets is what the client said, and nothing besides.
inline const std::vector<std::string> kUnsigned = {"--via", "off", "--forwarded", "off"};

inline std::vector<std::string> operator+(std::vector<std::string> a,
                                          const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// What must add up at the end of every run, whatever happened.
inline void expectGatewaySums(const ProxyProcess::Ended& ended) {
  EXPECT_EQ(ended["sessions_accepted"], ended["sessions_ended"]);
  EXPECT_EQ(ended["sessions_ended"], ended["sessions_done"] + ended["sessions_reset"] +
                                         ended["sessions_refused"] + ended["sessions_stalled"] +
                                         ended["sessions_exhausted"] + ended["sessions_idle"] +
                                         ended["sessions_stopped"]);
  EXPECT_LE(ended["connects_failed"], ended["connects_tried"]);
}

template <class Upstream>
class GatewayBefore : public testing::TestWithParam<Setting> {
 protected:
  explicit GatewayBefore(const std::vector<std::string>& more = kUnsigned)
      : proxy_(gatewayTo(GetParam(), {upstream_.address()}, more)) {}

  [[nodiscard]] static std::size_t amount(std::size_t bytes) { return GetParam().amount(bytes); }
  static std::string bytes(std::size_t count, std::uint64_t seed = 1) {
    return Pattern(seed).bytes(0, count);
  }

  HttpClient client(int receiveBuffer = 0) const {
    return HttpClient(proxy_.address(), receiveBuffer);
  }

  /// The next request that reaches an upstream whom the test plays.
  static HttpRequest expectRequest(UpstreamConnection& upstream) {
    auto request = upstream.request();
    if (!request) throw std::runtime_error("the proxy ended the connection without a request");
    EXPECT_EQ(request->flaw, "");
    return *std::move(request);
  }

  /// The clients leave (the proxy would linger for them), and the proxy is stopped.
  template <class... Clients>
  ProxyProcess::Ended stop(Clients&... clients) {
    (clients.close(), ...);
    auto ended = proxy_.stop();
    expectGatewaySums(ended);
    return ended;
  }

  /// Waits until every session has ended by itself.
  void waitUntilIdle() { proxy_.waitUntilIdle(); }

  /// SIGTERM, with a --drain-timeout that lasts. Returns when the worker knows, too: a client who
  /// says nothing is closed then.
  void drain() {
    const std::size_t sockets = proxy_.vitals().sockets;
    HttpClient silent = client();
    EXPECT_TRUE(support::eventually([&] { return proxy_.vitals().sockets > sockets; }));
    proxy_.tell(SIGTERM, "stopping: ");
    silent.expectEnd();
  }

  /// All requests went over one upstream connection. Before a request that must not be sent twice
  /// the proxy looks at it; an interrupted look may cost a connection.
  static void expectOneConnect(const ProxyProcess::Ended& ended) {
    EXPECT_GE(ended["connects_tried"], 1U);
    EXPECT_LE(ended["connects_tried"], GetParam().faults.spec == kRandom.spec ? 3U : 1U);
    EXPECT_EQ(ended["connects_failed"], 0U);
  }

  Upstream upstream_;
  ProxyProcess proxy_;
};

/// The upstream reads messages, strictly.
using GatewayTest = GatewayBefore<HttpUpstream>;
/// The upstream answers with the bytes that it got.
using EchoTest = GatewayBefore<EchoUpstream>;

/// For what the lane makes no difference to.
inline std::vector<Setting> everyFault() {
  return {{.lane = "auto", .faults = kPlain},
          {.lane = "auto", .faults = kHalves},
          {.lane = "auto", .faults = kOneByte},
          {.lane = "auto", .faults = kRandom}};
}

}  // namespace e2e
