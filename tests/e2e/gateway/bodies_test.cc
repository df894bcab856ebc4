// Bodies of every length and framing, both ways, byte by byte.
#include "e2e/support/gateway_fixture.h"

namespace e2e {
namespace {

constexpr std::size_t kKi = 1024;
constexpr std::size_t kMi = kKi * kKi;

class BodiesTest : public GatewayTest {
 protected:
  static std::vector<std::size_t> sizes() {
    return {0, 1, amount(64 * kKi - 1), amount(64 * kKi), amount(64 * kKi + 1), amount(5 * kMi)};
  }
};

TEST_P(BodiesTest, SizedBothWays) {
  upstream_.answerEach([](const HttpRequest& request) { return ok(request.body); });
  HttpClient client = this->client();
  std::size_t requests = 0;
  for (const std::size_t size : sizes()) {
    const std::string body = bytes(size);
    const auto answer = client.ask(withBody("POST", "/", body));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.framing, HttpFraming::kSized);
    EXPECT_EQ(answer.flaw, "");
    EXPECT_TRUE(answer.body == body) << size;
    ++requests;
  }
  const auto got = upstream_.requests();
  ASSERT_EQ(got.size(), requests);
  for (std::size_t i = 0; i < requests; ++i) {
    EXPECT_EQ(got[i].head, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                               std::to_string(sizes()[i]) + "\r\n\r\n");
    EXPECT_TRUE(got[i].body == bytes(sizes()[i])) << i;
  }
  client.endWriting();
  client.expectEnd();
  const auto ended = stop(client);
  EXPECT_EQ(ended["requests"], requests);
  expectOneConnect(ended);
}

TEST_P(BodiesTest, ChunkedBothWays) {
  upstream_.answerEach([](const HttpRequest& request) {
    return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
           chunked(request.body, 1000, "X-Sum: 7\r\n");
  });
  HttpClient client = this->client();
  for (const std::size_t size : sizes()) {
    const std::string body = bytes(size);
    const auto answer = client.ask(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n" +
        chunked(body, 3000, "X-Sum: 42\r\n"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.framing, HttpFraming::kChunked);
    EXPECT_EQ(answer.flaw, "");
    EXPECT_TRUE(answer.body == body) << size;
    EXPECT_EQ(answer.trailers, (HttpFields{{"X-Sum", "7"}}));
  }
  for (const auto& request : upstream_.requests()) {
    EXPECT_EQ(request.framing, HttpFraming::kChunked);
    EXPECT_EQ(request.trailers, (HttpFields{{"X-Sum", "42"}}));
    EXPECT_TRUE(request.body == bytes(request.body.size()));
  }
  client.endWriting();
  client.expectEnd();
  const auto ended = stop(client);
  EXPECT_EQ(ended["requests"], sizes().size());
  expectOneConnect(ended);
}

TEST_P(BodiesTest, ManyTinyChunks) {
  upstream_.answerEach([](const HttpRequest& request) {
    return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(request.body, 1);
  });
  HttpClient client = this->client();
  const std::string body = bytes(amount(100'000));
  const auto answer = client.ask(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body, 1));
  EXPECT_EQ(answer.flaw, "");
  EXPECT_TRUE(answer.body == body);
  EXPECT_TRUE(upstream_.requests().at(0).body == body);
  stop(client);
}

TEST_P(BodiesTest, OneHugeChunk) {
  upstream_.answerEach([](const HttpRequest& request) {
    return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
           chunked(request.body, request.body.size());
  });
  HttpClient client = this->client();
  const std::string body = bytes(amount(8 * kMi));
  for (int i = 0; i < 2; ++i) {
    const auto answer =
        client.ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
                   chunked(body, body.size()));
    EXPECT_EQ(answer.flaw, "");
    EXPECT_TRUE(answer.body == body);
  }
  EXPECT_TRUE(upstream_.requests().at(1).body == body);
  const auto ended = stop(client);
  expectOneConnect(ended);
}

TEST_P(BodiesTest, UpstreamThatSendsUntilItsEnd) {
  const std::string body = bytes(amount(5 * kMi));
  upstream_.play([&](UpstreamConnection& connection) {
    if (connection.request()) connection.send("HTTP/1.1 200 OK\r\n\r\n" + body);
  });
  HttpClient client = this->client();
  for (int i = 0; i < 2; ++i) {  // a client of 1.1 can go on
    const auto answer = client.ask(get());
    EXPECT_EQ(answer.framing, HttpFraming::kChunked);
    EXPECT_EQ(answer.flaw, "");
    EXPECT_TRUE(answer.body == body);
  }
  HttpClient old = this->client();
  const auto answer = old.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(answer.framing, HttpFraming::kUntilEnd);
  EXPECT_NE(answer.value("Connection"), "keep-alive");
  EXPECT_EQ(answer.flaw, "");
  EXPECT_TRUE(answer.body == body);
  EXPECT_EQ(upstream_.connections(), 3U);
  const auto ended = stop(client, old);
  EXPECT_EQ(ended["requests"], 3U);
  EXPECT_EQ(ended["connects_tried"], 3U);
}

TEST_P(BodiesTest, ChunkedAnswerForAClientOf10) {
  const std::string body = bytes(amount(300'000));
  upstream_.answerEach([&](const HttpRequest&) {
    return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body, 70'000);
  });
  HttpClient client = this->client();
  const auto answer = client.ask("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(answer.framing, HttpFraming::kUntilEnd);
  EXPECT_EQ(answer.flaw, "");
  EXPECT_TRUE(answer.body == body);
  EXPECT_EQ(stop(client)["sessions_done"], 1U);
}

// Request and answer move at the same time; neither waits for the other.
TEST_P(BodiesTest, UpstreamThatEchoesWhileItReads) {
  upstream_.play([&](UpstreamConnection& connection) {
    auto request = connection.requestHead();
    if (!request) return;
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + request->value("Content-Length") +
                    "\r\n\r\n");
    std::size_t left = std::stoul(request->value("Content-Length"));
    while (left > 0) {
      const std::size_t piece = std::min<std::size_t>(left, 10'000);
      connection.send(connection.receive(piece));
      left -= piece;
    }
    connection.expectEnd();
  });
  HttpClient client = this->client();
  const std::string body = bytes(amount(3 * kMi));
  std::thread sender([&] { client.send(withBody("POST", "/", body)); });
  const auto answer = client.answer();
  sender.join();
  EXPECT_EQ(answer.flaw, "");
  EXPECT_TRUE(answer.body == body);
  stop(client);
}

INSTANTIATE_TEST_SUITE_P(Gateway, BodiesTest, testing::ValuesIn(everySetting()), settingName);

class BodilessTest : public GatewayTest {};

TEST_P(BodilessTest, HeadHasTheLengthAndNoBody) {
  upstream_.answerEach([](const HttpRequest& request) {
    if (request.target == "/chunked") {
      return std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    }
    return std::string("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n") +
           (request.method == "HEAD" ? "" : "hello");
  });
  HttpClient client = this->client();
  const auto answer = client.ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.value("Content-Length"), "5");
  EXPECT_EQ(client.ask("HEAD /chunked HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
  EXPECT_EQ(client.ask(get()).body, "hello");
  const auto ended = stop(client);
  EXPECT_EQ(ended["requests"], 3U);
  expectOneConnect(ended);
}

TEST_P(BodilessTest, StatusesWithoutABody) {
  upstream_.answerEach([](const HttpRequest& request) -> std::string {
    if (request.target == "/204") return "HTTP/1.1 204 No Content\r\n\r\n";
    if (request.target == "/304") {
      return "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: \"a\"\r\n\r\n";
    }
    return ok("hello");
  });
  HttpClient client = this->client();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client.ask(get("/204")).status, 204);
    const auto answer = client.ask(get("/304"));
    EXPECT_EQ(answer.status, 304);
    EXPECT_EQ(answer.value("Content-Length"), "5");
    EXPECT_EQ(answer.value("ETag"), "\"a\"");
    EXPECT_EQ(client.ask(get()).body, "hello");
  }
  const auto ended = stop(client);
  EXPECT_EQ(ended["requests"], 9U);
  expectOneConnect(ended);
}

INSTANTIATE_TEST_SUITE_P(Gateway, BodilessTest, testing::ValuesIn(everyFault()), settingName);

}  // namespace
}  // namespace e2e
