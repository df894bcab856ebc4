#include "http/head_parser.h"

#include <cstdint>
#include <string>
#include <variant>

#include <gtest/gtest.h>

#include "http/malformed_requests.h"
#include "http/malformed_responses.h"
#include "http/parsing.h"
#include "http/valid_requests.h"

namespace proxy::http {
namespace {

constexpr std::string_view kNext = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";

std::int64_t bodyOf(const BodyLength& body) {
  if (const auto* sized = std::get_if<SizedBody>(&body)) {
    return static_cast<std::int64_t>(sized->size);
  }
  if (std::holds_alternative<ChunkedBody>(body)) return kChunked;
  return std::holds_alternative<NoBody>(body) ? kNoBody : kUntilEnd;
}

TEST(RequestParser, RefusesWhatIsMalformedHoweverItComesIn) {
  for (const MalformedRequest& row : kMalformedRequests) {
    SCOPED_TRACE(row.name);
    const Reading expected{Parsed::kRefused, row.problem, 0, 0};
    const std::string followed = std::string(row.bytes).append(kNext);
    RequestParser parser{HeadLimits{}};
    for (const std::size_t step : {std::string::npos / 2, std::size_t{1}, std::size_t{7}}) {
      parser.reset();
      EXPECT_EQ(expected, readInSteps(parser, row.bytes, step)) << "step " << step;
      parser.reset();
      EXPECT_EQ(expected, readInSteps(parser, followed, step)) << "followed, step " << step;
      EXPECT_EQ(Parsed::kRefused, parser.parse(kNext)) << "and it stays so";
    }
  }
}

TEST(RequestParser, ForgetsWhatItRefused) {
  for (const MalformedRequest& row : kMalformedRequests) {
    SCOPED_TRACE(row.name);
    RequestParser parser{HeadLimits{}};
    (void)readInSteps(parser, row.bytes, 1);
    parser.reset();
    EXPECT_EQ((Reading{Parsed::kDone, Problem::kNone, kNext.size(), 0}),
              readInSteps(parser, kNext, 1));
    EXPECT_EQ(Problem::kNone, parser.problem());
  }
}

TEST(RequestParser, ReadsWhatIsValidHoweverItComesIn) {
  for (const ValidRequest& row : kValidRequests) {
    SCOPED_TRACE(row.name);
    const std::string bytes = std::string(row.bytes).append(kNext);
    RequestParser parser{HeadLimits{}};
    for (const std::size_t step : {std::string::npos / 2, std::size_t{1}, std::size_t{7}}) {
      SCOPED_TRACE(step);
      parser.reset();
      ASSERT_EQ((Reading{Parsed::kDone, Problem::kNone, row.bytes.size(), 0}),
                readInSteps(parser, bytes, step));
      ASSERT_EQ(Parsed::kDone, parser.parse(bytes)) << "asked again, for the bytes have moved";
      EXPECT_EQ(row.bytes.size(), parser.headSize());
      const std::string_view text = row.bytes.substr(row.bytes.find_first_not_of("\r\n"));
      EXPECT_EQ(text, parser.head().text);
      EXPECT_EQ(text.substr(0, text.find(' ')), parser.head().method);
      EXPECT_EQ(row.target, parser.head().target);
      EXPECT_EQ(row.version, parser.head().version);
      EXPECT_EQ(row.body, bodyOf(parser.framing().body));
      EXPECT_EQ(row.keepAlive, parser.framing().keepAlive);
      EXPECT_EQ(row.expectsContinue, parser.framing().expectsContinue);
    }
  }
}

TEST(RequestParser, KnowsTheseMethods) {
  for (const char* method :
       {"DELETE",   "GET",        "HEAD",     "POST",   "PUT",       "OPTIONS",     "TRACE",
        "COPY",     "LOCK",       "MKCOL",    "MOVE",   "PROPFIND",  "PROPPATCH",   "SEARCH",
        "UNLOCK",   "BIND",       "REBIND",   "UNBIND", "ACL",       "REPORT",      "MKACTIVITY",
        "CHECKOUT", "MERGE",      "M-SEARCH", "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE", "PATCH",
        "PURGE",    "MKCALENDAR", "LINK",     "UNLINK", "SOURCE",    "QUERY"}) {
    SCOPED_TRACE(method);
    const std::string bytes = std::string(method) + " /x HTTP/1.1\r\nHost: a\r\n\r\n";
    for (const std::size_t step : {bytes.size(), std::size_t{1}}) {
      RequestParser parser{HeadLimits{}};
      ASSERT_EQ(Parsed::kDone, readInSteps(parser, bytes, step).parsed);
      ASSERT_EQ(Parsed::kDone, parser.parse(bytes));
      EXPECT_EQ(method, parser.head().method);
      EXPECT_EQ("/x", parser.head().target);
    }
  }
}

TEST(RequestParser, TellsFieldsApart) {
  constexpr std::string_view kBytes =
      "GET / HTTP/1.1\r\nHost: a\r\nEmpty:\r\nSpaces: \t b c\t \r\nhost-like:d:e\r\n"
      "User-Agent: f\r\nX: \"g, \xc3\xa4\"\r\n\r\n";
  RequestParser parser{HeadLimits{}};
  ASSERT_EQ(Parsed::kDone, parser.parse(kBytes));
  struct Row {
    std::string_view name;
    std::string_view value;
    Name known;
  };
  constexpr Row kRows[] = {
      {"Host", "a", Name::kHost},
      {"Empty", "", Name::kOther},
      {"Spaces", "b c", Name::kOther},
      {"host-like", "d:e", Name::kOther},
      {"User-Agent", "f", Name::kUserAgent},
      {"X", "\"g, \xc3\xa4\"", Name::kOther},
  };
  const Fields fields = parser.head().fields;
  ASSERT_EQ(std::size(kRows), fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    EXPECT_EQ(kRows[i].name, fields[i].name);
    EXPECT_EQ(kRows[i].value, fields[i].value);
    EXPECT_EQ(kRows[i].known, fields[i].known);
  }
}

TEST(RequestParser, WaitsForTheRest) {
  constexpr std::string_view kBytes = "\r\nGET / HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n";
  for (std::size_t size = 0; size < kBytes.size(); ++size) {
    RequestParser parser{HeadLimits{}};
    EXPECT_EQ(Parsed::kMore, readStep(parser, kBytes.substr(0, size)).parsed) << size;
    EXPECT_EQ(Problem::kNone, parser.problem());
    EXPECT_EQ((Reading{Parsed::kDone, Problem::kNone, kBytes.size(), 0}), readStep(parser, kBytes));
  }
}

TEST(RequestParser, ReadsOneRequestBehindTheOther) {
  std::string bytes;
  for (int i = 0; i < 20; ++i) {
    bytes += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\nN: " + std::to_string(i);
    bytes += "\r\n\r\n";
  }
  RequestParser parser{HeadLimits{}};
  std::string_view rest = bytes;
  for (int i = 0; i < 20; ++i) {
    parser.reset();
    ASSERT_EQ(Parsed::kDone, parser.parse(rest));
    EXPECT_EQ(std::to_string(i), parser.head().target.substr(1));
    EXPECT_EQ(std::to_string(i), parser.head().fields[1].value);
    rest.remove_prefix(parser.headSize());
  }
  EXPECT_TRUE(rest.empty());
}

// A limit holds to the byte, whether the head is complete or not, and however it comes in.
struct LimitRow {
  std::string_view name;
  HeadLimits limits;
  std::string bytes;
  Reading expected;
};

TEST(RequestParser, HoldsItsLimits) {
  const std::string line = "GET /" + std::string(95, 'x') + " HTTP/1.1\r\n";  // a target of 96
  const std::string small = "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\nC: d\r\n\r\n";
  const std::string empties = "\r\n\r\n\r\n\r\n";
  constexpr HeadLimits kWide{};
  const auto bytes = [](std::size_t n) { return HeadLimits{n, 100, 8192}; };
  const auto fields = [](std::size_t n) { return HeadLimits{32768, n, 8192}; };
  const auto target = [](std::size_t n) { return HeadLimits{32768, 100, n}; };
  const auto done = [](const std::string& head) {
    return Reading{Parsed::kDone, Problem::kNone, head.size(), 0};
  };
  const auto refused = [](Problem why) { return Reading{Parsed::kRefused, why, 0, 0}; };
  const std::string host = "Host: a\r\n\r\n";
  const LimitRow rows[] = {
      {"just small enough", bytes(small.size()), small, done(small)},
      {"a byte too many", bytes(small.size() - 1), small, refused(Problem::kHeadTooLarge)},
      {"incomplete and too large", bytes(30), small.substr(0, 30), refused(Problem::kHeadTooLarge)},
      {"incomplete and not too large", bytes(31), small.substr(0, 30), Reading{}},
      {"empty lines count", bytes(small.size()), "\r\n" + small, refused(Problem::kHeadTooLarge)},
      {"empty lines alone", bytes(8), empties, refused(Problem::kHeadTooLarge)},
      {"a value without an end", bytes(1000), "GET / HTTP/1.1\r\nA: " + std::string(2000, 'x'),
       refused(Problem::kHeadTooLarge)},
      {"a name without an end", bytes(1000), "GET / HTTP/1.1\r\n" + std::string(2000, 'x'),
       refused(Problem::kHeadTooLarge)},
      {"just few enough fields", fields(3), small, done(small)},
      {"a field too many", fields(2), small, refused(Problem::kHeadTooLarge)},
      {"too many fields come before other faults", fields(2),
       "GET / HTTP/1.1\r\nA: b\r\nC: d\r\nE: f\r\n\r\n", refused(Problem::kHeadTooLarge)},
      {"a target just short enough", target(96), line + host, done(line + host)},
      {"a target too long by one", target(95), line + host, refused(Problem::kTargetTooLong)},
      {"a target too long, incomplete", target(50), line.substr(0, 55),
       refused(Problem::kTargetTooLong)},
      {"a target not yet too long", target(50), line.substr(0, 54), Reading{}},
      {"a target too long, then a fault", target(50), line + "A\001: b\r\n\r\n",
       refused(Problem::kTargetTooLong)},
      {"a fault in a target that is not too long", target(50), "GET /\001\r\n\r\n",
       refused(Problem::kBadRequest)},
      {"a target as long as the head may be", HeadLimits{64, 100, 8192}, line,
       refused(Problem::kHeadTooLarge)},
      {"a target too long for the defaults", kWide, "GET /" + std::string(40000, 'x'),
       refused(Problem::kTargetTooLong)},
      {"a head too large for the defaults", kWide,
       "GET / HTTP/1.1\r\nHost: a\r\nA: " + std::string(33000, 'x') + "\r\n\r\n",
       refused(Problem::kHeadTooLarge)},
  };
  for (const LimitRow& row : rows) {
    for (const std::size_t step : {row.bytes.size(), std::size_t{1}, std::size_t{13}}) {
      if (step == 1 && row.bytes.size() > 10000) continue;
      RequestParser parser(row.limits);
      EXPECT_EQ(row.expected, readInSteps(parser, row.bytes, step))
          << row.name << ", step " << step;
    }
  }
}

TEST(ResponseParser, RefusesWhatIsMalformedHoweverItComesIn) {
  for (const MalformedResponse& row : kMalformedResponses) {
    SCOPED_TRACE(row.name);
    const Reading expected{Parsed::kRefused, row.problem, 0, 0};
    const std::string followed =
        std::string(row.bytes).append("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    ResponseParser parser{HeadLimits{}};
    for (const std::size_t step : {std::string::npos / 2, std::size_t{1}, std::size_t{7}}) {
      parser.reset("GET");
      EXPECT_EQ(expected, readInSteps(parser, row.bytes, step)) << "step " << step;
      parser.reset("GET");
      EXPECT_EQ(expected, readInSteps(parser, followed, step)) << "followed, step " << step;
    }
  }
}

struct ValidResponse {
  std::string_view name;
  std::string_view bytes;
  int status = 200;
  std::string_view reason = "OK";
  std::int64_t body = kUntilEnd;
  bool keepAlive = false;
  std::string_view method = "GET";
  Version version = Version::k11;
};

constexpr ValidResponse kValidResponses[] = {
    {"no length", "HTTP/1.1 200 OK\r\n\r\n"},
    {"no phrase", "HTTP/1.1 200 \r\n\r\n", 200, ""},
    {"no phrase, and no space before it", "HTTP/1.1 200\r\n\r\n", 200, ""},
    {"a phrase of several words", "HTTP/1.1 418 I'm a\tteapot\r\n\r\n", 418, "I'm a\tteapot"},
    {"a phrase in UTF-8", "HTTP/1.1 200 \303\244\r\n\r\n", 200, "\303\244"},
    {"a status that nobody registered", "HTTP/1.1 599 X\r\n\r\n", 599, "X"},
    {"a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, "OK", 5, true},
    {"a length of 0", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "OK", 0, true},
    {"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, "OK", kChunked, true},
    {"chunks with a tab behind", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\t\r\n\r\n", 200,
     "OK", kChunked, true},
    {"a length, to be the last",
     "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n", 200, "OK", 5, false},
    {"keep-alive without a length", "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n"},
    {"1.0", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", 200, "OK", 5, false, "GET",
     Version::k10},
    {"1.0 that stays", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n",
     200, "OK", 5, true, "GET", Version::k10},
    {"to HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, "OK", kNoBody, true, "HEAD"},
    {"to HEAD, chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, "OK",
     kNoBody, true, "HEAD"},
    {"to HEAD, without a length", "HTTP/1.1 200 OK\r\n\r\n", 200, "OK", kNoBody, true, "HEAD"},
    {"304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "Not Modified", kNoBody,
     true},
    {"204", "HTTP/1.1 204 No Content\r\n\r\n", 204, "No Content", kNoBody, true},
    {"204 with a length of 0", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", 204,
     "No Content", kNoBody, true},
    {"204 with a length", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", 204, "No Content",
     kNoBody, false},
    {"204 in chunks", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", 204,
     "No Content", kNoBody, false},
    {"205", "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", 205, "Reset Content", 0,
     true},
    {"100", "HTTP/1.1 100 Continue\r\n\r\n", 100, "Continue", kNoBody, true},
    {"103", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 103, "Early Hints", kNoBody, true},
    {"101", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
     101, "Switching Protocols", kNoBody, false},
    {"101 with a length of 0",
     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nContent-Length: 0\r\n\r\n", 101,
     "Switching Protocols", kNoBody, false},
    {"200 to CONNECT", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, "OK", kNoBody, false,
     "CONNECT"},
    {"407 to CONNECT", "HTTP/1.1 407 No\r\nContent-Length: 5\r\n\r\n", 407, "No", 5, true,
     "CONNECT"},
};

TEST(ResponseParser, ReadsWhatIsValidHoweverItComesIn) {
  for (const ValidResponse& row : kValidResponses) {
    SCOPED_TRACE(row.name);
    const std::string bytes = std::string(row.bytes).append("hello");
    ResponseParser parser{HeadLimits{}};
    for (const std::size_t step : {std::string::npos / 2, std::size_t{1}, std::size_t{7}}) {
      SCOPED_TRACE(step);
      parser.reset(std::string(row.method));  // which is gone at once
      ASSERT_EQ((Reading{Parsed::kDone, Problem::kNone, row.bytes.size(), 0}),
                readInSteps(parser, bytes, step));
      ASSERT_EQ(Parsed::kDone, parser.parse(bytes));
      EXPECT_EQ(row.bytes, parser.head().text);
      EXPECT_EQ(row.status, parser.head().status);
      EXPECT_EQ(row.reason, parser.head().reason);
      EXPECT_EQ(row.version, parser.head().version);
      EXPECT_EQ(row.body, bodyOf(parser.framing().body));
      EXPECT_EQ(row.keepAlive, parser.framing().keepAlive);
    }
  }
}

TEST(ResponseParser, ReadsInterimHeadsOneByOne) {
  constexpr std::string_view kBytes =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  ResponseParser parser{HeadLimits{}};
  std::string_view rest = kBytes;
  for (const int status : {100, 103, 200}) {
    parser.reset("POST");
    ASSERT_EQ(Parsed::kDone, parser.parse(rest));
    EXPECT_EQ(status, parser.head().status);
    rest.remove_prefix(parser.headSize());
  }
  EXPECT_TRUE(rest.empty());
}

TEST(ResponseParser, HoldsItsLimits) {
  const std::string small = "HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\n\r\n";
  const Reading tooLarge{Parsed::kRefused, Problem::kResponseTooLarge, 0, 0};
  const Reading done{Parsed::kDone, Problem::kNone, small.size(), 0};
  const LimitRow rows[] = {
      {"just small enough", {small.size(), 2, 8192}, small, done},
      {"a byte too many", {small.size() - 1, 2, 8192}, small, tooLarge},
      {"a field too many", {small.size(), 1, 8192}, small, tooLarge},
      {"a phrase without an end",
       {100, 1, 8192},
       "HTTP/1.1 200 " + std::string(200, 'x'),
       tooLarge},
  };
  for (const LimitRow& row : rows) {
    for (const std::size_t step : {row.bytes.size(), std::size_t{1}}) {
      ResponseParser parser(row.limits);
      EXPECT_EQ(row.expected, readInSteps(parser, row.bytes, step)) << row.name;
    }
  }
}

TEST(Tables, AreAsLongAsPromised) {
  EXPECT_GE(std::size(kMalformedRequests), 150U);
  EXPECT_GE(std::size(kMalformedResponses), 60U);
}

}  // namespace
}  // namespace proxy::http
