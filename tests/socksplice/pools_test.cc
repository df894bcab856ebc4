#include "socksplice/pools.h"

#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace socksplice {
namespace {

TEST(Pools, KeepWhatIsHeldWithinReason) {
  struct Row {
    std::size_t asked;
    std::size_t granted;
  };
  constexpr Row kRows[] = {
      {0, 4096}, {1, 4096}, {4096, 4096}, {5000, 5000}, {1 << 20, 1 << 20},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.asked);
    EXPECT_EQ(row.granted, Pools({.hold = row.asked}).limits().hold);
  }
}

TEST(Pools, HaveScratchMemoryForOneStep) {
  Pools pools({.hold = 100'000});
  std::memset(pools.scratch(), 0x5A, pools.limits().hold);
  EXPECT_EQ(std::byte{0x5A}, pools.scratch()[99'999]);
}

TEST(Pools, HandTheirLimitsOn) {
  Pools pools({.hold = 4096, .lentPipes = 2, .idlePipes = 1, .idleBuffers = 4096});
  {
    std::vector<PooledPipe> pipes(3);
    for (PooledPipe& pipe : pipes) pipe = pools.pipes().borrow();
    EXPECT_EQ(kZeroCopy ? 2U : 0U, pools.pipes().lent());
    EXPECT_EQ(kZeroCopy ? 1U : 3U, pools.pipes().refused());
    const PooledBuffer one = pools.buffers().borrow(4096);
    const PooledBuffer two = pools.buffers().borrow(4096);
    EXPECT_EQ(8192U, pools.buffers().lentBytes());
  }
  EXPECT_EQ(kZeroCopy ? 1U : 0U, pools.pipes().idle());
  EXPECT_EQ(4096U, pools.buffers().idleBytes());
}

TEST(Pools, ChooseTheLaneByThemselvesAndHoldOneMebibyteUnlessTold) {
  Pools pools;
  EXPECT_EQ(Lane::kAuto, pools.limits().lane);
  EXPECT_EQ(1024U * 1024U, pools.limits().hold);
}

}  // namespace
}  // namespace socksplice
