// What is refused: malformed messages of either side, and those beyond a limit. The connection
// ends, and nothing behind them reaches anybody. And what the proxy answers itself.
#include "e2e/support/gateway_fixture.h"
#include "http/malformed_requests.h"
#include "http/malformed_responses.h"

namespace e2e {
namespace {

/// `bytes` are refused with `status`, and the connection ends.
void expectRefused(HttpClient& client, const std::string& bytes, int status) {
  client.send(bytes);
  const auto answer = client.answer();
  EXPECT_EQ(answer.status, status) << answer.head;
  EXPECT_EQ(answer.value("Connection"), "close");
  EXPECT_TRUE(answer.has("Proxy-Status"));
  client.endWriting();
  client.expectEnd();
}

class MalformedRequestTest : public EchoTest {};

TEST_P(MalformedRequestTest, NotAByteGoesOn) {
  std::size_t count = 0;
  std::string expected;
  for (const auto& it : proxy::http::kMalformedRequests) {
    SCOPED_TRACE(it.name);
    const int status = proxy::http::info(it.problem).status;
    HttpClient first = client();
    expectRefused(first, std::string(it.bytes) + get("/smuggled"), status);
    // Behind a good one, over a connection that is kept.
    HttpClient second = client();
    second.send(get("/good") + std::string(it.bytes));
    EXPECT_EQ(second.answer().body, get("/good"));
    expectRefused(second, get("/smuggled"), status);
    expected += get("/good");
    ++count;
    if (HasFailure()) break;
  }
  const auto ended = stop();
  EXPECT_EQ(upstream_.everything(), expected);
  EXPECT_EQ(ended["requests"], 3 * count);
  EXPECT_EQ(ended["sessions_done"], 2 * count);
  EXPECT_EQ(ended["connects_tried"], 1U);
}

TEST_P(MalformedRequestTest, NorOfOneThatComesPieceByPiece) {
  for (const auto& it : proxy::http::kMalformedRequests) {
    SCOPED_TRACE(it.name);
    HttpClient client = this->client();
    client.dribble(it.bytes, it.bytes.size() / 2 + 1);
    expectRefused(client, "", proxy::http::info(it.problem).status);
    if (HasFailure()) break;
  }
  EXPECT_EQ(stop()["connects_tried"], 0U);
  EXPECT_EQ(upstream_.everything(), "");
}

INSTANTIATE_TEST_SUITE_P(Gateway, MalformedRequestTest, testing::ValuesIn(everyFault()),
                         settingName);

class MalformedTest : public GatewayTest {
 protected:
  MalformedTest() : GatewayTest({}) {}
};

TEST_P(MalformedTest, Responses) {
  for (const auto& it : proxy::http::kMalformedResponses) {
    SCOPED_TRACE(it.name);
    HttpClient client = this->client();
    client.send(get());
    UpstreamConnection upstream = upstream_.accept();
    expectRequest(upstream);
    upstream.send(std::string(it.bytes) + ok("poison"));
    const auto answer = client.answer();
    EXPECT_EQ(answer.status, proxy::http::info(it.problem).status) << answer.head;
    EXPECT_NE(answer.value("Proxy-Status").find("http_protocol_error"), std::string::npos)
        << answer.head;
    EXPECT_EQ(upstream.rest().bytes, "");  // it is not asked again
    client.send(get("/next"));
    UpstreamConnection next = upstream_.accept();
    expectRequest(next);
    next.send(ok("good", "Connection: close\r\n"));
    EXPECT_EQ(client.answer().body, "good");
    if (HasFailure()) break;
  }
  stop();
}

TEST_P(MalformedTest, TargetThatIsTooLong) {
  HttpClient client = this->client();
  expectRefused(client, get("/" + std::string(10'000, 'x')) + get("/smuggled"), 414);
  EXPECT_TRUE(upstream_.isAlone());
}

INSTANTIATE_TEST_SUITE_P(Gateway, MalformedTest, testing::ValuesIn(everyFault()), settingName);

/// Well-formed, and not for whoever is behind us.
class OursToAnswerTest : public EchoTest {
 protected:
  void expectNothingReachedTheUpstream() {
    const auto ended = stop();
    EXPECT_EQ(ended["connects_tried"], 0U);
    EXPECT_EQ(upstream_.everything(), "");
  }
};

TEST_P(OursToAnswerTest, WhoAsksForHttpsIsNotAnsweredOverPlainHttp) {
  for (const std::string target : {"https://host/", "https://a", "HTTPS://a:443/b?c"}) {
    HttpClient client = this->client();
    expectRefused(client, get(target) + get("/smuggled"), 421);
  }
  HttpClient client = this->client();
  const auto answer = client.ask(get("https://host/"));
  EXPECT_EQ(answer.start, "HTTP/1.1 421 Misdirected Request");
  EXPECT_EQ(answer.body, "This host or scheme is not served here.\n");
  client.close();
  expectNothingReachedTheUpstream();
}

TEST_P(OursToAnswerTest, BodyOfWhatIsMisdirectedGoesNowhere) {
  HttpClient client = this->client();
  expectRefused(client, withBody("POST", "https://a/", get("/smuggled")) + get("/behind"), 421);
  expectNothingReachedTheUpstream();
}

TEST_P(OursToAnswerTest, RequestThatMayGoNoFurther) {
  const std::string last = " HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n";
  HttpClient client = this->client();
  for (const std::string target : {"*", "/a", "http://a"}) {
    const auto answer = client.ask("OPTIONS " + target + last);
    EXPECT_EQ(answer.status, 204);
    EXPECT_FALSE(answer.has("Connection"));
  }
  for (const std::string target : {"/", "http://a/b"}) {
    const auto answer = client.ask("TRACE " + target + last);
    EXPECT_EQ(answer.status, 501);
    EXPECT_EQ(answer.body.find("Max-Forwards"), std::string::npos) << answer.body;
  }
  client.close();
  expectNothingReachedTheUpstream();
}

TEST_P(OursToAnswerTest, RequestThatMayGoFurtherSaysOneLess) {
  HttpClient client = this->client();
  for (const std::string method : {"OPTIONS", "TRACE"}) {
    const std::string start = method + " /a HTTP/1.1\r\nHost: a\r\nMax-Forwards: ";
    EXPECT_EQ(client.ask(start + "1\r\n\r\n").body, start + "0\r\n\r\n");
  }
  const std::string other = "GET / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n";
  EXPECT_EQ(client.ask(other).body, other);  // it counts for those two alone
  EXPECT_EQ(stop(client)["requests"], 3U);
}

INSTANTIATE_TEST_SUITE_P(Gateway, OursToAnswerTest, testing::ValuesIn(everyFault()), settingName);

class LimitsTest : public GatewayTest {
 protected:
  LimitsTest() : GatewayTest({"--max-head", "2K", "--max-fields", "10", "--max-body", "1000"}) {
    upstream_.answerEach([](const HttpRequest& request) { return ok(request.body); });
  }

  void expectNothingReachedTheUpstream() {
    EXPECT_TRUE(upstream_.requests().empty());
    stop();
  }
};

TEST_P(LimitsTest, HeadWithTooManyBytes) {
  HttpClient one = client();
  expectRefused(one, "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(2048, 'x') + "\r\n\r\n", 431);
  HttpClient other = client();  // without an end
  expectRefused(other, "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(10'000, 'x'), 431);
  expectNothingReachedTheUpstream();
}

TEST_P(LimitsTest, HeadWithTooManyFields) {
  std::string fields;
  for (int i = 0; i < 10; ++i) fields += "X: y\r\n";
  HttpClient one = client();
  expectRefused(one, "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n", 431);
  expectNothingReachedTheUpstream();
}

TEST_P(LimitsTest, HeadWithinTheLimits) {
  std::string fields;
  for (int i = 0; i < 9; ++i) fields += "X: y\r\n";
  HttpClient client = this->client();
  EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n").status, 200);
  const std::string almost = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  EXPECT_EQ(client.ask(almost + std::string(2048 - almost.size() - 4, 'x') + "\r\n\r\n").status,
            200);
}

TEST_P(LimitsTest, TargetThatIsTooLong) {
  HttpClient client = this->client();
  expectRefused(client, get("/" + std::string(10'000, 'x')), 414);
  expectNothingReachedTheUpstream();
}

TEST_P(LimitsTest, SizedBodyThatIsTooLarge) {
  HttpClient client = this->client();
  EXPECT_EQ(client.ask(withBody("POST", "/", std::string(1000, 'x'))).status, 200);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n");
  const auto answer = client.answer();
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.value("Connection"), "close");
  client.send(std::string(1001, 'x'));
  client.endWriting();
  client.expectEnd();
  EXPECT_EQ(upstream_.requests().size(), 1U);
}

TEST_P(LimitsTest, ClientThatSendsALargeBodyAtOnceGetsItsAnswer) {
  HttpClient client = this->client();
  const std::string body(GetParam().amount(500'000) + 1000, 'x');
  EXPECT_NO_THROW(client.send(withBody("POST", "/", body)));
  const auto answer = client.answer();
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.flaw, "");
  client.endWriting();
  client.expectEnd();
  expectNothingReachedTheUpstream();
}

TEST_P(LimitsTest, ExpectationOfABodyThatIsTooLarge) {
  HttpClient client = this->client();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.answer().status, 413);
  client.endWriting();
  client.expectEnd();
  expectNothingReachedTheUpstream();
}

TEST_P(LimitsTest, ChunkedBodyThatIsTooLarge) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  {
    HttpClient client = this->client();
    EXPECT_EQ(client.ask(head + chunked(std::string(1000, 'x'), 100)).body.size(), 1000U);
  }
  for (const std::size_t chunk : {std::size_t{1001}, std::size_t{7}}) {
    HttpClient client = this->client();
    expectRefused(client, head + chunked(std::string(1001, 'x'), chunk), 413);
  }
  // No end in sight, and a chunk that would be moved.
  HttpClient client = this->client();
  expectRefused(client,
                head + "FFFFFFFFF\r\n" + std::string(GetParam().amount(300'000) + 1001, 'x'), 413);
  for (const auto& request : upstream_.requests()) {
    EXPECT_TRUE(!request.complete() || request.body.size() == 1000);
  }
}

INSTANTIATE_TEST_SUITE_P(Gateway, LimitsTest, testing::ValuesIn(everyFault()), settingName);

class AnswerLimitsTest : public GatewayTest {
 protected:
  AnswerLimitsTest() : GatewayTest({"--max-head", "2K", "--max-fields", "10"}) {}
};

TEST_P(AnswerLimitsTest, HeadThatIsTooLarge) {
  std::string fields;
  for (int i = 0; i < 11; ++i) fields += "X: y\r\n";
  for (const std::string& answer : {"HTTP/1.1 200 OK\r\nX: " + std::string(3000, 'x') + "\r\n\r\n",
                                    "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'),
                                    "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: 0\r\n\r\n"}) {
    HttpClient client = this->client();
    client.send(get());
    UpstreamConnection upstream = upstream_.accept();
    expectRequest(upstream);
    std::thread sender([&] {
      try {
        upstream.send(answer);
      } catch (const std::system_error&) {  // the proxy need not hear it all
      }
    });
    const auto refused = client.answer();
    sender.join();
    EXPECT_EQ(refused.status, 502);
    EXPECT_NE(refused.value("Proxy-Status").find("http_response_header_section_size"),
              std::string::npos)
        << refused.head;
  }
}

INSTANTIATE_TEST_SUITE_P(Gateway, AnswerLimitsTest, testing::ValuesIn(everyFault()), settingName);

// Our want is not the upstream's fault: nobody is left out for it, and the client may come again.
TEST(DescriptorsTest, RequestThatFindsNoDescriptorIsUnavailableForNow) {
  HttpUpstream upstream;
  upstream.answerEach([](const HttpRequest&) { return ok("hello", "Connection: close\r\n"); });
  const Setting setting{.lane = "auto", .faults = {"Few", "emfile=500,only=sockets,after=100", 1}};
  ProxyProcess proxy(gatewayTo(setting, {upstream.address()}));
  HttpClient client(proxy.address());
  std::size_t served = 0;
  std::size_t unavailable = 0;
  for (int i = 0; i < 100; ++i) {
    const auto answer = client.ask(get());
    EXPECT_FALSE(answer.has("Connection")) << answer.head;
    if (answer.status == 503) {
      EXPECT_TRUE(answer.has("Retry-After"));
      ++unavailable;
    } else {
      EXPECT_EQ(answer.body, "hello") << answer.head;
      ++served;
    }
  }
  EXPECT_GT(served, 5U);
  EXPECT_GT(unavailable, 5U);
  client.close();
  const auto ended = proxy.stop();
  expectGatewaySums(ended);
  EXPECT_EQ(ended["requests"], 100U);
  EXPECT_EQ(ended["connects_failed"], 0U);
}

}  // namespace
}  // namespace e2e
