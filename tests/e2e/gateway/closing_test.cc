// How connections to clients end: in order, and behind the last byte of the last answer, whatever
// the client still says; SIGTERM drains.
#include <csignal>

#include "e2e/support/gateway_fixture.h"
#include "support/eventually.h"

namespace e2e {
namespace {

constexpr std::size_t kMi = std::size_t{1024} * 1024;

std::string echoTarget(const HttpRequest& request) { return ok(request.target + "\n"); }

class ClosingTest : public GatewayTest {
 protected:
  explicit ClosingTest(const std::vector<std::string>& more = {}) : GatewayTest(kUnsigned + more) {}

  void expectWholeAnswer(HttpClient& client, const std::string& body) {
    const auto answer = client.answer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.flaw, "");
    EXPECT_TRUE(answer.body == body);
  }
};

// Who closes a socket with bytes that were not read resets it, and loses what was not taken yet.
TEST_P(ClosingTest, LastAnswerIsWholeThoughTheClientSaysMore) {
  const std::string body = bytes(amount(3 * kMi));
  upstream_.answerEach([&](const HttpRequest&) { return ok(body); });
  HttpClient client = this->client(16 * 1024);
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const auto head = client.answerHead();
  EXPECT_EQ(head.value("Connection"), "close");
  client.send(get("/more"));
  auto answer = head;
  client.readBody(answer);
  EXPECT_EQ(answer.flaw, "");
  EXPECT_TRUE(answer.body == body);
  client.endWriting();
  client.expectEnd();
  EXPECT_EQ(upstream_.requests().size(), 1U);
  EXPECT_EQ(stop(client)["requests"], 1U);
}

TEST_P(ClosingTest, UpstreamThatAnswersEarlyAndCloses) {
  const std::string body = bytes(amount(5 * kMi));
  HttpClient client = this->client();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n\r\n");
  UpstreamConnection upstream = upstream_.accept();
  ASSERT_TRUE(upstream.requestHead());
  upstream.send(
      "HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbig\n");
  const auto answer = client.answer();
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.body, "big\n");
  EXPECT_EQ(answer.value("Connection"), "close");
  upstream.close();
  client.endWriting();
  client.expectEnd();
  EXPECT_EQ(stop(client)["requests"], 1U);
}

TEST_P(ClosingTest, ClientThatStillSendsGetsAnEarlyAnswer) {
  const std::string body = bytes(amount(kMi / 2));
  HttpClient client = this->client();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(2 * body.size()) +
              "\r\n\r\n");
  UpstreamConnection upstream = upstream_.accept();
  ASSERT_TRUE(upstream.requestHead());
  upstream.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\n\r\nno\n");
  const auto answer = client.answerHead();  // so it has been answered
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.value("Connection"), "close");
  EXPECT_NO_THROW(client.send(body));
  client.endWriting();
  EXPECT_EQ(client.receive(3), "no\n");
  client.expectEnd();
  // Whoever was promised more than it got is not asked again.
  upstream.rest();
  EXPECT_EQ(stop(client)["requests"], 1U);
}

TEST_P(ClosingTest, EarlyAnswerLongerThanTheBuffersOnTheWay) {
  const std::string body = bytes(amount(5 * kMi));
  upstream_.play([&](UpstreamConnection& connection) {
    if (!connection.requestHead()) return;
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                    "\r\n\r\n" + body);
    connection.rest();
  });
  HttpClient client = this->client();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n");
  expectWholeAnswer(client, body);
  client.endWriting();
  client.expectEnd();
  stop(client);
}

INSTANTIATE_TEST_SUITE_P(Gateway, ClosingTest, testing::ValuesIn(everySetting()), settingName);

class GatewayDrainTest : public ClosingTest {
 protected:
  GatewayDrainTest() : ClosingTest({"--drain-timeout", "1h"}) {}
};

TEST_P(GatewayDrainTest, ClientsThatWaitAreClosedAtOnce) {
  upstream_.answerEach(echoTarget);
  HttpClient silent = client();
  HttpClient kept = client();
  EXPECT_EQ(kept.ask(get("/1")).status, 200);
  EXPECT_EQ(silent.ask(get("/2")).status, 200);
  proxy_.tell(SIGTERM, "stopping: 2 sessions");
  kept.expectEnd();
  silent.expectEnd();
  silent.close();
  kept.close();
  const auto ended = proxy_.wait();
  expectGatewaySums(ended);
  EXPECT_EQ(ended["requests"], 2U);
  EXPECT_EQ(ended["sessions_done"], 2U);
}

TEST_P(GatewayDrainTest, AnswerThatWasBegunIsWhole) {
  const std::string body = bytes(amount(5 * kMi));
  HttpClient client = this->client();
  client.send(get());
  UpstreamConnection upstream = upstream_.accept();
  expectRequest(upstream);
  upstream.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n");
  auto answer = client.answerHead();
  drain();
  EXPECT_NE(dialError(proxy_.address()), 0);
  std::thread sender([&] { upstream.send(body); });
  client.readBody(answer);
  sender.join();
  EXPECT_EQ(answer.flaw, "");
  EXPECT_TRUE(answer.body == body);
  client.expectEnd();
  upstream.expectEnd();
  client.close();
  const auto ended = proxy_.wait();
  expectGatewaySums(ended);
  EXPECT_EQ(ended["sessions_done"], 2U);
}

TEST_P(GatewayDrainTest, RequestUnderWayIsAnsweredAndToldOfTheEnd) {
  HttpClient client = this->client();
  client.send(get());
  UpstreamConnection upstream = upstream_.accept();
  expectRequest(upstream);
  drain();
  upstream.send(ok("hello"));
  const auto answer = client.answer();
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.value("Connection"), "close");
  client.expectEnd();
  upstream.expectEnd();
  client.close();
  EXPECT_EQ(proxy_.wait()["sessions_done"], 2U);
}

TEST_P(GatewayDrainTest, AnswerIsWholeThoughTheClientHasSaidMore) {
  const std::string body = bytes(amount(3 * kMi));
  HttpClient client = this->client(16 * 1024);
  client.send(get());
  UpstreamConnection upstream = upstream_.accept();
  expectRequest(upstream);
  upstream.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n");
  auto answer = client.answerHead();
  client.send(get("/more"));
  client.peer().waitUntilAcknowledged();
  drain();
  std::thread sender([&] { upstream.send(body); });
  client.readBody(answer);
  sender.join();
  EXPECT_EQ(answer.flaw, "");
  EXPECT_TRUE(answer.body == body);
  client.endWriting();
  client.rest();
  EXPECT_EQ(upstream.rest().bytes, "");
  client.close();
  proxy_.wait();
}

TEST_P(GatewayDrainTest, UploadUnderWayIsTaken) {
  const std::string body = bytes(amount(kMi));
  HttpClient client = this->client();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n\r\n");
  UpstreamConnection upstream = upstream_.accept();
  auto request = upstream.requestHead();
  ASSERT_TRUE(request);
  drain();
  std::thread sender([&] { client.send(body); });
  upstream.readBody(*request);
  sender.join();
  EXPECT_TRUE(request->body == body);
  upstream.send(ok("taken"));
  EXPECT_EQ(client.answer().body, "taken");
  client.expectEnd();
  client.close();
  EXPECT_EQ(proxy_.wait()["sessions_done"], 2U);
}

INSTANTIATE_TEST_SUITE_P(Gateway, GatewayDrainTest, testing::ValuesIn(everyFault()), settingName);

// Plainly alone: faultio may swallow a signal.
class GatewayCutOffTest : public GatewayDrainTest {};

TEST_P(GatewayCutOffTest, SecondSignalCutsOff) {
  HttpClient client = this->client();
  client.send(get());
  UpstreamConnection upstream = upstream_.accept();
  expectRequest(upstream);
  proxy_.tell(SIGTERM, "stopping: 1 session");
  proxy_.tell(SIGTERM, " stopped: ");
  EXPECT_EQ(client.rest().bytes, "");
  EXPECT_EQ(upstream.rest().bytes, "");
  client.close();
  const auto ended = proxy_.wait();
  expectGatewaySums(ended);
  EXPECT_EQ(ended["sessions_stopped"], 1U);
}

INSTANTIATE_TEST_SUITE_P(Gateway, GatewayCutOffTest, testing::ValuesIn(everyLane()), settingName);

}  // namespace
}  // namespace e2e
