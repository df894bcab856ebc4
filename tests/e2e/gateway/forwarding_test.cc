// What of a head goes on: by bytes, at either side.
#include <algorithm>
#include <cctype>
#include <sstream>

#include "e2e/support/gateway_fixture.h"
#include "http/valid_requests.h"

namespace e2e {
namespace {

class ForwardingTest : public GatewayTest {
 protected:
  explicit ForwardingTest(const std::vector<std::string>& more = {}) : GatewayTest(more) {
    upstream_.answerEach([this](const HttpRequest&) { return answer_; });
  }

  /// The head that the upstream gets.
  std::string headOf(const std::string& request) {
    HttpClient client = this->client();
    client.ask(request);
    return upstream_.requests().back().head;
  }

  /// The answer that the client gets, without Date.
  HttpAnswer answerTo(const std::string& request, const std::string& answer) {
    answer_ = answer;
    HttpClient client = this->client();
    return client.ask(request);
  }

  std::string answer_ = ok("hello");
};

TEST_P(ForwardingTest, UpstreamHearsOfTheClient) {
  EXPECT_EQ(headOf(get("/a")),
            "GET /a HTTP/1.1\r\nHost: a\r\nVia: 1.1 proxy\r\nX-Forwarded-For: 127.0.0.1\r\n"
            "X-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\n\r\n");
}

TEST_P(ForwardingTest, WhatTheClientSaysOfItselfIsDropped) {
  const std::string head = headOf(
      "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4\r\nx-forwarded-proto: https\r\n"
      "X-Forwarded-Host: evil\r\nForwarded: for=1.2.3.4\r\nX_Forwarded_For: 1.2.3.4\r\n\r\n");
  EXPECT_EQ(head.find("1.2.3.4"), std::string::npos) << head;
  EXPECT_EQ(head.find("evil"), std::string::npos) << head;
  EXPECT_EQ(head.find("https"), std::string::npos) << head;
}

TEST_P(ForwardingTest, ViaIsAddedToWhatThereIs) {
  HttpClient client = this->client();
  answer_ = ok("hello", "Via: 1.0 inner\r\n");
  const auto answer = client.ask("GET / HTTP/1.0\r\nHost: a\r\nVia: 1.1 outer\r\n\r\n");
  EXPECT_EQ(upstream_.requests().back().value("Via"), "1.1 outer, 1.0 proxy");
  EXPECT_EQ(answer.value("Via"), "1.0 inner, 1.1 proxy");
}

TEST_P(ForwardingTest, FieldsOfOneHopStay) {
  const std::string head = headOf(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Mine , x-other\r\nX-Mine: 1\r\n"
      "Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: gzip\r\nX-Other: 2\r\n"
      "Proxy-Authorization: Basic YTpi\r\nX-Stays: 3\r\nUpgrade: h2c\r\n\r\n");
  EXPECT_EQ(head,
            "GET / HTTP/1.1\r\nHost: a\r\nX-Stays: 3\r\nVia: 1.1 proxy\r\n"
            "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\n\r\n");
}

TEST_P(ForwardingTest, WhatMattersCannotBeTakenAway) {
  const std::string head = headOf(
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: Host, Content-Length, X-Forwarded-For, Via\r\n"
      "Content-Length: 5\r\n\r\nhello");
  EXPECT_EQ(head,
            "POST / HTTP/1.1\r\nHost: a\r\nVia: 1.1 proxy\r\nX-Forwarded-For: 127.0.0.1\r\n"
            "X-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\nContent-Length: 5\r\n\r\n");
}

TEST_P(ForwardingTest, FieldsOfOneHopOfAnAnswerStay) {
  const auto answer = answerTo(
      get(), ok("hello",
                "Connection: X-Mine\r\nX-Mine: 1\r\nKeep-Alive: timeout=5\r\nX-Stays: 2\r\n"
                "Set-Cookie: a=b\r\nSet-Cookie: c=d\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                "Proxy-Connection: close\r\n"));
  EXPECT_EQ(answer.head,
            "HTTP/1.1 200 OK\r\nX-Stays: 2\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nVia: 1.1 proxy\r\nContent-Length: 5\r\n\r\n");
}

TEST_P(ForwardingTest, AnswerWithoutADateGetsOne) {
  EXPECT_EQ(answerTo(get(), ok("hello")).count("Date"), 1U);
}

TEST_P(ForwardingTest, StatusLineIsOurs) {
  const auto strange = answerTo(get(), "HTTP/1.0 299 Whatever It Is\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(strange.start, "HTTP/1.1 299 Whatever It Is");
  const auto bare = answerTo(get(), "HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(bare.start, "HTTP/1.1 404 Not Found");
}

TEST_P(ForwardingTest, AbsoluteFormBecomesOriginForm) {
  const std::string head = headOf("GET http://b.example:81/c?d HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(head.starts_with("GET /c?d HTTP/1.1\r\nHost: b.example:81\r\n")) << head;
  EXPECT_TRUE(headOf("GET http://b.example HTTP/1.1\r\nHost: a\r\n\r\n")
                  .starts_with("GET / HTTP/1.1\r\nHost: b.example\r\n"));
  EXPECT_TRUE(headOf("GET http://b.example?q HTTP/1.1\r\nHost: a\r\n\r\n")
                  .starts_with("GET /?q HTTP/1.1\r\nHost: b.example\r\n"));
  EXPECT_TRUE(headOf("OPTIONS http://b.example HTTP/1.1\r\nHost: a\r\n\r\n")
                  .starts_with("OPTIONS * HTTP/1.1\r\nHost: b.example\r\n"));
}

TEST_P(ForwardingTest, AsteriskFormStays) {
  EXPECT_TRUE(headOf("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
                  .starts_with("OPTIONS * HTTP/1.1\r\nHost: a\r\n"));
}

TEST_P(ForwardingTest, MethodsGoOnAsTheyAre) {
  for (const std::string method : {"GET", "HEAD", "DELETE", "PUT", "PATCH", "OPTIONS", "PROPFIND",
                                   "MKCOL", "REPORT", "PURGE", "M-SEARCH", "TRACE"}) {
    EXPECT_TRUE(headOf(method + " /x HTTP/1.1\r\nHost: a\r\n\r\n")
                    .starts_with(method + " /x HTTP/1.1\r\n"));
    answer_ = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  }
}

TEST_P(ForwardingTest, TrailersAreAskedForAndPassedOn) {
  const auto answer =
      answerTo("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n",
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n" +
                   chunked("hello", 2, "X-Sum: 1\r\nHost: evil\r\nSet-Cookie: a=b\r\n"));
  EXPECT_EQ(upstream_.requests().back().value("TE"), "trailers");
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.flaw, "");
  EXPECT_EQ(answer.trailers, (HttpFields{{"X-Sum", "1"}}));
}

// Whoever believes it would read another message than the next one does.
TEST_P(ForwardingTest, FramingInATrailerGoesNowhere) {
  for (const std::string framing : {"Content-Length: 7\r\n", "Transfer-Encoding: chunked\r\n"}) {
    const auto answer = answerTo(get(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                                            chunked("hello", 2, framing));
    EXPECT_EQ(answer.body, "hello");
    EXPECT_EQ(answer.trailers, HttpFields());
  }
}

INSTANTIATE_TEST_SUITE_P(Gateway, ForwardingTest, testing::ValuesIn(everyFault()), settingName);

class ForwardedTest : public ForwardingTest {
 protected:
  ForwardedTest() : ForwardingTest({"--forwarded", "forwarded", "--via", "edge1"}) {}
};

TEST_P(ForwardedTest, SaysItAsRfc7239) {
  EXPECT_EQ(headOf("GET / HTTP/1.1\r\nHost: a:80\r\nForwarded: for=1.2.3.4\r\n\r\n"),
            "GET / HTTP/1.1\r\nHost: a:80\r\nVia: 1.1 edge1\r\n"
            "Forwarded: for=127.0.0.1;host=\"a:80\";proto=http\r\n\r\n");
}

INSTANTIATE_TEST_SUITE_P(Gateway, ForwardedTest, testing::ValuesIn(everyFault()), settingName);

class TrustTest : public ForwardingTest {
 protected:
  TrustTest() : ForwardingTest({"--trust-forwarded", "--via", "off"}) {}
};

TEST_P(TrustTest, IsAddedTo) {
  const std::string head = headOf(
      "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\n"
      "X-Forwarded-Proto: https\r\nX-Forwarded-Host: b\r\n\r\n");
  EXPECT_EQ(head,
            "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4, 5.6.7.8, 127.0.0.1\r\n"
            "X-Forwarded-Proto: https\r\nX-Forwarded-Host: b\r\n\r\n");
}

TEST_P(TrustTest, IsSaidWhereTheClientDoesNot) {
  EXPECT_EQ(headOf(get()),
            "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 127.0.0.1\r\n"
            "X-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\n\r\n");
}

INSTANTIATE_TEST_SUITE_P(Gateway, TrustTest, testing::ValuesIn(everyFault()), settingName);

class UnsignedTest : public ForwardingTest {
 protected:
  UnsignedTest() : ForwardingTest(kUnsigned) {}
};

TEST_P(UnsignedTest, NothingIsAdded) {
  EXPECT_EQ(headOf(get()), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_FALSE(answerTo(get(), ok("hello")).has("Via"));
}

TEST_P(UnsignedTest, ClientOf10WithoutAHost) {
  const std::string head = headOf("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(head.starts_with("GET / HTTP/1.1\r\nHost: ")) << head;
}

INSTANTIATE_TEST_SUITE_P(Gateway, UnsignedTest, testing::ValuesIn(everyFault()), settingName);

/// What must reach the upstream, worked out from the bytes of a row alone.
class ValidTest : public EchoTest {
 protected:
  using Row = proxy::http::ValidRequest;

  struct Expected {
    std::string method;
    std::string bytes;
  };

  static bool isTooLong(const Row& it) { return it.body > 1'000'000; }

  /// As the client sends it. Where one byte is in a chunk, nobody can divide it otherwise.
  static std::string bodyOf(const Row& it) {
    if (it.body == proxy::http::kChunked) return chunked("x", 1);
    return std::string(static_cast<std::size_t>(std::max<std::int64_t>(it.body, 0)), 'x');
  }

  Expected expectedOf(const Row& it) const {
    const std::string bytes(it.bytes.substr(it.bytes.find_first_not_of("\r\n")));
    const std::string method = bytes.substr(0, bytes.find(' '));
    const std::size_t fieldsAt = bytes.find("\r\n") + 2;
    const auto fields = parsed(std::string_view(bytes).substr(fieldsAt));

    auto [host, path] = hostAndPath(it.target);
    if (host.empty()) host = valueOf(fields, "host");
    if (host.empty()) host = upstream_.address();
    std::string head = method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\n";
    const auto options = connectionOptions(fields);
    // Not to HTTP/2, whose requests would go by unread.
    const bool upgrades = contains(options, "upgrade") && it.body == proxy::http::kNoBody &&
                          valueOf(fields, "upgrade") != "h2c";
    for (const auto& [name, value] : fields) {
      if (goesOn(lower(name), options, upgrades, it)) head.append(name + ": " + value + "\r\n");
    }
    if (it.body >= 0) head += "Content-Length: " + std::to_string(it.body) + "\r\n";
    if (it.body == proxy::http::kChunked) head += "Transfer-Encoding: chunked\r\n";
    if (upgrades) head += "Connection: Upgrade\r\n";
    return {method, head + "\r\n" + bodyOf(it)};
  }

 private:
  static std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
  }

  static std::string trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
  }

  static bool contains(const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  }

  static HttpFields parsed(std::string_view lines) {
    HttpFields fields;
    for (std::size_t end = 0; (end = lines.find("\r\n")) > 0; lines.remove_prefix(end + 2)) {
      const std::size_t colon = lines.find(':');
      fields.emplace_back(lines.substr(0, colon),
                          trimmed(lines.substr(colon + 1, end - colon - 1)));
    }
    return fields;
  }

  static std::string valueOf(const HttpFields& fields, const std::string& name) {
    for (const auto& [key, value] : fields) {
      if (lower(key) == name) return value;
    }
    return {};
  }

  static std::vector<std::string> connectionOptions(const HttpFields& fields) {
    std::vector<std::string> options;
    for (const auto& [name, value] : fields) {
      if (lower(name) != "connection") continue;
      std::istringstream list(value);
      for (std::string it; std::getline(list, it, ',');) options.push_back(lower(trimmed(it)));
    }
    return options;
  }

  /// The host is empty where the target does not say it.
  static std::pair<std::string, std::string> hostAndPath(std::string_view target) {
    constexpr std::string_view kScheme = "http://";
    if (!lower(std::string(target)).starts_with(kScheme)) return {"", std::string(target)};
    target.remove_prefix(kScheme.size());
    const std::size_t end = std::min(target.find_first_of("/?"), target.size());
    const std::string path(target.substr(end));
    return {std::string(target.substr(0, end)), (path.starts_with('/') ? "" : "/") + path};
  }

  static bool goesOn(const std::string& name, const std::vector<std::string>& options,
                     bool upgrades, const Row& it) {
    if (name == "upgrade") return upgrades;
    if (name == "expect") {
      return it.version == proxy::http::Version::k11 && it.body != proxy::http::kNoBody;
    }
    static const std::vector<std::string> kOfOneHopOrOurs = {"host",
                                                             "connection",
                                                             "content-length",
                                                             "transfer-encoding",
                                                             "te",
                                                             "keep-alive",
                                                             "proxy-connection",
                                                             "proxy-authorization",
                                                             "content_length",
                                                             "transfer_encoding"};
    return !contains(kOfOneHopOrOurs, name) && !contains(options, name);
  }
};

TEST_P(ValidTest, RequestsReachTheUpstreamByteForByte) {
  std::size_t requests = 0;
  std::string everything;
  for (const Row& it : proxy::http::kValidRequests) {
    if (it.bytes.starts_with("CONNECT ") || isTooLong(it)) continue;
    const Expected expected = expectedOf(it);
    SCOPED_TRACE(it.name);
    HttpClient client = this->client();
    client.send(std::string(it.bytes) + bodyOf(it) + get("/behind"));
    const auto answer = client.answer(expected.method);
    EXPECT_EQ(answer.status, 200);
    if (expected.method != "HEAD") {
      EXPECT_EQ(answer.body, expected.bytes);
    }
    everything += expected.bytes;
    ++requests;
    if (it.keepAlive) {
      EXPECT_EQ(client.answer().body, get("/behind"));
      everything += get("/behind");
      ++requests;
    } else {
      client.endWriting();
      client.expectEnd();
    }
    if (HasFailure()) break;
  }
  const auto ended = stop();
  EXPECT_EQ(upstream_.everything(), everything);
  EXPECT_EQ(ended["requests"], requests);
  expectOneConnect(ended);
}

INSTANTIATE_TEST_SUITE_P(Gateway, ValidTest, testing::ValuesIn(everyFault()), settingName);

}  // namespace
}  // namespace e2e
