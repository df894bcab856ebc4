#include "core/clock.h"

#include <gtest/gtest.h>

#include "support/eventually.h"

namespace proxy {
namespace {

TEST(Clock, GoesOnAndNeverBack) {
  const milliseconds start = monotonicNow();
  milliseconds last = start;
  EXPECT_TRUE(support::eventually([&] {
    const milliseconds now = monotonicNow();
    EXPECT_GE(now, last);
    last = now;
    return now > start;
  }));
}

}  // namespace
}  // namespace proxy
