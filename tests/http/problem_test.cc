#include "http/problem.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "http/head.h"
#include "http/list.h"

namespace proxy::http {
namespace {

TEST(Problem, HasAStatusOfItsOwn) {
  struct Row {
    Problem problem;
    int status;
    std::string_view errorType;
  };
  constexpr Row kRows[] = {
      {Problem::kBadRequest, 400, "http_request_error"},
      {Problem::kHeadTimeout, 408, "http_request_error"},
      {Problem::kBodyTimeout, 408, "http_request_error"},
      {Problem::kBodyTooLarge, 413, "http_request_error"},
      {Problem::kTargetTooLong, 414, "http_request_error"},
      {Problem::kExpectationUnknown, 417, "http_request_error"},
      {Problem::kMisdirected, 421, "http_request_error"},
      {Problem::kHeadTooLarge, 431, "http_request_error"},
      {Problem::kMethodUnknown, 501, "http_request_error"},
      {Problem::kCodingUnknown, 501, "http_request_error"},
      {Problem::kVersionUnknown, 505, "http_request_error"},
      {Problem::kConnectRefused, 403, "http_request_denied"},
      {Problem::kConnectionRefused, 502, "connection_refused"},
      {Problem::kConnectionTerminated, 502, "connection_terminated"},
      {Problem::kResponseMalformed, 502, "http_protocol_error"},
      {Problem::kResponseTooLarge, 502, "http_response_header_section_size"},
      {Problem::kConnectionTimeout, 504, "connection_timeout"},
      {Problem::kResponseTimeout, 504, "http_response_timeout"},
      {Problem::kUnavailable, 503, "destination_unavailable"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(row.problem, info(row.problem).problem);
    EXPECT_EQ(row.status, info(row.problem).status);
    EXPECT_EQ(row.errorType, info(row.problem).errorType);
  }
}

TEST(Problem, CanBeSaidInAField) {
  for (int i = 0; i < Problem::kReasons; ++i) {
    const ProblemInfo& why = info(static_cast<Problem::Reason>(i));
    EXPECT_TRUE(why.errorType.empty() || isToken(why.errorType)) << why.errorType;
    EXPECT_NE("", reasonOf(why.status));
    EXPECT_TRUE(why.text.ends_with('.')) << why.text;
    EXPECT_TRUE(std::all_of(why.text.begin(), why.text.end(), [](char c) {
      return c >= ' ' && c < '\x7f' && c != '"' && c != '\\';
    })) << why.text;
  }
}

}  // namespace
}  // namespace proxy::http
