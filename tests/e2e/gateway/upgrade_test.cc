// Connections that turn into something else: Upgrade, and CONNECT where it is allowed.
#include <csignal>

#include "e2e/support/gateway_fixture.h"
#include "e2e/support/stream.h"

namespace e2e {
namespace {

constexpr std::size_t kMi = std::size_t{1024} * 1024;

constexpr std::string_view kUpgrade =
    "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
constexpr std::string_view kSwitching =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

std::string connectTo(const std::string& authority) {
  return "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n";
}

class UpgradedTest : public GatewayTest {
 protected:
  using GatewayTest::GatewayTest;

  /// What the upstream got of the upgrade that `client` asks for.
  UpstreamConnection askForUpgrade(HttpClient& client) {
    client.send(kUpgrade);
    UpstreamConnection upstream = upstream_.accept();
    expectRequest(upstream);
    return upstream;
  }

  UpstreamConnection upgrade(HttpClient& client) {
    UpstreamConnection upstream = askForUpgrade(client);
    upstream.send(kSwitching);
    EXPECT_EQ(client.answer().status, 101);
    return upstream;
  }
};

class UpgradeTest : public UpgradedTest {
 protected:
  UpgradeTest()
      : UpgradedTest(kUnsigned + std::vector<std::string>{"--allow-connect", "443,8443"}) {}

  void streamBothWays(HttpClient& client, UpstreamConnection& upstream) {
    std::vector<Stream> streams;
    streams.emplace_back(client.peer(), upstream.peer(), 1, amount(3 * kMi));
    streams.emplace_back(upstream.peer(), client.peer(), 2, amount(3 * kMi));
    drive(streams);
  }
};

TEST_P(UpgradeTest, BytesRightBehindTheHeads) {
  HttpClient client = this->client();
  client.send(std::string(kUpgrade) + "early bird");
  UpstreamConnection upstream = upstream_.accept();
  const auto request = expectRequest(upstream);
  EXPECT_EQ(request.value("Upgrade"), "websocket");
  EXPECT_EQ(request.value("Connection"), "Upgrade");
  EXPECT_EQ(request.value("Sec-WebSocket-Key"), "dGhlIHNhbXBsZSBub25jZQ==");
  EXPECT_TRUE(upstream.isSilentFor(milliseconds(0)));  // nothing was agreed on
  upstream.send(std::string(kSwitching) + "early worm");
  const auto answer = client.answer();
  EXPECT_EQ(answer.status, 101);
  EXPECT_EQ(answer.value("Upgrade"), "websocket");
  EXPECT_EQ(answer.value("Connection"), "Upgrade");
  EXPECT_EQ(answer.value("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(client.receive(10), "early worm");
  EXPECT_EQ(upstream.receive(10), "early bird");
  streamBothWays(client, upstream);
  waitUntilIdle();
  const auto ended = stop(client);
  EXPECT_EQ(ended["requests"], 1U);
  EXPECT_EQ(ended["sessions_accepted"], 1U);
  EXPECT_EQ(ended["sessions_done"], 1U);
  EXPECT_GE(ended["bytes_from_clients"], amount(3 * kMi));
}

TEST_P(UpgradeTest, ManyBytesRightBehindTheHeads) {
  const std::string early = bytes(amount(100'000));
  const std::string earlyToo = bytes(amount(100'000), 2);
  HttpClient client = this->client();
  std::thread sender([&] { client.send(std::string(kUpgrade) + early); });
  UpstreamConnection upstream = upstream_.accept();
  expectRequest(upstream);
  std::thread answerer([&] { upstream.send(std::string(kSwitching) + earlyToo); });
  EXPECT_EQ(client.answer().status, 101);
  EXPECT_TRUE(client.receive(earlyToo.size()) == earlyToo);
  EXPECT_TRUE(upstream.receive(early.size()) == early);
  sender.join();
  answerer.join();
  streamBothWays(client, upstream);
}

TEST_P(UpgradeTest, HalfClose) {
  HttpClient client = this->client();
  UpstreamConnection upstream = upgrade(client);
  client.send("bye");
  client.endWriting();
  EXPECT_EQ(upstream.receive(3), "bye");
  upstream.expectEnd();
  upstream.send("still here");
  EXPECT_EQ(client.receive(10), "still here");
  upstream.endWriting();
  client.expectEnd();
  waitUntilIdle();
  EXPECT_EQ(stop(client)["sessions_done"], 1U);
}

TEST_P(UpgradeTest, ResetGoesThrough) {
  HttpClient client = this->client();
  UpstreamConnection upstream = upgrade(client);
  upstream.reset();
  EXPECT_EQ(client.rest().error, ECONNRESET);
  waitUntilIdle();
  EXPECT_EQ(stop(client)["sessions_reset"], 1U);
}

TEST_P(UpgradeTest, UpstreamThatDeclinesIsAnsweredAsEver) {
  HttpClient client = this->client();
  UpstreamConnection upstream = askForUpgrade(client);
  upstream.send(ok("no"));
  EXPECT_EQ(client.answer().body, "no");
  client.send(get("/next"));
  const auto next = expectRequest(upstream);
  EXPECT_EQ(next.target, "/next");
  EXPECT_FALSE(next.has("Upgrade"));
  upstream.send(ok("yes"));
  EXPECT_EQ(client.answer().body, "yes");
  EXPECT_EQ(stop(client)["connects_tried"], 1U);
}

// RFC 9110, 7.8: it is for the next hop, if Connection says so, and not in 1.0.
TEST_P(UpgradeTest, UpgradeThatIsNotMeantForUs) {
  upstream_.answerEach([](const HttpRequest&) { return ok("hello"); });
  HttpClient client = this->client();
  client.ask("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n");
  client.ask("GET / HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  for (const auto& request : upstream_.requests()) {
    EXPECT_FALSE(request.has("Upgrade")) << request.head;
    EXPECT_FALSE(request.has("Connection")) << request.head;
  }
}

TEST_P(UpgradeTest, SwitchingThatNobodyAskedForIsNoAnswer) {
  HttpClient client = this->client();
  client.send(get());
  UpstreamConnection upstream = upstream_.accept();
  expectRequest(upstream);
  upstream.send(std::string(kSwitching) + "raw");
  const auto answer = client.answer();
  EXPECT_EQ(answer.status, 502);
  EXPECT_EQ(upstream.rest().bytes, "");
}

TEST_P(UpgradeTest, ConnectToAnAllowedPort) {
  HttpClient client = this->client();
  client.send(connectTo("example.org:8443") + "early bird");
  UpstreamConnection upstream = upstream_.accept();
  const auto request = expectRequest(upstream);
  EXPECT_EQ(request.start, "CONNECT example.org:8443 HTTP/1.1");
  EXPECT_EQ(request.value("Host"), "example.org:8443");
  upstream.send("HTTP/1.1 200 Connected\r\n\r\nearly worm");
  const auto answer = client.answer("CONNECT");
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(answer.has("Transfer-Encoding"));
  EXPECT_FALSE(answer.has("Content-Length"));
  EXPECT_EQ(client.receive(10), "early worm");
  EXPECT_EQ(upstream.receive(10), "early bird");
  streamBothWays(client, upstream);
  waitUntilIdle();
  EXPECT_EQ(stop(client)["sessions_done"], 1U);
}

TEST_P(UpgradeTest, ConnectThatTheUpstreamRefuses) {
  HttpClient client = this->client();
  client.send(connectTo("example.org:443"));
  UpstreamConnection upstream = upstream_.accept();
  expectRequest(upstream);
  upstream.send("HTTP/1.1 407 Who Are You\r\nContent-Length: 4\r\n\r\nwho\n");
  const auto answer = client.answer("CONNECT");
  EXPECT_EQ(answer.status, 407);
  EXPECT_EQ(answer.body, "who\n");
}

TEST_P(UpgradeTest, ConnectToAnotherPortIsRefused) {
  HttpClient client = this->client();
  const auto answer = client.ask(connectTo("example.org:22"));
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.value("Connection"), "close");
  client.endWriting();
  client.expectEnd();
  EXPECT_TRUE(upstream_.isAlone());
  EXPECT_EQ(stop(client)["connects_tried"], 0U);
}

INSTANTIATE_TEST_SUITE_P(Gateway, UpgradeTest, testing::ValuesIn(everySetting()), settingName);

class ConnectTest : public GatewayTest {};

TEST_P(ConnectTest, IsRefusedByDefault) {
  HttpClient client = this->client();
  client.send(connectTo("example.org:443") + get("/smuggled"));
  const auto answer = client.answer("CONNECT");
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.value("Connection"), "close");
  client.endWriting();
  client.expectEnd();
  EXPECT_TRUE(upstream_.isAlone());
  EXPECT_EQ(stop(client)["requests"], 1U);
}

INSTANTIATE_TEST_SUITE_P(Gateway, ConnectTest, testing::ValuesIn(everyFault()), settingName);

class UpgradeDrainTest : public UpgradedTest {
 protected:
  UpgradeDrainTest()
      : UpgradedTest(kUnsigned + std::vector<std::string>{"--drain-timeout", "1h"}) {}
};

TEST_P(UpgradeDrainTest, UpgradedConnectionMayEndByItself) {
  HttpClient client = this->client();
  UpstreamConnection upstream = upgrade(client);
  client.send("a");
  EXPECT_EQ(upstream.receive(1), "a");
  proxy_.tell(SIGTERM, "stopping: 1 session");
  client.send("b");
  EXPECT_EQ(upstream.receive(1), "b");
  client.close();
  upstream.expectEnd();
  upstream.close();
  client.close();
  EXPECT_EQ(proxy_.wait()["sessions_done"], 1U);
}

// It may be the last session of all as it changes hands.
TEST_P(UpgradeDrainTest, ConnectionThatEndsAsItIsUpgraded) {
  HttpClient client = this->client();
  UpstreamConnection upstream = askForUpgrade(client);
  drain();
  upstream.send(std::string(kSwitching) + "bye");
  upstream.close();
  EXPECT_EQ(client.answer().status, 101);
  EXPECT_EQ(client.receive(3), "bye");
  client.expectEnd();
  client.close();
  const auto ended = proxy_.wait();
  expectGatewaySums(ended);
  EXPECT_EQ(ended["sessions_done"], 2U);
}

TEST_P(UpgradeDrainTest, ConnectionThatIsResetAsItIsUpgraded) {
  HttpClient client = this->client();
  UpstreamConnection upstream = askForUpgrade(client);
  drain();
  upstream.send(kSwitching);
  EXPECT_EQ(client.answer().status, 101);
  client.reset();
  upstream.rest();
  const auto ended = proxy_.wait();
  expectGatewaySums(ended);
  EXPECT_EQ(ended["sessions_done"], 1U);
  EXPECT_EQ(ended["sessions_reset"], 1U);
}

INSTANTIATE_TEST_SUITE_P(Gateway, UpgradeDrainTest, testing::ValuesIn(everyFault()), settingName);

class UpgradeShortDrainTest : public UpgradedTest {
 protected:
  UpgradeShortDrainTest()
      : UpgradedTest(kUnsigned + std::vector<std::string>{"--drain-timeout", "300ms"}) {}
};

TEST_P(UpgradeShortDrainTest, UpgradedConnectionThatStaysIsCutOff) {
  HttpClient client = this->client();
  UpstreamConnection upstream = upgrade(client);
  proxy_.tell(SIGTERM, "stopping: 1 session");
  EXPECT_EQ(client.rest().error, ECONNRESET);
  EXPECT_EQ(upstream.rest().error, ECONNRESET);
  const auto ended = proxy_.wait();
  expectGatewaySums(ended);
  EXPECT_EQ(ended["sessions_stopped"], 1U);
}

INSTANTIATE_TEST_SUITE_P(Gateway, UpgradeShortDrainTest, testing::ValuesIn(anyLane()), settingName);

}  // namespace
}  // namespace e2e
