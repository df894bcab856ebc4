// Which upstream is asked, and what happens when it cannot be.
#include <map>

#include "e2e/support/gateway_fixture.h"

namespace e2e {
namespace {

class RetryTest : public GatewayTest {
 protected:
  RetryTest() : GatewayTest({}) {}

  /// A connection that has served, and waits.
  UpstreamConnection keptConnection(HttpClient& client) {
    client.send(get("/first"));
    UpstreamConnection upstream = upstream_.accept();
    expectRequest(upstream);
    upstream.send(ok("first"));
    EXPECT_EQ(client.answer().body, "first");
    return upstream;
  }
};

TEST_P(RetryTest, KeptConnectionThatEndedIsNotUsed) {
  HttpClient client = this->client();
  UpstreamConnection old = keptConnection(client);
  old.close();
  client.send(get("/second"));
  UpstreamConnection upstream = upstream_.accept();
  EXPECT_EQ(expectRequest(upstream).target, "/second");
  upstream.send(ok("second"));
  EXPECT_EQ(client.answer().body, "second");
  const auto ended = stop(client);
  EXPECT_EQ(ended["requests"], 2U);
  EXPECT_EQ(ended["connects_tried"], 2U);
}

TEST_P(RetryTest, BytesThatNobodyAskedForEndAKeptConnection) {
  HttpClient client = this->client();
  UpstreamConnection old = keptConnection(client);
  old.send(ok("poison"));
  EXPECT_EQ(old.rest().bytes, "");
  client.send(get("/second"));
  UpstreamConnection upstream = upstream_.accept();
  expectRequest(upstream);
  upstream.send(ok("second"));
  EXPECT_EQ(client.answer().body, "second");
}

TEST_P(RetryTest, BytesBehindAnAnswerEndItsConnection) {
  const std::string inChunks =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked("first", 2);
  for (const std::string& answer :
       {ok("first"), inChunks, std::string("HTTP/1.1 204 No Content\r\n\r\n")}) {
    HttpClient client = this->client();
    client.send(get("/first"));
    UpstreamConnection old = upstream_.accept();
    expectRequest(old);
    old.send(answer + ok("poison"));
    EXPECT_TRUE(std::string("first").starts_with(client.answer().body));
    EXPECT_EQ(old.rest().bytes, "");
    client.send(get("/second"));
    UpstreamConnection upstream = upstream_.accept();
    expectRequest(upstream);
    upstream.send(ok("second", "Connection: close\r\n"));
    EXPECT_EQ(client.answer().body, "second");
  }
}

TEST_P(RetryTest, GetIsRepeatedWhenAKeptConnectionDiesOfIt) {
  for (const bool reset : {false, true}) {
    HttpClient client = this->client();
    UpstreamConnection old = keptConnection(client);
    client.send(get("/second"));
    EXPECT_EQ(expectRequest(old).target, "/second");
    reset ? old.reset() : old.close();
    UpstreamConnection upstream = upstream_.accept();
    EXPECT_EQ(expectRequest(upstream).target, "/second");
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecond");
    upstream.endWriting();
    EXPECT_EQ(client.answer().body, "second");
  }
  EXPECT_EQ(stop()["requests"], 4U);
}

// As long as it may be repeated at all, and has no body.
TEST_P(RetryTest, OthersAreRepeatedLikeAGet) {
  for (const std::string& request :
       {withBody("PUT", "/second", ""), std::string("DELETE /second HTTP/1.1\r\nHost: a\r\n\r\n"),
        std::string("OPTIONS /second HTTP/1.1\r\nHost: a\r\n\r\n")}) {
    HttpClient client = this->client();
    UpstreamConnection old = keptConnection(client);
    client.send(request);
    const std::string first = expectRequest(old).head;
    old.close();
    UpstreamConnection upstream = upstream_.accept();
    EXPECT_EQ(expectRequest(upstream).head, first);
    upstream.send(ok("second", "Connection: close\r\n"));
    EXPECT_EQ(client.answer().body, "second");
  }
}

TEST_P(RetryTest, GetIsRepeatedOnce) {
  HttpClient client = this->client();
  UpstreamConnection old = keptConnection(client);
  client.send(get("/second"));
  expectRequest(old);
  old.close();
  UpstreamConnection upstream = upstream_.accept();
  expectRequest(upstream);
  upstream.close();
  const auto answer = client.answer();
  EXPECT_EQ(answer.status, 502);
  EXPECT_NE(answer.value("Proxy-Status").find("connection_terminated"), std::string::npos);
  EXPECT_TRUE(upstream_.isAlone());
  EXPECT_EQ(stop(client)["connects_tried"], 2U);
}

TEST_P(RetryTest, GetOverANewConnectionIsNotRepeated) {
  HttpClient client = this->client();
  client.send(get());
  UpstreamConnection upstream = upstream_.accept();
  expectRequest(upstream);
  upstream.close();
  EXPECT_EQ(client.answer().status, 502);
  EXPECT_TRUE(upstream_.isAlone());
}

TEST_P(RetryTest, GetIsNotRepeatedAfterAByteOfAnAnswer) {
  HttpClient client = this->client();
  UpstreamConnection old = keptConnection(client);
  client.send(get("/second"));
  expectRequest(old);
  old.send("H");
  old.close();
  EXPECT_EQ(client.answer().status, 502);
  EXPECT_TRUE(upstream_.isAlone());
}

TEST_P(RetryTest, UpstreamThatSaysCloseIsNotKept) {
  HttpClient client = this->client();
  for (int i = 0; i < 3; ++i) {
    client.send(get());
    UpstreamConnection upstream = upstream_.accept();
    expectRequest(upstream);
    upstream.send(i == 0   ? ok("hello", "Connection: close\r\n")
                  : i == 1 ? "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"
                           : ok("hello", "Connection: x, Close\r\n"));
    const auto answer = client.answer();
    EXPECT_EQ(answer.body, "hello");
    EXPECT_FALSE(answer.has("Connection"));
    upstream.expectEnd();
  }
  EXPECT_EQ(stop(client)["connects_tried"], 3U);
}

TEST_P(RetryTest, UpstreamOf10ThatKeepsItsConnection) {
  HttpClient client = this->client();
  client.send(get());
  UpstreamConnection upstream = upstream_.accept();
  for (int i = 0; i < 3; ++i) {
    expectRequest(upstream);
    upstream.send("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello");
    const auto answer = client.answer();
    EXPECT_EQ(answer.body, "hello");
    EXPECT_FALSE(answer.has("Connection"));
    if (i < 2) client.send(get());
  }
  EXPECT_EQ(stop(client)["connects_tried"], 1U);
}

INSTANTIATE_TEST_SUITE_P(Gateway, RetryTest, testing::ValuesIn(everyFault()), settingName);

// Under kRandom the look at the waiting connection may be interrupted, and it is not used then.
class PostRetryTest : public RetryTest {};

TEST_P(PostRetryTest, PostIsNeverRepeated) {
  for (const std::string& post : {withBody("POST", "/", ""), withBody("POST", "/", "hello"),
                                  std::string("POST / HTTP/1.1\r\nHost: a\r\n\r\n")}) {
    HttpClient client = this->client();
    UpstreamConnection old = keptConnection(client);
    client.send(post);
    EXPECT_EQ(expectRequest(old).method, "POST");
    old.close();
    const auto answer = client.answer("POST");
    EXPECT_EQ(answer.status, 502);
    EXPECT_NE(answer.value("Proxy-Status").find("connection_terminated"), std::string::npos);
    EXPECT_TRUE(upstream_.isAlone());
  }
}

// A body that was read cannot be read again; one that was not begun is not told from it.
TEST_P(PostRetryTest, PutWithABodyIsNeverRepeated) {
  const std::string head = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
  for (const std::string& body : {std::string("hello"), std::string("hel"), std::string()}) {
    HttpClient client = this->client();
    UpstreamConnection old = keptConnection(client);
    client.send(head + body);
    ASSERT_TRUE(old.requestHead());
    EXPECT_EQ(old.receive(body.size()), body);
    old.close();
    EXPECT_EQ(client.answer("PUT").status, 502) << body;
    EXPECT_TRUE(upstream_.isAlone());
  }
}

TEST_P(PostRetryTest, KeptConnectionThatHasJustEndedIsNotUsed) {
  for (const bool reset : {false, true}) {
    for (const std::string method : {"PUT", "POST"}) {
      HttpClient client = this->client();
      UpstreamConnection old = keptConnection(client);
      reset ? old.reset() : old.close();
      client.send(withBody(method, "/second", "hello"));
      UpstreamConnection upstream = upstream_.accept();
      EXPECT_EQ(expectRequest(upstream).body, "hello");
      upstream.send(ok("second", "Connection: close\r\n"));
      EXPECT_EQ(client.answer().body, "second");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Gateway, PostRetryTest,
                         testing::ValuesIn(everyLaneUnder({kPlain, kHalves, kOneByte})),
                         settingName);

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
  for (int i = 0; i < 30; ++i) ++served[askFor(proxy, "/")];
  EXPECT_EQ(served, (std::map<std::string, int>{{"0", 10}, {"1", 10}, {"2", 10}}));
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

INSTANTIATE_TEST_SUITE_P(Gateway, RemotesTest, testing::Values(Setting{.lane = "auto"}),
                         settingName);

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
