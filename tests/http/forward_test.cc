#include "http/forward.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "http/head_parser.h"

namespace proxy::http {
namespace {

constexpr ClientSide kClient{"192.0.2.7", false, "http"};

ForwardRules plainRules() {
  ForwardRules rules;
  rules.forwarded = ForwardedStyle::kNone;
  return rules;
}

/// A request as it goes on, or why it does not.
std::string forwarded(std::string_view bytes, const ForwardRules& rules = plainRules(),
                      const ClientSide& client = kClient, bool upgrade = false) {
  RequestParser parser{HeadLimits{}};
  if (parser.parse(bytes) != Parsed::kDone) return std::string(info(parser.problem()).text);
  const RequestHead& head = parser.head();
  std::string out;
  appendRequest(out, head, *parseTarget(head.method, head.target), parser.framing().body, client,
                rules, upgrade);
  return out;
}

TEST(ForwardRequest, WritesTheLineAndHost) {
  struct Row {
    std::string_view request;
    std::string_view forwarded;
  };
  constexpr Row kRows[] = {
      {"GET /a?b HTTP/1.1\r\nHost: c:80\r\n\r\n",
       "GET /a?b HTTP/1.1\r\nHost: c:80\r\nVia: 1.1 proxy\r\n\r\n"},
      {"OPTIONS * HTTP/1.1\r\nHost: c\r\n\r\n",
       "OPTIONS * HTTP/1.1\r\nHost: c\r\nVia: 1.1 proxy\r\n\r\n"},
      {"GET http://d:81/a?b HTTP/1.1\r\nHost: c\r\n\r\n",
       "GET /a?b HTTP/1.1\r\nHost: d:81\r\nVia: 1.1 proxy\r\n\r\n"},
      {"GET http://d HTTP/1.1\r\nHost: c\r\n\r\n",
       "GET / HTTP/1.1\r\nHost: d\r\nVia: 1.1 proxy\r\n\r\n"},
      {"GET http://d?b HTTP/1.1\r\nHost: c\r\n\r\n",
       "GET /?b HTTP/1.1\r\nHost: d\r\nVia: 1.1 proxy\r\n\r\n"},
      {"OPTIONS http://d HTTP/1.1\r\nHost: c\r\n\r\n",
       "OPTIONS * HTTP/1.1\r\nHost: d\r\nVia: 1.1 proxy\r\n\r\n"},
      {"CONNECT d:443 HTTP/1.1\r\nHost: d:443\r\n\r\n",
       "CONNECT d:443 HTTP/1.1\r\nHost: d:443\r\nVia: 1.1 proxy\r\n\r\n"},
      {"\r\nGET / HTTP/1.1\r\nA: b\r\nhost: \t c \r\n\r\n",
       "GET / HTTP/1.1\r\nHost: c\r\nA: b\r\nVia: 1.1 proxy\r\n\r\n"},
      {"GET / HTTP/1.0\r\nHost: c\r\n\r\n", "GET / HTTP/1.1\r\nHost: c\r\nVia: 1.0 proxy\r\n\r\n"},
      {"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: upstream\r\nVia: 1.0 proxy\r\n\r\n"},
  };
  ForwardRules rules = plainRules();
  rules.host = "upstream";
  for (const Row& row : kRows) EXPECT_EQ(row.forwarded, forwarded(row.request, rules));
}

/// The fields that go on of those given, behind Host and without Via.
std::string fieldsOf(std::string_view fields, const ForwardRules& given = plainRules(),
                     const ClientSide& client = kClient, bool upgrade = false) {
  ForwardRules rules = given;
  rules.via = "";
  const std::string request = "POST / HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
  const std::string out = forwarded(request, rules, client, upgrade);
  constexpr std::string_view kStart = "POST / HTTP/1.1\r\nHost: h\r\n";
  if (!out.starts_with(kStart) || !out.ends_with("\r\n\r\n")) return out;
  return out.substr(kStart.size(), out.size() - kStart.size() - 2);
}

TEST(ForwardRequest, LeavesOutWhatIsForOneHop) {
  struct Row {
    std::string_view in;
    std::string_view out;
  };
  constexpr Row kRows[] = {
      {"", ""},
      {"A: b\r\nC:\r\nA:  d \r\n", "A: b\r\nC: \r\nA: d\r\n"},
      {"Connection: close\r\n", ""},
      {"Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n", ""},
      {"Proxy-Connection: keep-alive\r\nA: b\r\n", "A: b\r\n"},
      {"Proxy-Authorization: Basic x\r\nAuthorization: y\r\n", "Authorization: y\r\n"},
      {"Upgrade: websocket\r\nConnection: upgrade\r\n", ""},
      {"Connection: a, B\r\nA: 1\r\nb: 2\r\nAB: 3\r\n", "AB: 3\r\n"},
      {"A: 1\r\nConnection: a\r\nConnection: c,\r\nC: 2\r\nA: 3\r\n", ""},
      {"Connection: cookie, Authorization\r\nCookie: a\r\nAuthorization: b\r\n", ""},
      {"Connection: user-agent, referer, Date\r\nUser-Agent: a\r\nReferer: b\r\nDate: c\r\n", ""},
      {"Connection: content-length\r\nContent-Length: 5\r\n", "Content-Length: 5\r\n"},
      {"Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n",
       "Transfer-Encoding: chunked\r\n"},
      {"Connection: host, via\r\nVia: 1.0 a\r\n", "Via: 1.0 a\r\n"},
      {"Connection: expect\r\nContent-Length: 5\r\nExpect: 100-continue\r\n",
       "Expect: 100-continue\r\nContent-Length: 5\r\n"},
      {"Connection: \"a\"\r\nA: 1\r\n", "A: 1\r\n"},
      {"Trailer: A\r\nTransfer-Encoding: chunked\r\n",
       "Trailer: A\r\nTransfer-Encoding: chunked\r\n"},
      {"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n", ""},
  };
  for (const Row& row : kRows) EXPECT_EQ(row.out, fieldsOf(row.in)) << row.in;
}

TEST(ForwardRequest, SaysOnlyOfTrailersThatItTakesThem) {
  struct Row {
    std::string_view in;
    std::string_view out;
  };
  constexpr Row kRows[] = {
      {"TE: trailers\r\n", "TE: trailers\r\nConnection: TE\r\n"},
      {"TE: gzip;q=0.5, Trailers\r\nConnection: TE\r\n", "TE: trailers\r\nConnection: TE\r\n"},
      {"TE: gzip\r\nConnection: TE\r\n", ""},
      {"TE:\r\n", ""},
      {"TE: trailers;q=0\r\n", ""},
  };
  for (const Row& row : kRows) EXPECT_EQ(row.out, fieldsOf(row.in)) << row.in;
  EXPECT_EQ("GET / HTTP/1.1\r\nHost: \r\nVia: 1.0 proxy\r\n\r\n",
            forwarded("GET / HTTP/1.0\r\nTE: trailers\r\n\r\n"))
      << "a client of 1.0 takes none";
}

TEST(ForwardRequest, WritesTheFramingAnew) {
  EXPECT_EQ("Content-Length: 5\r\n", fieldsOf("CONTENT-LENGTH:  5 \r\n"));
  EXPECT_EQ("Content-Length: 0\r\n", fieldsOf("Content-Length: 0\r\n"));
  EXPECT_EQ("Content-Length: 9223372036854775807\r\n",
            fieldsOf("Content-Length: 9223372036854775807\r\n"));
  EXPECT_EQ("A: b\r\nTransfer-Encoding: chunked\r\n",
            fieldsOf("transfer-encoding: CHUNKED\r\nA: b\r\n"));
}

TEST(ForwardRequest, PassesExpectationsThatCount) {
  EXPECT_EQ("Expect: 100-Continue\r\nContent-Length: 5\r\n",
            fieldsOf("Expect: 100-Continue\r\nContent-Length: 5\r\n"));
  EXPECT_EQ("", fieldsOf("Expect: 100-continue\r\n")) << "there is nothing to wait for";
  EXPECT_EQ("POST / HTTP/1.1\r\nHost: a\r\nVia: 1.0 proxy\r\nContent-Length: 5\r\n\r\n",
            forwarded("POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\n"
                      "Expect: 100-continue\r\n\r\n"));
}

TEST(ForwardRequest, Upgrades) {
  EXPECT_EQ("Upgrade: websocket\r\nSec-WebSocket-Key: x\r\nConnection: Upgrade\r\n",
            fieldsOf("Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
                     "Sec-WebSocket-Key: x\r\n",
                     plainRules(), kClient, true));
  EXPECT_EQ("Upgrade: x\r\nTE: trailers\r\nConnection: Upgrade, TE\r\n",
            fieldsOf("Connection: Upgrade, TE, Y\r\nTE: trailers\r\nUpgrade: x\r\nY: z\r\n",
                     plainRules(), kClient, true));
}

TEST(ForwardRequest, AddsItselfToVia) {
  ForwardRules rules = plainRules();
  rules.via = "edge.example:80";
  EXPECT_EQ("GET / HTTP/1.1\r\nHost: h\r\nVia: 1.0 a, 1.1 b\r\nVia: 1.1 edge.example:80\r\n\r\n",
            forwarded("GET / HTTP/1.1\r\nHost: h\r\nVia: 1.0 a, 1.1 b\r\n\r\n", rules));
}

TEST(ForwardRequest, SaysWhereItCameFrom) {
  constexpr ClientSide kSix{"2001:db8::7", true, "https"};
  constexpr ClientSide kPath{"", false, "http"};
  constexpr std::string_view kIncoming =
      "Forwarded: for=evil\r\nForwarded: for=worse\r\nX-Forwarded-For: 1.1.1.1\r\n"
      "x-forwarded-for: 2.2.2.2, 3.3.3.3\r\nX-Forwarded-Proto: https\r\n"
      "X-Forwarded-Host: evil\r\nConnection: X-Forwarded-For, Forwarded\r\n";
  struct Row {
    ForwardedStyle style;
    bool trust;
    ClientSide client;
    std::string_view in;
    std::string_view out;
  };
  const Row rows[] = {
      {ForwardedStyle::kNone, false, kClient, kIncoming, ""},
      {ForwardedStyle::kNone, true, kClient, "", ""},
      {ForwardedStyle::kNone, true, kClient, kIncoming,
       "Forwarded: for=evil\r\nForwarded: for=worse\r\nX-Forwarded-For: 1.1.1.1\r\n"
       "x-forwarded-for: 2.2.2.2, 3.3.3.3\r\nX-Forwarded-Proto: https\r\n"
       "X-Forwarded-Host: evil\r\n"},
      {ForwardedStyle::kForwarded, false, kClient, "",
       "Forwarded: for=192.0.2.7;host=h;proto=http\r\n"},
      {ForwardedStyle::kForwarded, false, kClient, kIncoming,
       "Forwarded: for=192.0.2.7;host=h;proto=http\r\n"},
      {ForwardedStyle::kForwarded, true, kClient, kIncoming,
       "X-Forwarded-For: 1.1.1.1\r\nx-forwarded-for: 2.2.2.2, 3.3.3.3\r\n"
       "X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\n"
       "Forwarded: for=evil, for=worse, for=192.0.2.7;host=h;proto=http\r\n"},
      {ForwardedStyle::kForwarded, false, kSix, "",
       "Forwarded: for=\"[2001:db8::7]\";host=h;proto=https\r\n"},
      {ForwardedStyle::kForwarded, false, kPath, "",
       "Forwarded: for=unknown;host=h;proto=http\r\n"},
      {ForwardedStyle::kXForwarded, false, kClient, "",
       "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: h\r\n"},
      {ForwardedStyle::kXForwarded, false, kClient, kIncoming,
       "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: h\r\n"},
      {ForwardedStyle::kXForwarded, true, kClient, kIncoming,
       "Forwarded: for=evil\r\nForwarded: for=worse\r\n"
       "X-Forwarded-For: 1.1.1.1, 2.2.2.2, 3.3.3.3, 192.0.2.7\r\nX-Forwarded-Proto: https\r\n"
       "X-Forwarded-Host: evil\r\n"},
      {ForwardedStyle::kXForwarded, true, kClient, "X-Forwarded-For:\r\n",
       "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: h\r\n"},
      {ForwardedStyle::kXForwarded, false, kSix, "",
       "X-Forwarded-For: 2001:db8::7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: h\r\n"},
      {ForwardedStyle::kXForwarded, false, kPath, "",
       "X-Forwarded-For: unknown\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: h\r\n"},
  };
  for (const Row& row : rows) {
    ForwardRules rules = plainRules();
    rules.forwarded = row.style;
    rules.trustForwarded = row.trust;
    EXPECT_EQ(row.out, fieldsOf(row.in, rules, row.client)) << row.in;
  }
}

TEST(ForwardRequest, DropsWhatNothingCanBeWrittenBehind) {
  struct Row {
    ForwardedStyle style;
    std::string_view in;
    std::string_view out;
  };
  constexpr std::string_view kOurs = "Forwarded: for=192.0.2.7;host=h;proto=http\r\n";
  constexpr std::string_view kXOurs =
      "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: h\r\n";
  const Row rows[] = {
      {ForwardedStyle::kForwarded, "Forwarded: for=\"evil\r\n", kOurs},
      {ForwardedStyle::kForwarded, "Forwarded: for=a;host=\"b\\\"\r\n", kOurs},
      {ForwardedStyle::kForwarded, "Forwarded: for=\"a\\\r\n", kOurs},
      {ForwardedStyle::kForwarded, "Forwarded: for=\"a\r\nForwarded: for=\"b\"\r\n",
       "Forwarded: for=\"b\", for=192.0.2.7;host=h;proto=http\r\n"},
      {ForwardedStyle::kXForwarded, "X-Forwarded-For: \"1.1.1.1\r\n", kXOurs},
      {ForwardedStyle::kXForwarded, "X-Forwarded-For: \"1.1.1.1\r\nX-Forwarded-For: 2.2.2.2\r\n",
       "X-Forwarded-For: 2.2.2.2, 192.0.2.7\r\nX-Forwarded-Proto: http\r\n"
       "X-Forwarded-Host: h\r\n"},
      {ForwardedStyle::kXForwarded, "Forwarded: for=\"evil\r\n", kXOurs},
      {ForwardedStyle::kForwarded, "X-Forwarded-For: \"1.1.1.1\r\n", kOurs},
  };
  for (const Row& row : rows) {
    ForwardRules rules = plainRules();
    rules.forwarded = row.style;
    rules.trustForwarded = true;
    EXPECT_EQ(row.out, fieldsOf(row.in, rules)) << row.in;
  }
}

TEST(ForwardRequest, PassesWhatAuthenticatesToTheProxyThatCarriesTheTunnel) {
  EXPECT_EQ(
      "CONNECT d:443 HTTP/1.1\r\nHost: d:443\r\nProxy-Authorization: Basic x\r\n"
      "Via: 1.1 proxy\r\n\r\n",
      forwarded("CONNECT d:443 HTTP/1.1\r\nHost: d:443\r\nProxy-Connection: keep-alive\r\n"
                "Proxy-Authorization: Basic x\r\n\r\n"));
}

TEST(ForwardRequest, CountsWhereItSaysHowOften) {
  struct Row {
    std::string_view method;
    std::string_view fields;
    bool valid;
    std::optional<std::uint64_t> left;
    std::string_view forwarded;  // where it goes on
  };
  constexpr Row kRows[] = {
      {"OPTIONS", "", true, std::nullopt, ""},
      {"OPTIONS", "Max-Forwards: 0\r\n", true, 0, ""},
      {"TRACE", "max-forwards: 00\r\n", true, 0, ""},
      {"OPTIONS", "Max-Forwards: 1\r\n", true, 1, "Max-Forwards: 0\r\n"},
      {"TRACE", "MAX-FORWARDS: 10\r\n", true, 10, "Max-Forwards: 9\r\n"},
      {"TRACE", "Connection: max-forwards\r\nMax-Forwards: 2\r\n", true, 2, "Max-Forwards: 1\r\n"},
      {"OPTIONS", "Max-Forwards: 99999999999999999999999\r\n", true, ~std::uint64_t{0},
       "Max-Forwards: 18446744073709551614\r\n"},
      {"OPTIONS", "Max-Forwards:\r\n", false, std::nullopt, ""},
      {"OPTIONS", "Max-Forwards: -1\r\n", false, std::nullopt, ""},
      {"OPTIONS", "Max-Forwards: +1\r\n", false, std::nullopt, ""},
      {"TRACE", "Max-Forwards: 1x\r\n", false, std::nullopt, ""},
      {"TRACE", "Max-Forwards: 1, 1\r\n", false, std::nullopt, ""},
      {"TRACE", "Max-Forwards: 1\r\nMax-Forwards: 1\r\n", false, 1, ""},
      {"GET", "Max-Forwards: 0\r\n", true, std::nullopt, "Max-Forwards: 0\r\n"},
      {"GET", "Max-Forwards: nonsense\r\n", true, std::nullopt, "Max-Forwards: nonsense\r\n"},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(std::string(row.method) + " " + std::string(row.fields));
    const std::string start = std::string(row.method) + " / HTTP/1.1\r\nHost: h\r\n";
    const std::string request = start + std::string(row.fields) + "\r\n";
    RequestParser parser{HeadLimits{}};
    ASSERT_EQ(Parsed::kDone, parser.parse(request));
    const MaxForwards most = maxForwards(parser.head());
    EXPECT_EQ(row.valid, most.valid);
    EXPECT_EQ(row.left, most.left);
    if (!most.valid || most.left == 0) continue;
    ForwardRules rules = plainRules();
    rules.via = "";
    EXPECT_EQ(start + std::string(row.forwarded) + "\r\n", forwarded(request, rules));
  }
}

TEST(ForwardRequest, QuotesAHostThatIsNoToken) {
  ForwardRules rules = plainRules();
  rules.forwarded = ForwardedStyle::kForwarded;
  EXPECT_EQ(
      "GET / HTTP/1.1\r\nHost: [::1]:80\r\nVia: 1.1 proxy\r\n"
      "Forwarded: for=192.0.2.7;host=\"[::1]:80\";proto=http\r\n\r\n",
      forwarded("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", rules));
  EXPECT_EQ(
      "GET / HTTP/1.1\r\nHost: d:81\r\nVia: 1.1 proxy\r\n"
      "Forwarded: for=192.0.2.7;host=\"d:81\";proto=http\r\n\r\n",
      forwarded("GET http://d:81/ HTTP/1.1\r\nHost: c\r\n\r\n", rules))
      << "of the target, as Host is";
  EXPECT_EQ(
      "GET / HTTP/1.1\r\nHost: \r\nVia: 1.0 proxy\r\n"
      "Forwarded: for=192.0.2.7;proto=http\r\n\r\n",
      forwarded("GET / HTTP/1.0\r\n\r\n", rules))
      << "nobody said a host";
}

TEST(ForwardRequest, SeesThroughUnderscores) {
  EXPECT_EQ("X_Forwarded: c\r\nX_Other_Field_For: d\r\n",
            fieldsOf("X_Forwarded_For: a\r\nx-forwarded_PROTO: b\r\nX_Forwarded-Host: b\r\n"
                     "X_Forwarded: c\r\nX_Other_Field_For: d\r\n"));
  EXPECT_EQ("", fieldsOf("Content_Length: 5\r\ntransfer_ENCODING: chunked\r\n"));
}

TEST(ForwardRequest, DropsWhatCgiWouldTakeForItsProxy) {
  EXPECT_EQ("Proxy-Thing: b\r\n", fieldsOf("Proxy: a\r\npROXY: a\r\nProxy-Thing: b\r\n"));
}

/// A response as it goes on to the client.
std::string answered(std::string_view bytes, const ResponseRules& rules = {},
                     std::string_view method = "GET") {
  ResponseParser parser{HeadLimits{}};
  parser.reset(method);
  if (parser.parse(bytes) != Parsed::kDone) return std::string(info(parser.problem()).text);
  std::string out;
  appendResponse(out, parser.head(), parser.framing().body, method, rules);
  return out;
}

ResponseRules silentRules() {
  ResponseRules rules;
  rules.via = "";
  return rules;
}

TEST(ForwardResponse, WritesTheStatusLineAnew) {
  const ResponseRules rules = silentRules();
  EXPECT_EQ("HTTP/1.1 200 OK\r\n\r\n", answered("HTTP/1.1 200 OK\r\n\r\n", rules));
  EXPECT_EQ("HTTP/1.1 200 OK\r\n\r\n", answered("HTTP/1.0 200\r\n\r\n", rules));
  EXPECT_EQ("HTTP/1.1 200 Fine\r\n\r\n", answered("HTTP/1.1 200 Fine \r\n\r\n", rules));
  EXPECT_EQ("HTTP/1.1 599 \r\n\r\n", answered("HTTP/1.1 599\r\n\r\n", rules));
}

TEST(ForwardResponse, LeavesOutWhatIsForOneHop) {
  struct Row {
    std::string_view in;
    std::string_view out;
  };
  constexpr Row kRows[] = {
      {"A: b\r\nA: c\r\n", "A: b\r\nA: c\r\n"},
      {"Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n", ""},
      {"Connection: a, Set-Cookie\r\nA: b\r\nSet-Cookie: c\r\n", ""},
      {"Connection: content-length, via\r\nVia: 1.0 a\r\n", "Via: 1.0 a\r\n"},
      {"Proxy-Connection: close\r\nProxy-Authenticate: Basic\r\n", ""},
      {"Upgrade: h2c\r\nConnection: Upgrade\r\n", ""},
      {"TE: x\r\nServer: a\r\nDate: b\r\n", "Server: a\r\nDate: b\r\n"},
      {"Proxy-Status: a\r\n", "Proxy-Status: a\r\n"},
      {"Trailer: A\r\n", ""},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ("HTTP/1.1 200 OK\r\n" + std::string(row.out) + "\r\n",
              answered("HTTP/1.1 200 OK\r\n" + std::string(row.in) + "\r\n", silentRules()));
  }
}

TEST(ForwardResponse, PassesOnWhatATunnelsProxyAsksForToAuthenticate) {
  constexpr std::string_view kAnswer =
      "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n"
      "Content-Length: 0\r\n\r\n";
  EXPECT_EQ(kAnswer, answered(kAnswer, silentRules(), "CONNECT"));
  EXPECT_EQ("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
            answered(kAnswer, silentRules(), "GET"));
}

TEST(ForwardResponse, WritesTheFramingAnew) {
  struct Row {
    std::string_view in;
    std::string_view method;
    std::string_view out;
  };
  constexpr Row kRows[] = {
      {"HTTP/1.1 200 OK\r\nCONTENT-LENGTH: 5\r\nA: b\r\n\r\n", "GET",
       "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\n\r\n"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nTrailer: A\r\n\r\n", "GET",
       "HTTP/1.1 200 OK\r\nTrailer: A\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"HTTP/1.1 200 OK\r\n\r\n", "GET", "HTTP/1.1 200 OK\r\n\r\n"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD",
       "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD", "HTTP/1.1 200 OK\r\n\r\n"},
      {"HTTP/1.1 200 OK\r\n\r\n", "HEAD", "HTTP/1.1 200 OK\r\n\r\n"},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "GET",
       "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"},
      {"HTTP/1.1 304 Not Modified\r\n\r\n", "GET", "HTTP/1.1 304 Not Modified\r\n\r\n"},
      {"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "GET",
       "HTTP/1.1 204 No Content\r\n\r\n"},
      {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "HEAD",
       "HTTP/1.1 204 No Content\r\n\r\n"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "CONNECT", "HTTP/1.1 200 OK\r\n\r\n"},
      {"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n", "HEAD",
       "HTTP/1.1 100 Continue\r\n\r\n"},
  };
  for (const Row& row : kRows) EXPECT_EQ(row.out, answered(row.in, silentRules(), row.method));
}

TEST(ForwardResponse, TurnsChunksForAClientThatKnowsNone) {
  ResponseParser parser{HeadLimits{}};
  parser.reset("GET");
  ASSERT_EQ(Parsed::kDone,
            parser.parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n"));
  ResponseRules rules = silentRules();
  rules.clientVersion = Version::k10;
  rules.keepAlive = false;
  std::string out;
  appendResponse(out, parser.head(), BodyUntilEnd{}, "GET", rules);
  EXPECT_EQ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", out);
}

TEST(ForwardResponse, SaysWhetherTheConnectionGoesOn) {
  struct Row {
    Version version;
    bool keepAlive;
    std::string_view line;
  };
  constexpr Row kRows[] = {
      {Version::k11, true, ""},
      {Version::k11, false, "Connection: close\r\n"},
      {Version::k10, true, "Connection: keep-alive\r\n"},
      {Version::k10, false, "Connection: close\r\n"},
  };
  for (const Row& row : kRows) {
    ResponseRules rules = silentRules();
    rules.clientVersion = row.version;
    rules.keepAlive = row.keepAlive;
    EXPECT_EQ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + std::string(row.line) + "\r\n",
              answered("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", rules));
    EXPECT_EQ("HTTP/1.1 100 Continue\r\n\r\n", answered("HTTP/1.1 100 Continue\r\n\r\n", rules))
        << "which another answer follows";
  }
}

TEST(ForwardResponse, SaysWhatToUpgradeToWhereThatIsRequired) {
  const std::string_view required =
      "HTTP/1.1 426 Upgrade Required\r\nUpgrade: h3\r\nConnection: Upgrade\r\n"
      "Content-Length: 0\r\n\r\n";
  EXPECT_EQ(
      "HTTP/1.1 426 Upgrade Required\r\nUpgrade: h3\r\nVia: 1.1 proxy\r\nContent-Length: 0\r\n"
      "Connection: Upgrade\r\n\r\n",
      answered(required));
  ResponseRules ends;
  ends.keepAlive = false;
  EXPECT_THAT(answered(required, ends), testing::HasSubstr("\r\nConnection: close, Upgrade\r\n"));
}

TEST(ForwardResponse, Upgrades) {
  ResponseRules rules = silentRules();
  rules.upgrade = true;
  EXPECT_EQ(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n"
      "Connection: Upgrade\r\n\r\n",
      answered("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
               "Connection: upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
               rules));
}

TEST(ForwardResponse, AddsADateWhereThereIsNone) {
  ResponseRules rules = silentRules();
  rules.date = "Sun, 06 Nov 1994 08:49:37 GMT";
  EXPECT_EQ("HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n",
            answered("HTTP/1.1 200 OK\r\n\r\n", rules));
  EXPECT_EQ("HTTP/1.1 200 OK\r\nDate: x\r\nA: b\r\n\r\n",
            answered("HTTP/1.1 200 OK\r\nDate: x\r\nA: b\r\n\r\n", rules));
  EXPECT_EQ("HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n",
            answered("HTTP/1.1 200 OK\r\nConnection: date\r\nDate: x\r\n\r\n", rules));
  EXPECT_EQ("HTTP/1.1 100 Continue\r\n\r\n", answered("HTTP/1.1 100 Continue\r\n\r\n", rules));
}

TEST(ForwardResponse, AddsItselfToVia) {
  EXPECT_EQ("HTTP/1.1 200 OK\r\nVia: 1.1 a\r\nVia: 1.0 proxy\r\n\r\n",
            answered("HTTP/1.0 200 OK\r\nVia: 1.1 a\r\n\r\n"));
}

TEST(ForwardTrailers, LeavesOutWhatBelongsToHeads) {
  constexpr std::string_view kNames[] = {
      "A",
      "Transfer-Encoding",
      "Content-Length",
      "Host",
      "Connection",
      "Trailer",
      "TE",
      "Upgrade",
      "Keep-Alive",
      "Date",
      "Expect",
      "Via",
      "X-Forwarded-For",
      "Forwarded",
      "Authorization",
      "Set-Cookie",
      "Content-Type",
      "Content-Encoding",
      "Content-Range",
      "Cache-Control",
      "Location",
      "Proxy-Status",
      "Proxy-Authenticate",
      "Max-Forwards",
      "ETag",
      "Content-MD5",
  };
  std::vector<Field> fields;
  for (const std::string_view name : kNames) fields.push_back({name, "x", nameOf(name)});
  std::string out = "...";
  appendTrailers(out, fields);
  EXPECT_EQ("...A: x\r\nProxy-Status: x\r\nETag: x\r\nContent-MD5: x\r\n", out);
}

TEST(ForwardProblem, IsAWholeAnswer) {
  std::string out;
  ResponseRules rules;
  rules.date = "Sun, 06 Nov 1994 08:49:37 GMT";
  appendProblem(out, Problem::kUnavailable, "GET", rules);
  EXPECT_EQ(
      "HTTP/1.1 503 Service Unavailable\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
      "Content-Type: text/plain\r\nContent-Length: 39\r\nRetry-After: 5\r\n"
      "Proxy-Status: proxy; error=destination_unavailable; "
      "details=\"No upstream can be reached at present.\"\r\n\r\n"
      "No upstream can be reached at present.\n",
      out);
}

TEST(ForwardProblem, QuotesANameThatIsNoToken) {
  std::string out;
  ResponseRules rules;
  rules.via = "192.0.2.1:80";
  appendProblem(out, Problem::kBadRequest, "HEAD", rules);
  EXPECT_NE(std::string::npos, out.find("Proxy-Status: \"192.0.2.1:80\"; error=http_request_error; "
                                        "details=\"The request is malformed.\"\r\n"))
      << out;
}

TEST(ForwardProblem, SaysWhenToAskAgain) {
  std::string out;
  appendProblem(out, {Problem::kUnavailable, std::chrono::seconds(3600)}, "GET", {});
  EXPECT_NE(std::string::npos, out.find("\r\nRetry-After: 3600\r\n")) << out;
  out.clear();
  appendProblem(out, {Problem::kConnectionRefused, std::chrono::seconds(3600)}, "GET", {});
  EXPECT_EQ(std::string::npos, out.find("Retry-After")) << out;
}

TEST(ForwardProblem, OfEachKindCanBeRead) {
  for (int i = 1; i < Problem::kReasons; ++i) {
    const Problem problem = static_cast<Problem::Reason>(i);
    SCOPED_TRACE(info(problem).text);
    for (const std::string_view method : {"GET", "HEAD"}) {
      ResponseRules rules;
      rules.keepAlive = false;
      std::string out;
      appendProblem(out, problem, method, rules);
      ResponseParser parser{HeadLimits{}};
      parser.reset("GET");
      ASSERT_EQ(Parsed::kDone, parser.parse(out));
      EXPECT_EQ(info(problem).status, parser.head().status);
      EXPECT_FALSE(parser.framing().keepAlive);
      ASSERT_TRUE(std::holds_alternative<SizedBody>(parser.framing().body));
      const std::size_t body = method == "HEAD" ? 0 : out.size() - parser.headSize();
      EXPECT_EQ(method == "HEAD" ? 0 : std::get<SizedBody>(parser.framing().body).size, body);
      EXPECT_EQ(out.size(), parser.headSize() + body);
      EXPECT_EQ(info(problem).status == 503, out.find("\r\nRetry-After: ") != std::string::npos);
      EXPECT_TRUE(find(parser.head().fields, Name::kProxyStatus));
    }
  }
}

}  // namespace
}  // namespace proxy::http
