#include "http/framing.h"

#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

// What heads that were parsed come to, head_parser_test.cc has in its tables. Here: heads of fields
// alone, as other protocols make them.
namespace proxy::http {
namespace {

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

std::vector<Field> fieldsOf(const Pairs& pairs) {
  std::vector<Field> fields;
  for (const auto& [name, value] : pairs) fields.push_back({name, value, nameOf(name)});
  return fields;
}

RequestFraming frameRequest(const Pairs& pairs, std::string_view method = "POST",
                            Version version = Version::k11) {
  const std::vector<Field> fields = fieldsOf(pairs);
  RequestHead head;
  head.method = method;
  head.target = "/";
  head.version = version;
  head.fields = fields;
  return frame(head);
}

ResponseFraming frameResponse(int status, const Pairs& pairs, std::string_view method = "GET",
                              Version version = Version::k11) {
  const std::vector<Field> fields = fieldsOf(pairs);
  ResponseHead head;
  head.status = status;
  head.version = version;
  head.fields = fields;
  return frame(head, method);
}

TEST(Framing, OfARequestWithoutABody) {
  const RequestFraming framing = frameRequest({{"Host", "a"}});
  EXPECT_EQ(Problem::kNone, framing.problem);
  EXPECT_TRUE(std::holds_alternative<NoBody>(framing.body));
  EXPECT_TRUE(framing.keepAlive);
  EXPECT_FALSE(framing.expectsContinue);
}

TEST(Framing, OfARequestWithABody) {
  const RequestFraming sized =
      frameRequest({{"Host", "a"}, {"Content-Length", "5"}, {"Expect", "100-continue"}});
  ASSERT_TRUE(std::holds_alternative<SizedBody>(sized.body));
  EXPECT_EQ(5U, std::get<SizedBody>(sized.body).size);
  EXPECT_TRUE(sized.expectsContinue);
  EXPECT_TRUE(std::holds_alternative<ChunkedBody>(
      frameRequest({{"Host", "a"}, {"Transfer-Encoding", "Chunked"}}).body));
}

TEST(Framing, NamesTheFirstProblem) {
  EXPECT_EQ(Problem::kBadRequest,
            frameRequest({{"Transfer-Encoding", "gzip"}, {"Expect", "x"}}).problem)
      << "Host";
  EXPECT_EQ(Problem::kCodingUnknown,
            frameRequest({{"Host", "a"}, {"Transfer-Encoding", "gzip"}, {"Expect", "x"}}).problem);
  EXPECT_EQ(Problem::kExpectationUnknown, frameRequest({{"Host", "a"}, {"Expect", "x"}}).problem);
}

TEST(Framing, OfTwoFieldsIsWorseThanOfOne) {
  EXPECT_EQ(Problem::kBadRequest, frameRequest({{"Host", "a"}, {"Host", "a"}}).problem);
  EXPECT_EQ(
      Problem::kBadRequest,
      frameRequest({{"Host", "a"}, {"Content-Length", "5"}, {"Content-Length", "5"}}).problem);
  EXPECT_EQ(Problem::kBadRequest,
            frameRequest(
                {{"Host", "a"}, {"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}})
                .problem);
  EXPECT_EQ(Problem::kBadRequest,
            frameRequest({{"Host", "a"}, {"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}})
                .problem);
}

TEST(Framing, OfARefusedRequestSaysNothingElse) {
  const RequestFraming framing = frameRequest({{"Host", "a"}, {"Content-Length", "x"}});
  EXPECT_EQ(Problem::kBadRequest, framing.problem);
  EXPECT_FALSE(framing.keepAlive);
  EXPECT_FALSE(framing.expectsContinue);
}

TEST(Framing, OfCodingsTellsUnknownFromMalformed) {
  struct Row {
    std::string_view value;
    Problem problem;
  };
  constexpr Row kRows[] = {
      {"gzip", Problem::kCodingUnknown},
      {"gzip, deflate", Problem::kCodingUnknown},
      {"gzip , chunked", Problem::kCodingUnknown},
      {"gzip;a=\"b,c\", chunked", Problem::kCodingUnknown},
      {"", Problem::kBadRequest},
      {",", Problem::kBadRequest},
      {"chunked,", Problem::kBadRequest},
      {"chunked;a", Problem::kBadRequest},
      {"chunked, gzip", Problem::kBadRequest},
      {"gzip, chunked, chunked", Problem::kBadRequest},
      {"gzip chunked", Problem::kBadRequest},
      {";a=b", Problem::kBadRequest},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(row.problem, frameRequest({{"Host", "a"}, {"Transfer-Encoding", row.value}}).problem)
        << row.value;
  }
}

TEST(Framing, OfAResponseDependsOnTheRequest) {
  const Pairs length = {{"Content-Length", "5"}};
  EXPECT_TRUE(std::holds_alternative<SizedBody>(frameResponse(200, length).body));
  EXPECT_TRUE(std::holds_alternative<NoBody>(frameResponse(200, length, "HEAD").body));
  EXPECT_TRUE(std::holds_alternative<SizedBody>(frameResponse(200, length, "head").body));
  EXPECT_TRUE(std::holds_alternative<NoBody>(frameResponse(200, length, "CONNECT").body));
  EXPECT_TRUE(std::holds_alternative<SizedBody>(frameResponse(403, length, "CONNECT").body));
  EXPECT_TRUE(std::holds_alternative<NoBody>(frameResponse(304, length).body));
  EXPECT_TRUE(std::holds_alternative<BodyUntilEnd>(frameResponse(200, {}).body));
}

TEST(Framing, OfAResponseSaysWhetherTheConnectionGoesOn) {
  const Pairs length = {{"Content-Length", "5"}};
  const Pairs staying = {{"Content-Length", "5"}, {"Connection", "keep-alive"}};
  EXPECT_TRUE(frameResponse(200, length).keepAlive);
  EXPECT_FALSE(frameResponse(200, {}).keepAlive) << "the end of the body is its end";
  EXPECT_FALSE(frameResponse(200, length, "GET", Version::k10).keepAlive);
  EXPECT_TRUE(frameResponse(200, staying, "GET", Version::k10).keepAlive);
  EXPECT_TRUE(frameResponse(200, {}, "HEAD").keepAlive);
  EXPECT_FALSE(frameResponse(101, {}).keepAlive);
  EXPECT_FALSE(frameResponse(200, {}, "CONNECT").keepAlive);
  EXPECT_FALSE(frameResponse(204, length).keepAlive) << "the body may come nevertheless";
}

TEST(Framing, OfAResponseIsRefused) {
  EXPECT_EQ(Problem::kResponseMalformed,
            frameResponse(200, {{"Transfer-Encoding", "gzip"}}).problem);
  EXPECT_EQ(Problem::kResponseMalformed, frameResponse(200, {{"Content-Length", "05"}}).problem);
  EXPECT_EQ(Problem::kResponseMalformed, frameResponse(100, {{"Content-Length", "5"}}).problem);
  EXPECT_EQ(Problem::kNone, frameResponse(100, {{"Content-Length", "0"}}).problem);
}

}  // namespace
}  // namespace proxy::http
