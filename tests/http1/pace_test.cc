#include "http1/pace.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace proxy::http1 {
namespace {

constexpr milliseconds at(int time) { return milliseconds(time); }

TEST(PaceTest, RestsUntilItBegins) {
  Pace pace;
  EXPECT_FALSE(pace.waits());
  EXPECT_GT(pace.ends(), at(1'000'000'000));
  pace.begin(at(60), 0);
  EXPECT_TRUE(pace.waits());
  EXPECT_EQ(at(60), pace.ends());
  pace.rest();
  EXPECT_FALSE(pace.waits());
  EXPECT_GT(pace.ends(), at(1'000'000'000));
}

TEST(PaceTest, AsksForSoMuchInEachPeriod) {
  struct Row {
    std::uint64_t moved;
    std::uint64_t least;
    bool enough;
  };
  const Row rows[] = {
      {0, 100, false}, {1, 100, false}, {99, 100, false}, {100, 100, true}, {1'000'000, 100, true},
      {0, 1, false},   {1, 1, true},    {0, 0, false},    {1, 0, true},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(testing::Message() << row.moved << " of " << row.least);
    Pace pace;
    pace.begin(at(60), 5000);
    EXPECT_EQ(row.enough, pace.next(at(120), 5000 + row.moved, row.least));
    EXPECT_EQ(at(120), pace.ends());
  }
}

TEST(PaceTest, WhatWasMovedBeforeDoesNotCountAgain) {
  Pace pace;
  pace.begin(at(60), 0);
  EXPECT_TRUE(pace.next(at(120), 5000, 1000));
  EXPECT_FALSE(pace.next(at(180), 5999, 1000));
  EXPECT_TRUE(pace.next(at(240), 6999, 1000));
  pace.rest();
  pace.begin(at(300), 9000);
  EXPECT_FALSE(pace.next(at(360), 9999, 1000));
}

// What a connection's earlier answers left unacknowledged is taken off a small number.
TEST(PaceTest, CountsFromBelowZero) {
  Pace pace;
  pace.begin(at(60), std::uint64_t{0} - 3000);
  EXPECT_FALSE(pace.next(at(120), std::uint64_t{0} - 2001, 1000));
  EXPECT_TRUE(pace.next(at(180), 500, 1000));
}

}  // namespace
}  // namespace proxy::http1
