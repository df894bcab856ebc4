// Connections to upstreams that are kept: which are used again, and what is asked a second time
// when one of them dies of it.
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

}  // namespace
}  // namespace e2e
