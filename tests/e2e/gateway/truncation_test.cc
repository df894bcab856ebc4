// A message that is cut off is never passed off as a complete one; nobody is left behind.
#include "e2e/support/gateway_fixture.h"

namespace e2e {
namespace {

constexpr std::size_t kMi = std::size_t{1024} * 1024;

class TruncationTest : public GatewayTest {
 protected:
  /// The upstream sends `bytes` and dies; returns what the client sees.
  HttpAnswer answerCutOff(const std::string& bytes, bool reset, std::string_view version = "1.1") {
    HttpClient client = this->client();
    client.send("GET / HTTP/" + std::string(version) +
                "\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
    UpstreamConnection upstream = upstream_.accept();
    expectRequest(upstream);
    upstream.send(bytes);
    if (reset) {
      upstream.peer().waitUntilAcknowledged();
      upstream.reset();
    } else {
      upstream.close();
    }
    try {
      auto answer = client.answer();
      EXPECT_EQ(client.rest().bytes, "");
      return answer;
    } catch (const CutOff& cut) {  // a reset takes what was under way with it
      HttpAnswer answer;
      answer.flaw = cut.what();
      return answer;
    }
  }
};

TEST_P(TruncationTest, SizedAnswer) {
  const std::string body = bytes(amount(2 * kMi));
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size() + 1) + "\r\n\r\n";
  const auto answer = answerCutOff(head + body, false);
  EXPECT_FALSE(answer.complete());
  EXPECT_TRUE(body.starts_with(answer.body));
  EXPECT_FALSE(answerCutOff(head + body, true).complete());
  EXPECT_FALSE(answerCutOff(head, false).complete());
  EXPECT_FALSE(answerCutOff(head, true, "1.0").complete());
  const auto ended = stop();
  EXPECT_EQ(ended["requests"], 4U);
  EXPECT_EQ(ended["connects_tried"], 4U);
}

TEST_P(TruncationTest, ChunkedAnswer) {
  const std::string body = bytes(amount(2 * kMi));
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string whole = head + chunked(body, 100'000);
  // Within a chunk, behind its bytes, behind its end, within the last one, before the last line.
  const std::size_t cuts[] = {whole.size() - 20, whole.size() - 7, whole.size() - 5,
                              whole.size() - 4,  whole.size() - 2, whole.size() - 1,
                              head.size()};
  for (const std::size_t cut : cuts) {
    SCOPED_TRACE(whole.size() - cut);
    const auto answer = answerCutOff(whole.substr(0, cut), false);
    EXPECT_FALSE(answer.complete());
    EXPECT_TRUE(body.starts_with(answer.body));
    EXPECT_FALSE(answerCutOff(whole.substr(0, cut), true).complete());
    const auto old = answerCutOff(whole.substr(0, cut), false, "1.0");
    EXPECT_FALSE(old.complete()) << "a client of 1.0 must be reset";
  }
  EXPECT_EQ(stop()["requests"], 21U);
}

TEST_P(TruncationTest, AnswerUntilTheEndThatIsReset) {
  const std::string body = bytes(amount(2 * kMi));
  const std::string head = "HTTP/1.1 200 OK\r\n\r\n";
  EXPECT_FALSE(answerCutOff(head + body, true).complete());
  EXPECT_FALSE(answerCutOff(head + body, true, "1.0").complete());
  EXPECT_FALSE(answerCutOff(head, true).complete());
  EXPECT_FALSE(answerCutOff(head, true, "1.0").complete());
  EXPECT_EQ(stop()["requests"], 4U);
}

TEST_P(TruncationTest, BadFramingWithinAChunkedAnswer) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string bad :
       {"5\r\nhello\r\nx\r\n", "5\r\nhelloo\r\n0\r\n\r\n", "5\nhello\n0\n\n", "-1\r\n",
        "5\r\nhello\r\nFFFFFFFFFFFFFFFFF\r\n", "5\r\nhello\r\n0\r\nA : b\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n"}) {
    SCOPED_TRACE(bad);
    HttpClient client = this->client();
    client.send(get());
    UpstreamConnection upstream = upstream_.accept();
    expectRequest(upstream);
    upstream.send(head + bad);  // and stays
    const auto answer = client.answer();
    EXPECT_FALSE(answer.complete());
    EXPECT_TRUE(std::string("hello").starts_with(answer.body)) << answer.body;
    EXPECT_EQ(upstream.rest().bytes, "");  // the proxy has left
  }
  stop();
}

TEST_P(TruncationTest, ClientThatLeavesWithinItsSizedBody) {
  const std::string body = bytes(amount(2 * kMi));
  for (const bool reset : {false, true}) {
    HttpClient client = this->client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size() + 1) +
                "\r\n\r\n");
    UpstreamConnection upstream = upstream_.accept();
    auto request = upstream.requestHead();
    ASSERT_TRUE(request);
    std::thread sender([&] {
      client.send(body);
      client.peer().waitUntilAcknowledged();
      reset ? client.reset() : client.close();
    });
    upstream.readBody(*request);
    sender.join();
    EXPECT_FALSE(request->complete());
    EXPECT_TRUE(body.starts_with(request->body));
  }
  proxy_.waitUntilIdle();
  EXPECT_EQ(stop()["requests"], 2U);
}

TEST_P(TruncationTest, ClientThatLeavesWithinItsChunkedBody) {
  const std::string body = bytes(amount(2 * kMi));
  const std::string whole = chunked(body, 100'000);
  for (const std::size_t cut :
       {std::size_t{1}, std::size_t{2}, std::size_t{4}, std::size_t{5}, std::size_t{9}}) {
    SCOPED_TRACE(cut);
    HttpClient client = this->client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    UpstreamConnection upstream = upstream_.accept();
    auto request = upstream.requestHead();
    ASSERT_TRUE(request);
    std::thread sender([&] {
      client.send(whole.substr(0, whole.size() - cut));
      client.close();
    });
    upstream.readBody(*request);
    sender.join();
    EXPECT_FALSE(request->complete());
  }
  proxy_.waitUntilIdle();
  stop();
}

TEST_P(TruncationTest, BadFramingWithinAChunkedRequest) {
  for (const std::string bad :
       {"5\r\nhello\r\nx\r\n", "5\r\nhelloo\r\n0\r\n\r\n", "5\nhello\n0\n\n", "-1\r\n",
        "5\r\nhello\r\nFFFFFFFFFFFFFFFFF\r\n", "5\r\nhello\r\n0\r\nA : b\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n"}) {
    SCOPED_TRACE(bad);
    HttpClient client = this->client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    UpstreamConnection upstream = upstream_.accept();
    auto request = upstream.requestHead();
    ASSERT_TRUE(request);
    client.send(bad + get("/smuggled"));
    const auto answer = client.answer();
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.value("Connection"), "close");
    client.endWriting();
    client.expectEnd();
    upstream.readBody(*request);
    EXPECT_FALSE(request->complete());
    EXPECT_TRUE(std::string("hello").starts_with(request->body)) << request->body;
    EXPECT_TRUE(upstream_.isAlone());
  }
  stop();
}

TEST_P(TruncationTest, ClientThatLeavesWithinItsAnswer) {
  for (const bool sized : {true, false}) {
    HttpClient client = this->client();
    client.send(get());
    UpstreamConnection upstream = upstream_.accept();
    expectRequest(upstream);
    upstream.send(sized ? "HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n"
                        : "HTTP/1.1 200 OK\r\n\r\n");
    client.answerHead();
    client.reset();
    const std::string piece = bytes(amount(kMi));
    EXPECT_THROW(for (;;) upstream.send(piece), std::system_error) << "the proxy still listens";
  }
  proxy_.waitUntilIdle();
  const auto ended = stop();
  EXPECT_EQ(ended["sessions_reset"], 2U);
}

TEST_P(TruncationTest, ClientThatIsResetBeforeItsAnswer) {
  HttpClient client = this->client();
  client.send(get());
  UpstreamConnection upstream = upstream_.accept();
  expectRequest(upstream);
  client.reset();
  EXPECT_EQ(upstream.rest().bytes, "");
  proxy_.waitUntilIdle();
  EXPECT_EQ(stop(client)["sessions_reset"], 1U);
}

// What either side sends is on its way, and in the second round fills every buffer.
TEST_P(TruncationTest, ClientThatIsResetWhileBothBodiesStream) {
  const std::string piece = bytes(amount(100'000));
  const std::string endless = "Content-Length: 1000000000000\r\n\r\n";
  for (const bool full : {false, true}) {
    HttpClient client = this->client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\n" + endless + piece);
    UpstreamConnection upstream = upstream_.accept();
    ASSERT_TRUE(upstream.requestHead());
    upstream.send("HTTP/1.1 200 OK\r\n" + endless + piece);
    EXPECT_EQ(client.answerHead().status, 200);
    EXPECT_TRUE(client.receive(piece.size()) == piece);
    EXPECT_TRUE(upstream.receive(piece.size()) == piece);
    while (full && client.peer().sendSome(piece) > 0) {
    }
    while (full && upstream.peer().sendSome(piece) > 0) {
    }
    client.reset();
    EXPECT_THROW(for (;;) upstream.send(piece), std::system_error) << "the proxy still listens";
  }
  proxy_.waitUntilIdle();
  const auto ended = stop();
  EXPECT_EQ(ended["requests"], 2U);
  EXPECT_EQ(ended["sessions_reset"], 2U);
}

INSTANTIATE_TEST_SUITE_P(Gateway, TruncationTest, testing::ValuesIn(everySetting()), settingName);

}  // namespace
}  // namespace e2e
