// Those who are too slow, each told so where there is a way to.
#include <future>

#include "e2e/support/gateway_fixture.h"
#include "support/eventually.h"

namespace e2e {
namespace {

constexpr milliseconds kTime{300};
constexpr milliseconds kEarly{290};
const std::string kOption = "300ms";

/// These take their time, so "splice" is left out, which "auto" is where it can be.
std::vector<Setting> bothLanes() {
  std::vector<Setting> settings;
  for (const Faults& faults : {kPlain, kRandom}) {
    for (const char* lane : {"auto", "copy"}) settings.push_back({lane, faults});
  }
  return settings;
}

std::vector<std::string> with(const std::string& option) {
  return kUnsigned + std::vector<std::string>{option, kOption};
}

class AnswerTimeoutTest : public GatewayTest {
 protected:
  AnswerTimeoutTest() : GatewayTest({"--answer-timeout", kOption}) {}
};

TEST_P(AnswerTimeoutTest, UpstreamThatNeverAnswers) {
  HttpClient client = this->client();
  const Stopwatch watch;
  client.send(get());
  UpstreamConnection upstream = upstream_.accept();
  expectRequest(upstream);
  const auto answer = client.answer();
  EXPECT_GE(watch.elapsed(), kEarly);
  EXPECT_EQ(answer.status, 504);
  EXPECT_NE(answer.value("Proxy-Status").find("http_response_timeout"), std::string::npos)
      << answer.head;
  upstream.expectEnd();
  // The client may go on.
  if (!answer.has("Connection")) {
    client.send(get("/next"));
    UpstreamConnection next = upstream_.accept();
    expectRequest(next);
    next.send(ok("hello"));
    EXPECT_EQ(client.answer().body, "hello");
  }
  const auto ended = stop(client);
  EXPECT_EQ(ended["connects_failed"], 0U);
}

TEST_P(AnswerTimeoutTest, InterimAnswersAreNoAnswer) {
  HttpClient client = this->client();
  client.send(get());
  UpstreamConnection upstream = upstream_.accept();
  expectRequest(upstream);
  upstream.send("HTTP/1.1 102 Processing\r\n\r\n");
  const auto answer = client.answer();
  EXPECT_EQ(answer.interim.size(), 1U);
  EXPECT_EQ(answer.status, 504);
}

TEST_P(AnswerTimeoutTest, UpstreamWaitsForTheRequestAsLongAsItsClientTakes) {
  HttpClient client = this->client();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
  UpstreamConnection upstream = upstream_.accept();
  auto request = upstream.requestHead();
  ASSERT_TRUE(request);
  EXPECT_TRUE(client.isSilentFor(3 * kTime)) << client.answer().head;
  client.send("world");
  upstream.readBody(*request);
  EXPECT_EQ(request->body, "helloworld");
  upstream.send(ok("thanks"));
  EXPECT_EQ(client.answer().body, "thanks");
}

INSTANTIATE_TEST_SUITE_P(Gateway, AnswerTimeoutTest, testing::ValuesIn(bothLanes()), settingName);

class AnswerBodyTimeoutTest : public GatewayTest {
 protected:
  AnswerBodyTimeoutTest() : GatewayTest(with("--answer-body-timeout")) {}
};

TEST_P(AnswerBodyTimeoutTest, AnswerThatStopsHalfWayIsCutOff) {
  HttpClient client = this->client();
  client.send(get());
  UpstreamConnection upstream = upstream_.accept();
  expectRequest(upstream);
  upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
  const auto answer = client.answer();
  EXPECT_FALSE(answer.complete());
  EXPECT_EQ(answer.body, "hello");
  upstream.rest();
  waitUntilIdle();
  stop(client);
}

// Not the upstream's fault.
TEST_P(AnswerBodyTimeoutTest, ClientThatTakesItsTime) {
  const std::string body = bytes(amount(8 << 20));
  upstream_.answerEach([&](const HttpRequest&) { return ok(body); });
  HttpClient client = this->client(16 * 1024);
  client.send(get());
  auto answer = client.answerHead();
  HttpClient other = this->client();
  EXPECT_TRUE(other.isSilentFor(3 * kTime));  // meanwhile nobody reads
  client.readBody(answer);
  EXPECT_EQ(answer.flaw, "");
  EXPECT_TRUE(answer.body == body);
}

INSTANTIATE_TEST_SUITE_P(Gateway, AnswerBodyTimeoutTest, testing::ValuesIn(bothLanes()),
                         settingName);

class HeadTimeoutTest : public GatewayTest {
 protected:
  HeadTimeoutTest() : GatewayTest(with("--head-timeout")) {}
};

TEST_P(HeadTimeoutTest, HeadThatDoesNotComeToItsEnd) {
  HttpClient client = this->client();
  const Stopwatch watch;
  client.send("GET / HTTP/1.1\r\nHost: a\r\n");
  const auto answer = client.answer();
  EXPECT_GE(watch.elapsed(), kEarly);
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.value("Connection"), "close");
  client.endWriting();
  client.expectEnd();
  EXPECT_TRUE(upstream_.isAlone());
  EXPECT_EQ(stop(client)["connects_tried"], 0U);
}

// Slowloris: each byte is in time, the whole is not.
TEST_P(HeadTimeoutTest, HeadThatDribbles) {
  HttpClient client = this->client();
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(30, 'x');
  const Stopwatch watch;
  std::size_t sent = 0;
  while (sent < head.size() && client.isSilentFor(milliseconds(50))) {
    client.send(head.substr(sent++, 1));
  }
  EXPECT_LT(sent, head.size()) << "nobody objects";
  EXPECT_GE(watch.elapsed(), kEarly);
  EXPECT_EQ(client.answer().status, 408);
}

TEST_P(HeadTimeoutTest, SecondHeadThatDoesNotComeToItsEnd) {
  upstream_.answerEach([](const HttpRequest&) { return ok("hello"); });
  HttpClient client = this->client();
  EXPECT_EQ(client.ask(get()).body, "hello");
  client.send("GET / HT");
  EXPECT_EQ(client.answer().status, 408);
  client.endWriting();
  client.expectEnd();
  EXPECT_EQ(stop(client)["requests"], 2U);
}

TEST_P(HeadTimeoutTest, ClientThatSaysNothingIsClosedQuietly) {
  HttpClient client = this->client();
  client.expectEnd();
  const auto ended = stop(client);
  EXPECT_EQ(ended["requests"], 0U);
  EXPECT_EQ(ended["sessions_idle"], 1U);
}

INSTANTIATE_TEST_SUITE_P(Gateway, HeadTimeoutTest, testing::ValuesIn(bothLanes()), settingName);

class KeepAliveTimeoutTest : public GatewayTest {
 protected:
  KeepAliveTimeoutTest() : GatewayTest(with("--keep-alive-timeout")) {}
};

TEST_P(KeepAliveTimeoutTest, ClientThatSaysNothingMoreIsClosedQuietly) {
  upstream_.answerEach([](const HttpRequest&) { return ok("hello"); });
  HttpClient client = this->client();
  const Stopwatch watch;
  EXPECT_EQ(client.ask(get()).status, 200);
  client.expectEnd();
  EXPECT_GE(watch.elapsed(), kEarly);
  const auto ended = stop(client);
  EXPECT_EQ(ended["requests"], 1U);
  EXPECT_EQ(ended["sessions_idle"], 1U);
}

INSTANTIATE_TEST_SUITE_P(Gateway, KeepAliveTimeoutTest, testing::ValuesIn(bothLanes()),
                         settingName);

class BodyTimeoutTest : public GatewayTest {
 protected:
  BodyTimeoutTest()
      : GatewayTest(kUnsigned + std::vector<std::string>{"--body-timeout", "500ms"}) {}

  /// To whatever is asked there is an answer without end.
  void answerForEver() {
    upstream_.play([this](UpstreamConnection& connection) {
      if (!connection.requestHead()) return;
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n");
      try {
        const std::string piece = bytes(amount(1 << 20));
        for (;;) connection.send(piece);
      } catch (const std::system_error&) {
        gone_.set_value();
      }
    });
  }

  std::promise<void> gone_;  // the proxy left before the end
};

// Its body, too, came to its end; it still takes nothing.
TEST_P(BodyTimeoutTest, ClientThatSendsAndStopsReadingIsCutOff) {
  answerForEver();
  HttpClient client = this->client(16 * 1024);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel");
  EXPECT_EQ(client.answerHead().status, 200);
  EXPECT_TRUE(support::eventually([&] { return client.peer().waiting() > 4096; }));
  client.send("lo");
  gone_.get_future().get();
  waitUntilIdle();
  EXPECT_EQ(stop(client)["sessions_stalled"], 1U);
}

TEST_P(BodyTimeoutTest, ClientThatStopsReadingIsCutOff) {
  answerForEver();
  HttpClient client = this->client(16 * 1024);
  client.send(get());
  EXPECT_EQ(client.answerHead().status, 200);
  gone_.get_future().get();
  waitUntilIdle();
  const auto totals = stop(client);
  EXPECT_EQ(totals["sessions_ended"], 1U);
  EXPECT_EQ(totals["sessions_stalled"], 1U);
}

TEST_P(BodyTimeoutTest, ClientThatStopsSendingIsTold) {
  HttpClient client = this->client();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
  UpstreamConnection upstream = upstream_.accept();
  auto request = upstream.request();
  ASSERT_TRUE(request);
  EXPECT_FALSE(request->complete());
  const auto answer = client.answer();
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.value("Connection"), "close");
  client.endWriting();
  client.expectEnd();
  stop(client);
}

// It waits, as it should: the clock is the upstream's.
TEST_P(BodyTimeoutTest, ClientThatWaitsForItsAnswerIsNotSlow) {
  HttpClient client = this->client();
  client.send(withBody("POST", "/", "hello"));
  UpstreamConnection upstream = upstream_.accept();
  expectRequest(upstream);
  EXPECT_TRUE(client.isSilentFor(milliseconds(700)));
  upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
  auto answer = client.answerHead();
  EXPECT_EQ(client.receive(5), "hello");
  EXPECT_TRUE(client.isSilentFor(milliseconds(700)));
  upstream.send("world");
  EXPECT_EQ(client.receive(5), "world");
  EXPECT_EQ(stop(client)["requests"], 1U);
}

INSTANTIATE_TEST_SUITE_P(Gateway, BodyTimeoutTest, testing::ValuesIn(bothLanes()), settingName);

class UpstreamIdleTest : public GatewayTest {
 protected:
  UpstreamIdleTest() : GatewayTest(with("--upstream-idle-timeout")) {}
};

TEST_P(UpstreamIdleTest, ConnectionThatWaitsTooLongIsClosed) {
  HttpClient client = this->client();
  client.send(get());
  UpstreamConnection upstream = upstream_.accept();
  expectRequest(upstream);
  upstream.send(ok("hello"));
  EXPECT_EQ(client.answer().body, "hello");
  upstream.expectEnd();
  client.send(get("/2"));
  UpstreamConnection next = upstream_.accept();
  EXPECT_EQ(expectRequest(next).target, "/2");
  next.send(ok("again"));
  EXPECT_EQ(client.answer().body, "again");
  EXPECT_EQ(stop(client)["connects_tried"], 2U);
}

INSTANTIATE_TEST_SUITE_P(Gateway, UpstreamIdleTest, testing::ValuesIn(bothLanes()), settingName);

}  // namespace
}  // namespace e2e
