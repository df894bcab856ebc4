#include "cache/status.h"

#include <gtest/gtest.h>

namespace proxy::cache {
namespace {

TEST(Status, IsOfAClass) {
  struct Row {
    const char* name;
    int status;
    StatusClass known;
  };
  constexpr auto kNever = StatusClass::kNever;
  constexpr auto kUnknown = StatusClass::kUnknown;
  constexpr auto kExplicit = StatusClass::kExplicit;
  constexpr auto kHeuristic = StatusClass::kHeuristic;
  constexpr Row kRows[] = {
      {"9111 3 not final", 100, kNever},
      {"9111 3 not final", 101, kNever},
      {"8297 2 not final", 103, kNever},
      {"9110 15.1", 200, kHeuristic},
      {"9110 15.3.2", 201, kExplicit},
      {"9110 15.3.3", 202, kExplicit},
      {"9110 15.3.5", 204, kHeuristic},
      {"9110 15.3.6", 205, kExplicit},
      {"9111 3 partial", 206, kNever},
      {"4918 11.1", 207, kExplicit},
      {"3229 10.4.1", 226, kNever},
      {"9111 3 of one's own condition", 304, kNever},
      {"9110 15.4.8", 307, kExplicit},
      {"9110 15.4.9", 308, kHeuristic},
      {"9110 15.5.1", 400, kExplicit},
      {"9110 15.5.2", 401, kExplicit},
      {"9110 15.5.5", 404, kHeuristic},
      {"9110 15.5.13 of one's own condition", 412, kNever},
      {"9110 15.5.17 of one's own range", 416, kNever},
      {"9110 15.5.18 of one's own expectation", 417, kNever},
      {"6585 3", 428, kNever},
      {"6585 4", 429, kNever},
      {"6585 5", 431, kNever},
      {"7725 3", 451, kHeuristic},
      {"9110 15.6.1", 500, kExplicit},
      {"9110 15.6.2", 501, kHeuristic},
      {"9110 15.6.4", 503, kExplicit},
      {"6585 6", 511, kNever},
      {"9110 15 nobody's", 299, kUnknown},
      {"9110 15 nobody's", 499, kUnknown},
      {"9110 15 nobody's", 599, kUnknown},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(row.known, classOf(row.status)) << row.name << ": " << row.status;
  }
}

}  // namespace
}  // namespace proxy::cache
