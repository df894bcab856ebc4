#include "core/check.h"

#include <gtest/gtest.h>

namespace proxy {
namespace {

TEST(CheckDeathTest, EndsTheProcessAndSaysWhere) {
  EXPECT_DEATH(CHECK(1 + 1 == 3), "check_test.cc:[0-9]+: CHECK failed: 1 \\+ 1 == 3");
}

TEST(Check, LooksOnceAndGoesOnWhereAllIsWell) {
  int looks = 0;
  CHECK(++looks == 1);
  EXPECT_EQ(1, looks);
}

}  // namespace
}  // namespace proxy
