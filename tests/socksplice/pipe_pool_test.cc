#include "socksplice/pipe_pool.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "socksplice/lane.h"
#include "support/descriptor_limit.h"
#include "support/socket_pair.h"

namespace socksplice {
namespace {

using support::isOpen;

TEST(PooledPipe, IsEmptyUnlessItWasLent) {
  PooledPipe pipe;
  EXPECT_FALSE(pipe);
  pipe.reset();
  EXPECT_FALSE(pipe);
}

TEST(PipePool, RefusesAndCountsWhatItMayNotLend) {
  PipePool pool({.lent = 0});
  EXPECT_FALSE(pool.borrow());
  EXPECT_FALSE(pool.borrow());
  EXPECT_EQ(2U, pool.refused());
  EXPECT_EQ(0U, pool.lent());
}

TEST(PipePool, ABuildWithoutSpliceRefusesAlways) {
  if (kZeroCopy) GTEST_SKIP() << "this build has splice";
  PipePool pool({});
  EXPECT_FALSE(pool.borrow());
  EXPECT_EQ(1U, pool.refused());
}

class PipePoolTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!kZeroCopy) GTEST_SKIP() << "this build opens no pipes";
  }

  static void soil(Pipe& pipe) {
    auto [source, far] = support::unixPair();
    ASSERT_EQ(1, send(far.get(), "x", 1, 0));
    ASSERT_EQ(1, pipe.fill(source.get(), 1));
  }
};

TEST_F(PipePoolTest, LendsUpToItsLimit) {
  PipePool pool({.lent = 3, .idle = 3});
  std::vector<PooledPipe> pipes;
  for (std::size_t i = 1; i <= 3; ++i) {
    pipes.push_back(pool.borrow());
    ASSERT_TRUE(pipes.back());
    EXPECT_EQ(i, pool.lent());
  }
  EXPECT_FALSE(pool.borrow());
  EXPECT_EQ(1U, pool.refused());
  pipes.pop_back();
  EXPECT_TRUE(pool.borrow());
  EXPECT_EQ(1U, pool.refused());
}

TEST_F(PipePoolTest, LendsAgainThePipeUsedLast) {
  PipePool pool({});
  PooledPipe first = pool.borrow();
  PooledPipe second = pool.borrow();
  const int end = second->readEnd();
  first.reset();
  second.reset();
  EXPECT_EQ(2U, pool.idle());
  EXPECT_EQ(end, pool.borrow()->readEnd());
}

TEST_F(PipePoolTest, KeepsNoMoreThanItsLimit) {
  PipePool pool({.lent = 5, .idle = 2});
  std::vector<PooledPipe> pipes;
  std::vector<int> ends;
  for (int i = 0; i < 5; ++i) {
    pipes.push_back(pool.borrow());
    ends.push_back(pipes.back()->readEnd());
  }
  for (PooledPipe& pipe : pipes) pipe.reset();
  EXPECT_EQ(2U, pool.idle());
  EXPECT_EQ(0U, pool.lent());
  EXPECT_TRUE(isOpen(ends[0]) && isOpen(ends[1]));
  EXPECT_FALSE(isOpen(ends[2]) || isOpen(ends[3]) || isOpen(ends[4]));
}

TEST_F(PipePoolTest, ClosesAPipeThatHoldsBytesInsteadOfShelvingIt) {
  PipePool pool({});
  PooledPipe pipe = pool.borrow();
  soil(*pipe);
  const int ends[] = {pipe->readEnd(), pipe->writeEnd()};
  pipe.reset();
  EXPECT_EQ(0U, pool.lent());
  EXPECT_EQ(0U, pool.idle());
  EXPECT_FALSE(isOpen(ends[0]) || isOpen(ends[1]));
}

TEST_F(PipePoolTest, ClosesItsIdlePipesWhenItGoes) {
  int end;
  {
    PipePool pool({});
    PooledPipe pipe = pool.borrow();
    end = pipe->readEnd();
    pipe.reset();
    EXPECT_TRUE(isOpen(end));
  }
  EXPECT_FALSE(isOpen(end));
}

TEST_F(PipePoolTest, ALoanMovesWithItsPipe) {
  PipePool pool({});
  PooledPipe first = pool.borrow();
  const int end = first->readEnd();
  PooledPipe second(std::move(first));
  EXPECT_EQ(end, second->readEnd());
  PooledPipe third = pool.borrow();
  third = std::move(second);
  EXPECT_EQ(end, third->readEnd());
  EXPECT_EQ(1U, pool.lent());
  EXPECT_EQ(1U, pool.idle()) << "what it had borrowed before went back";
}

TEST_F(PipePoolTest, AsksForPipesOfItsCapacity) {
  PipePool small({.capacity = 64 * 1024});
  PipePool large({.capacity = 256 * 1024});
  EXPECT_EQ(64U * 1024U, small.borrow()->capacity());
  EXPECT_EQ(256U * 1024U, large.borrow()->capacity());
}

TEST_F(PipePoolTest, RefusesWhereDescriptorsHaveRunOutAndLendsAgainLater) {
  PipePool pool({});
  {
    const support::DescriptorLimit limit;
    EXPECT_FALSE(pool.borrow());
  }
  EXPECT_EQ(1U, pool.refused());
  EXPECT_EQ(0U, pool.lent());
  // The kernel is not asked every time whether it has some again.
  std::uint64_t refused = 1;
  while (!pool.borrow()) {
    ASSERT_EQ(++refused, pool.refused());
    ASSERT_LE(refused, 100U);
  }
}

TEST_F(PipePoolTest, LendsAgainAtOnceWhenAPipeCameBack) {
  PipePool pool({.idle = 0});
  PooledPipe pipe = pool.borrow();
  {
    const support::DescriptorLimit limit;
    EXPECT_FALSE(pool.borrow());
  }
  pipe.reset();
  EXPECT_TRUE(pool.borrow());
}

}  // namespace
}  // namespace socksplice
