// Which upstream is asked, and what happens when it cannot be.
#include <map>

#include "e2e/support/gateway_fixture.h"

namespace e2e {
namespace {

class RemotesTest : public testing::TestWithParam<Setting> {
 protected:
  static std::string askFor(const ProxyProcess& proxy, std::string_view target) {
    HttpClient client(proxy.address());
    return client.ask(get(target)).body;
  }
};

TEST_P(RemotesTest, TakeTurns) {
  HttpUpstream upstreams[3];
  std::vector<std::string> addresses;
  for (std::size_t i = 0; i < 3; ++i) {
    upstreams[i].answerEach([i](const HttpRequest&) { return ok(std::to_string(i)); });
    addresses.push_back(upstreams[i].address());
  }
  ProxyProcess proxy(gatewayTo(GetParam(), addresses));
  std::map<std::string, int> served;
  for (int i = 0; i < 24; ++i) ++served[askFor(proxy, "/")];
  EXPECT_EQ(served, (std::map<std::string, int>{{"0", 8}, {"1", 8}, {"2", 8}}));
  const auto ended = proxy.stop();
  expectGatewaySums(ended);
  EXPECT_EQ(ended["connects_tried"], 3U);
}

TEST_P(RemotesTest, OneThatRefusesIsLeftOut) {
  const ClosedPort nobody;
  HttpUpstream upstream;
  upstream.answerEach([](const HttpRequest&) { return ok("here"); });
  ProxyProcess proxy(gatewayTo(GetParam(), {nobody.address(), upstream.address()}));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(askFor(proxy, "/"), "here");
  const auto ended = proxy.stop();
  EXPECT_EQ(ended["connects_failed"], 1U);
  EXPECT_EQ(ended["connects_tried"], 2U);
  EXPECT_EQ(linesWith(ended.log, "Connection refused"), 1U);
}

TEST_P(RemotesTest, OneThatRefusedIsTriedAgain) {
  const ClosedPort nobody;
  HttpUpstream upstream;
  upstream.answerEach([](const HttpRequest&) { return ok("here"); });
  ProxyProcess proxy(
      gatewayTo(GetParam(), {nobody.address(), upstream.address()}, {"--fail-timeout", "0s"}));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(askFor(proxy, "/"), "here");
  const auto ended = proxy.stop();
  EXPECT_EQ(ended["connects_failed"], 10U);
  EXPECT_EQ(ended["connects_tried"], 11U);
}

TEST_P(RemotesTest, TheOnlyOneIsTriedForEveryRequest) {
  const ClosedPort nobody;
  ProxyProcess proxy(gatewayTo(GetParam(), {nobody.address()}));
  HttpClient client(proxy.address());
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.ask(get());
    const std::string error = i == 0 ? "connection_refused" : "destination_unavailable";
    EXPECT_EQ(answer.status, i == 0 ? 502 : 503);
    EXPECT_NE(answer.value("Proxy-Status").find("error=" + error), std::string::npos)
        << answer.head;
    EXPECT_EQ(answer.value("Retry-After"), i == 0 ? "" : "10");
    EXPECT_FALSE(answer.has("Connection"));  // no reason to leave
  }
  client.close();
  EXPECT_EQ(proxy.stop()["connects_failed"], 3U);
}

TEST_P(RemotesTest, AllRefuse) {
  const ClosedPort one;
  const ClosedPort other;
  ProxyProcess proxy(gatewayTo(GetParam(), {one.address(), other.address()}));
  HttpClient client(proxy.address());
  const auto answer = client.ask(get());
  EXPECT_EQ(answer.status, 502);
  EXPECT_NE(answer.value("Proxy-Status").find("error=connection_refused"), std::string::npos);
  EXPECT_EQ(answer.value("Proxy-Status").find("proxy"), 0U);
  // A body that nobody read stands between this request and the next.
  HttpClient poster(proxy.address());
  poster.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  const auto refused = poster.answer("POST");
  EXPECT_EQ(refused.status, 503);  // that was known
  EXPECT_EQ(refused.value("Connection"), "close");
  poster.endWriting();
  poster.expectEnd();
  client.close();
  poster.close();
  const auto ended = proxy.stop();
  EXPECT_EQ(ended["connects_failed"], ended["connects_tried"]);
  EXPECT_EQ(ended["connects_failed"], 4U);
}

TEST_P(RemotesTest, OneThatDoesNotAnswerTheConnect) {
  const SilentPort silent;
  {
    ProxyProcess proxy(gatewayTo(GetParam(), {silent.address()}, {"--connect-timeout", "200ms"}));
    HttpClient client(proxy.address());
    const auto answer = client.ask(get());
    EXPECT_EQ(answer.status, 504);
    EXPECT_NE(answer.value("Proxy-Status").find("error=connection_timeout"), std::string::npos);
    EXPECT_EQ(proxy.stop()["connects_failed"], 1U);
  }
  HttpUpstream upstream;
  upstream.answerEach([](const HttpRequest& request) { return ok(request.body); });
  ProxyProcess proxy(gatewayTo(GetParam(), {silent.address(), upstream.address()},
                               {"--connect-timeout", "200ms"}));
  for (int i = 0; i < 4; ++i) {
    HttpClient client(proxy.address());
    EXPECT_EQ(client.ask(withBody("POST", "/", "hello")).body, "hello");
  }
  const auto ended = proxy.stop();
  EXPECT_EQ(ended["connects_failed"], 1U);
}

INSTANTIATE_TEST_SUITE_P(Gateway, RemotesTest, testing::ValuesIn(everyFault()), settingName);

class UpstreamIdleLimitTest : public GatewayTest {
 protected:
  UpstreamIdleLimitTest()
      : GatewayTest(kUnsigned + std::vector<std::string>{"--upstream-idle", "0"}) {}
};

TEST_P(UpstreamIdleLimitTest, WithoutAPoolEachRequestHasItsConnection) {
  upstream_.answerEach([](const HttpRequest&) { return ok("hello"); });
  HttpClient client = this->client();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.ask(get()).body, "hello");
  EXPECT_EQ(upstream_.connections(), 5U);
  EXPECT_EQ(stop(client)["connects_tried"], 5U);
}

INSTANTIATE_TEST_SUITE_P(Gateway, UpstreamIdleLimitTest, testing::ValuesIn(anyLane()), settingName);

}  // namespace
}  // namespace e2e
