#include "core/rate_limit.h"

#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace proxy {
namespace {

using Passed = std::optional<std::uint64_t>;

// Kept from the optimizer: g++ 12 sees a value in the empty optional inside.
[[gnu::noinline]] Passed pass(RateLimit& limit, int at) { return limit.pass(milliseconds(at)); }

TEST(RateLimit, LetsAFewOfEachPeriodThroughAndCountsTheRest) {
  struct Row {
    int at;
    Passed passed;
  };
  const std::vector<Row> rows = {
      {0, 0},    {1, 0},    {2, {}},   {50, {}},  {99, {}},   {100, 3},  {101, 0},
      {150, {}}, {199, {}}, {5000, 2}, {5001, 0}, {5002, {}}, {5100, 1},
  };
  RateLimit limit(2, milliseconds(100));
  for (const Row& row : rows) {
    EXPECT_EQ(row.passed, pass(limit, row.at)) << "at " << row.at;
  }
}

TEST(RateLimit, BeginsItsFirstPeriodWithTheFirstEvent) {
  RateLimit limit(1, milliseconds(100));
  EXPECT_EQ(Passed(0), pass(limit, 1'000'050));
  EXPECT_EQ(Passed(), pass(limit, 1'000'149));
  EXPECT_EQ(Passed(1), pass(limit, 1'000'150));
}

TEST(RateLimit, OfNoneLetsNothingThrough) {
  RateLimit limit(0, milliseconds(100));
  EXPECT_EQ(Passed(), pass(limit, 0));
  EXPECT_EQ(Passed(), pass(limit, 1000));
}

}  // namespace
}  // namespace proxy
