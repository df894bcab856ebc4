// Expect: 100-continue, and other interim answers.
#include "e2e/support/gateway_fixture.h"
#include "support/eventually.h"

namespace e2e {
namespace {

class ExpectTest : public GatewayTest {
 protected:
  static constexpr std::string_view kHead =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
};

TEST_P(ExpectTest, ClientWaitsForTheUpstreamsWord) {
  HttpClient client = this->client();
  for (int i = 0; i < 2; ++i) {
    client.send(kHead);
    UpstreamConnection upstream = upstream_.accept();
    auto request = upstream.requestHead();
    ASSERT_TRUE(request);
    EXPECT_EQ(request->value("Expect"), "100-continue");
    EXPECT_EQ(request->value("Content-Length"), "5");
    upstream.send("HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_EQ(client.answerHead().status, 100);
    client.send("hello");
    upstream.readBody(*request);
    EXPECT_EQ(request->body, "hello");
    upstream.send(ok("thanks", "Connection: close\r\n"));
    const auto answer = client.answer();
    EXPECT_EQ(answer.body, "thanks");
    EXPECT_FALSE(answer.has("Connection"));
  }
  const auto ended = stop(client);
  EXPECT_EQ(ended["requests"], 2U);
  EXPECT_EQ(ended["connects_tried"], 2U);
}

TEST_P(ExpectTest, ChunkedBody) {
  HttpClient client = this->client();
  client.send(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
  UpstreamConnection upstream = upstream_.accept();
  auto request = upstream.requestHead();
  ASSERT_TRUE(request);
  EXPECT_EQ(request->value("Expect"), "100-continue");
  upstream.send("HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(client.answerHead().status, 100);
  client.send(chunked("hello", 2));
  upstream.readBody(*request);
  EXPECT_EQ(request->body, "hello");
  upstream.send(ok("thanks"));
  EXPECT_EQ(client.answer().body, "thanks");
}

TEST_P(ExpectTest, UpstreamThatRefusesAtOnce) {
  for (const int status : {417, 401}) {
    HttpClient client = this->client();
    client.send(kHead);
    UpstreamConnection upstream = upstream_.accept();
    ASSERT_TRUE(upstream.requestHead());
    upstream.send("HTTP/1.1 " + std::to_string(status) +
                  " No\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n");
    upstream.endWriting();
    const auto answer = client.answer();
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.body, "no\n");
    EXPECT_EQ(answer.value("Connection"), "close");  // nobody knows whether a body will come
    client.endWriting();
    client.expectEnd();
    EXPECT_EQ(upstream.rest().bytes, "");
  }
  const auto ended = stop();
  EXPECT_EQ(ended["requests"], 2U);
  EXPECT_EQ(ended["sessions_done"], 2U);
}

TEST_P(ExpectTest, BodyOfARefusedRequestIsNoRequest) {
  HttpClient client = this->client();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 37\r\nExpect: 100-continue\r\n\r\n");
  UpstreamConnection upstream = upstream_.accept();
  ASSERT_TRUE(upstream.requestHead());
  upstream.send("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client.answer().status, 417);
  client.send(get("/smuggled"));
  client.endWriting();
  client.expectEnd();
  EXPECT_EQ(upstream.rest().bytes.find("smuggled"), std::string::npos);
  EXPECT_TRUE(upstream_.isAlone());
  EXPECT_EQ(stop(client)["requests"], 1U);
}

TEST_P(ExpectTest, ClientThatDoesNotWait) {
  upstream_.answerEach([](const HttpRequest& request) { return ok(request.body); });
  HttpClient client = this->client();
  client.send(std::string(kHead) + "hello" + get("/2"));
  EXPECT_EQ(client.answer().body, "hello");
  EXPECT_EQ(client.answer().status, 200);
  EXPECT_EQ(stop(client)["requests"], 2U);
}

TEST_P(ExpectTest, UpstreamThatAnswersWithoutContinue) {
  HttpClient client = this->client();
  client.send(kHead);
  UpstreamConnection upstream = upstream_.accept();
  ASSERT_TRUE(upstream.requestHead());
  upstream.send(ok("fine"));
  const auto answer = client.answer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "fine");
  EXPECT_EQ(answer.value("Connection"), "close");
}

TEST_P(ExpectTest, ClientOf10ExpectsNothing) {
  HttpClient client = this->client();
  client.send("POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello");
  UpstreamConnection upstream = upstream_.accept();
  const auto request = expectRequest(upstream);
  EXPECT_FALSE(request.has("Expect"));
  upstream.send("HTTP/1.1 100 Continue\r\n\r\n" + ok("thanks"));
  const auto answer = client.answer();
  EXPECT_TRUE(answer.interim.empty());
  EXPECT_EQ(answer.body, "thanks");
  client.expectEnd();
}

TEST_P(ExpectTest, InterimAnswersArePassedOn) {
  HttpClient client = this->client();
  client.send(get());
  UpstreamConnection upstream = upstream_.accept();
  expectRequest(upstream);
  upstream.send(
      "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" +
      ok("hello"));
  const auto answer = client.answer();
  ASSERT_EQ(answer.interim.size(), 2U);
  EXPECT_EQ(answer.interim[0].status, 102);
  EXPECT_EQ(answer.interim[1].status, 103);
  EXPECT_EQ(answer.interim[1].value("Link"), "</a.css>");
  EXPECT_EQ(answer.body, "hello");
  client.send(get());
  expectRequest(upstream);
  upstream.dribble("HTTP/1.1 103 Early Hints\r\nLink: </b.css>\r\n\r\n" + ok("again"), 3);
  const auto next = client.answer();
  ASSERT_EQ(next.interim.size(), 1U);
  EXPECT_EQ(next.interim[0].value("Link"), "</b.css>");
  EXPECT_EQ(next.body, "again");
  EXPECT_EQ(stop(client)["connects_tried"], 1U);
}

TEST_P(ExpectTest, ContinueRightBehindAHint) {
  HttpClient client = this->client();
  client.send(kHead);
  UpstreamConnection upstream = upstream_.accept();
  auto request = upstream.requestHead();
  ASSERT_TRUE(request);
  upstream.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
  HttpAnswer interim = client.answerHead();
  if (interim.status == 103) interim = client.answerHead();
  EXPECT_EQ(interim.status, 100);
  client.send("hello");
  upstream.readBody(*request);
  EXPECT_EQ(request->body, "hello");
  upstream.send(ok("thanks"));
  EXPECT_EQ(client.answer().body, "thanks");
}

// The hints may be dropped; who waits for the word to go on must get it.
TEST_P(ExpectTest, ContinueBehindHintsThatTheClientDoesNotRead) {
  const std::string hint =
      "HTTP/1.1 103 Early Hints\r\nLink: <" + std::string(8000, 'x') + ">; rel=preload\r\n\r\n";
  const std::size_t count = std::max<std::size_t>(20, amount(20 << 20) / hint.size());
  HttpClient client = this->client(16 * 1024);
  client.send(kHead);
  UpstreamConnection upstream = upstream_.accept();
  auto request = upstream.requestHead();
  ASSERT_TRUE(request);
  for (std::size_t i = 0; i < count; ++i) upstream.send(hint);
  upstream.send("HTTP/1.1 100 Continue\r\n\r\n");
  upstream.peer().waitUntilAcknowledged();
  HttpAnswer interim = client.answerHead();
  while (interim.status == 103) interim = client.answerHead();
  EXPECT_EQ(interim.status, 100);
  client.send("hello");
  upstream.readBody(*request);
  EXPECT_EQ(request->body, "hello");
  upstream.send(ok("thanks"));
  const auto answer = client.answer();
  EXPECT_TRUE(answer.interim.empty());
  EXPECT_EQ(answer.body, "thanks");
}

// They may be dropped, for they are hints; they may not pile up.
TEST_P(ExpectTest, FloodOfInterimAnswersToAClientThatDoesNotRead) {
  const std::string interim =
      "HTTP/1.1 103 Early Hints\r\nLink: <" + std::string(8000, 'x') + ">; rel=preload\r\n\r\n";
  const std::size_t count = std::max<std::size_t>(20, amount(40 << 20) / interim.size());
  HttpClient client = this->client(16 * 1024);
  client.send(get());
  UpstreamConnection upstream = upstream_.accept();
  expectRequest(upstream);
  const std::size_t before = proxy_.vitals().residentKiB;
  std::thread sender([&] {
    for (std::size_t i = 0; i < count; ++i) upstream.send(interim);
    upstream.send(ok("hello"));
  });
  EXPECT_TRUE(support::eventually([&] { return client.peer().waiting() > 8000; }));
  EXPECT_TRUE(upstream.isSilentFor(milliseconds(100)));  // as long as nobody reads
  EXPECT_LT(proxy_.vitals().residentKiB, before + 20'000);
  const auto answer = client.answer();
  sender.join();
  EXPECT_LE(answer.interim.size(), count);
  for (const auto& it : answer.interim) {
    EXPECT_EQ(it.status, 103);
    EXPECT_TRUE(interim.find(it.value("Link")) != std::string::npos);
  }
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(stop(client)["requests"], 1U);
}

INSTANTIATE_TEST_SUITE_P(Gateway, ExpectTest, testing::ValuesIn(everyFault()), settingName);

}  // namespace
}  // namespace e2e
