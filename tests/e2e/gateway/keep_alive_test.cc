// Connections that live on: many requests over one, on either side.
#include "e2e/support/gateway_fixture.h"
#include "support/eventually.h"

namespace e2e {
namespace {

std::string echoTarget(const HttpRequest& request) { return ok(request.target + "\n"); }

class KeepAliveTest : public GatewayTest {
 protected:
  void SetUp() override { upstream_.answerEach(echoTarget); }
};

TEST_P(KeepAliveTest, HundredRequestsShareOneConnectionOnEitherSide) {
  HttpClient client = this->client();
  for (std::size_t i = 0; i < 100; ++i) {
    const std::string target = path(i);
    const auto answer = client.ask(get(target));
    ASSERT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, target + "\n");
    EXPECT_FALSE(answer.has("Connection"));
  }
  EXPECT_EQ(upstream_.connections(), 1U);
  EXPECT_EQ(upstream_.requests().size(), 100U);
  client.endWriting();
  client.expectEnd();
  const auto ended = stop(client);
  EXPECT_EQ(ended["sessions_accepted"], 1U);
  EXPECT_EQ(ended["sessions_done"], 1U);
  EXPECT_EQ(ended["requests"], 100U);
  EXPECT_EQ(ended["connects_tried"], 1U);
  EXPECT_EQ(ended["connects_failed"], 0U);
}

TEST_P(KeepAliveTest, UpstreamGetsTheVeryBytes) {
  HttpClient client = this->client();
  EXPECT_EQ(client.ask(get("/a?b")).body, "/a?b\n");
  ASSERT_EQ(upstream_.requests().size(), 1U);
  EXPECT_EQ(upstream_.requests()[0].head, "GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST_P(KeepAliveTest, ClientsShareTheConnectionsThatWait) {
  for (int i = 0; i < 10; ++i) {
    HttpClient client = this->client();
    EXPECT_EQ(client.ask(get("/")).status, 200);
    client.endWriting();
    client.expectEnd();
  }
  EXPECT_EQ(upstream_.connections(), 1U);
  const auto ended = stop();
  EXPECT_EQ(ended["sessions_done"], 10U);
  EXPECT_EQ(ended["connects_tried"], 1U);
}

TEST_P(KeepAliveTest, ClientThatSaysCloseIsClosed) {
  HttpClient client = this->client();
  const auto answer = client.ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.value("Connection"), "close");
  client.expectEnd();
  EXPECT_EQ(upstream_.requests()[0].head, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  // The upstream's connection is none of the client's business.
  HttpClient next = this->client();
  EXPECT_EQ(next.ask(get("/")).status, 200);
  EXPECT_EQ(upstream_.connections(), 1U);
  EXPECT_EQ(stop(client, next)["requests"], 2U);
}

TEST_P(KeepAliveTest, ClientOf10IsClosedUnlessItAsksForMore) {
  HttpClient one = client();
  const auto answer = one.ask("GET /old HTTP/1.0\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "/old\n");
  EXPECT_FALSE(answer.has("Connection") && answer.value("Connection") != "close");
  one.expectEnd();

  HttpClient other = client();
  for (int i = 0; i < 3; ++i) {
    const auto kept = other.ask("GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(kept.value("Connection"), "keep-alive");
    EXPECT_EQ(kept.body, "/old\n");
  }
  EXPECT_EQ(other.ask("GET /old HTTP/1.0\r\n\r\n").status, 200);
  other.expectEnd();
  const auto ended = stop(one, other);
  EXPECT_EQ(ended["requests"], 5U);
  EXPECT_EQ(ended["sessions_done"], 2U);
  EXPECT_EQ(ended["connects_tried"], 1U);
}

TEST_P(KeepAliveTest, ClientThatHasEndedItsWritingGetsItsAnswers) {
  HttpClient client = this->client();
  client.send(get("/1") + get("/2"));
  client.endWriting();
  EXPECT_EQ(client.answer().body, "/1\n");
  EXPECT_EQ(client.answer().body, "/2\n");
  client.expectEnd();
  const auto ended = stop(client);
  EXPECT_EQ(ended["requests"], 2U);
  EXPECT_EQ(ended["sessions_done"], 1U);
}

INSTANTIATE_TEST_SUITE_P(Gateway, KeepAliveTest, testing::ValuesIn(everyFault()), settingName);

class KeepAliveRequestsTest : public GatewayTest {
 protected:
  KeepAliveRequestsTest()
      : GatewayTest(kUnsigned + std::vector<std::string>{"--keep-alive-requests", "3"}) {
    upstream_.answerEach(echoTarget);
  }
};

TEST_P(KeepAliveRequestsTest, LastOneIsToldSo) {
  HttpClient client = this->client();
  EXPECT_FALSE(client.ask(get("/1")).has("Connection"));
  EXPECT_FALSE(client.ask(get("/2")).has("Connection"));
  EXPECT_EQ(client.ask(get("/3")).value("Connection"), "close");
  client.expectEnd();
  EXPECT_EQ(stop(client)["requests"], 3U);
}

TEST_P(KeepAliveRequestsTest, RequestsBehindTheLastReachNobody) {
  HttpClient client = this->client();
  client.send(get("/1") + get("/2") + get("/3") + get("/4") + get("/5"));
  EXPECT_EQ(client.answer().body, "/1\n");
  EXPECT_EQ(client.answer().body, "/2\n");
  EXPECT_EQ(client.answer().body, "/3\n");
  client.endWriting();
  client.expectEnd();
  EXPECT_EQ(upstream_.requests().size(), 3U);
  EXPECT_EQ(stop(client)["requests"], 3U);
}

INSTANTIATE_TEST_SUITE_P(Gateway, KeepAliveRequestsTest, testing::ValuesIn(everyFault()),
                         settingName);

class PipeliningTest : public GatewayTest {
 protected:
  void SetUp() override {
    upstream_.answerEach([](const HttpRequest& request) {
      const std::string answer = ok(request.target + request.body);
      return request.method == "HEAD" ? answer.substr(0, answer.find("\r\n\r\n") + 4) : answer;
    });
  }

  static std::string five() {
    return get("/1") + withBody("POST", "/2", "hello") + get("/3") +
           "POST /4 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
           chunked("chunks", 2) + get("/5");
  }

  void expectFive(HttpClient& client) {
    EXPECT_EQ(client.answer().body, "/1");
    EXPECT_EQ(client.answer().body, "/2hello");
    EXPECT_EQ(client.answer().body, "/3");
    EXPECT_EQ(client.answer().body, "/4chunks");
    EXPECT_EQ(client.answer().body, "/5");
  }
};

TEST_P(PipeliningTest, AnswersComeInOrder) {
  HttpClient client = this->client();
  client.send(five());
  expectFive(client);
  client.endWriting();
  client.expectEnd();
  EXPECT_EQ(upstream_.requests().size(), 5U);
  const auto ended = stop(client);
  EXPECT_EQ(ended["requests"], 5U);
  expectOneConnect(ended);
}

TEST_P(PipeliningTest, SplitAtEveryByte) {
  const std::string all = five();
  HttpClient client = this->client();
  const std::size_t step = GetParam().faults.spec.empty() ? 1 : 7;
  std::size_t rounds = 0;
  for (std::size_t at = 1; at < all.size(); at += step, ++rounds) {
    client.send(all.substr(0, at));
    client.peer().waitUntilAcknowledged();
    client.send(all.substr(at));
    ASSERT_NO_FATAL_FAILURE(expectFive(client)) << at;
    if (HasFailure()) FAIL() << "split at byte " << at;
  }
  EXPECT_EQ(upstream_.requests().size(), 5 * rounds);
  EXPECT_EQ(stop(client)["requests"], 5 * rounds);
}

TEST_P(PipeliningTest, OneByteAtATime) {
  HttpClient client = this->client();
  client.dribble(five(), 1);
  expectFive(client);
  EXPECT_EQ(stop(client)["requests"], 5U);
}

TEST_P(PipeliningTest, MoreThanTheProxyReadsAtOnce) {
  const std::size_t count = GetParam().faults.spec == kOneByte.spec ? 200 : 2000;
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += get(path(i));
  HttpClient client = this->client();
  std::thread sender([&] { client.send(all); });
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(client.answer().body, path(i));
  }
  sender.join();
  const auto ended = stop(client);
  EXPECT_EQ(ended["requests"], count);
  EXPECT_EQ(ended["connects_tried"], 1U);
}

// The first one's head is needed until its answer has gone, wherever the others are kept.
TEST_P(PipeliningTest, ManyRequestsRightBehindAChunkedBody) {
  HttpClient client = this->client();
  std::string tail = chunked("hello", 3);
  const std::size_t count = 300;
  for (std::size_t i = 0; i < count; ++i) tail += get(path(i));
  client.send("HEAD /first HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_TRUE(support::eventually([&] { return upstream_.connections() == 1; }));
  client.send(tail);
  const auto answer = client.answer("HEAD");
  EXPECT_EQ(answer.value("Content-Length"), "11");
  for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(client.answer().body, path(i));
  EXPECT_EQ(upstream_.requests().at(0).body, "hello");
  EXPECT_EQ(stop(client)["requests"], count + 1);
}

INSTANTIATE_TEST_SUITE_P(Gateway, PipeliningTest, testing::ValuesIn(everyFault()), settingName);

}  // namespace
}  // namespace e2e
