// Which lane a pump chooses, and what it does where the chosen one is not to be had.
#include <fcntl.h>

#include <gtest/gtest.h>

#include "stretch.h"

namespace socksplice {
namespace {

using support::pattern;
using support::same;
using support::Transport;

constexpr std::size_t kMega = std::size_t{1024} * 1024;
constexpr int kTiny = 16 * 1024;

std::size_t splicedOf(Lane lane, std::size_t all) {
  return kZeroCopy && lane == Lane::kSplice ? all : 0;
}

void say(Stretch& it, std::size_t messages, std::size_t size) {
  for (std::size_t i = 0; i < messages; ++i) {
    const std::size_t before = it.total().moved();
    it.sender.sayNow(pattern(size, i));
    ASSERT_TRUE(support::eventually([&] {
      it.move();
      return it.total().moved() == before + size;
    }));
    it.hearTheRest();
  }
}

class PumpLaneTest : public testing::TestWithParam<Lane> {
 protected:
  static Pools::Limits limits() { return {.lane = GetParam()}; }
};

INSTANTIATE_TEST_SUITE_P(Lanes, PumpLaneTest, testing::ValuesIn(support::lanes()),
                         support::laneName);

TEST_P(PumpLaneTest, CopiesSmallMessagesUnlessItMaySpliceOnly) {
  Stretch it(Transport::kTcp, limits());
  say(it, 100, 1000);
  EXPECT_EQ(splicedOf(GetParam(), 100'000), it.total().spliced);
  EXPECT_EQ(100'000U, it.total().moved());
}

TEST_P(PumpLaneTest, SplicesAStreamUnlessItMayCopyOnly) {
  Stretch it(Transport::kUnix, limits());
  const std::string bytes = pattern(5 * kMega);
  it.sender.say(bytes).thenEnd();
  ASSERT_EQ(Wait::kEnd, it.carryUntil(Wait::kEnd));
  it.hearTheRest();
  EXPECT_TRUE(same(bytes, it.receiver.heard()));
  if (!kZeroCopy || GetParam() == Lane::kCopy) {
    EXPECT_EQ(0U, it.total().spliced);
  } else {
    EXPECT_GT(it.total().spliced, bytes.size() / 2);
  }
  EXPECT_EQ(bytes.size(), it.total().moved());
}

TEST_P(PumpLaneTest, CopiesWhereNoPipeIsLent) {
  Pools::Limits none = limits();
  none.lentPipes = 0;
  Stretch it(Transport::kUnix, none, kTiny);
  const std::string bytes = pattern(kMega);
  it.sender.say(bytes).thenEnd();
  ASSERT_EQ(Wait::kEnd, it.carryUntil(Wait::kEnd));
  it.hearTheRest();
  EXPECT_TRUE(same(bytes, it.receiver.heard()));
  EXPECT_EQ(bytes.size(), it.total().copied);
  if (kZeroCopy && GetParam() == Lane::kSplice) {
    EXPECT_GT(it.pools().pipes().refused(), 0U);
  }
}

TEST_P(PumpLaneTest, HoldsNothingWhereNoPipeIsLent) {
  if (!kZeroCopy || GetParam() == Lane::kCopy) GTEST_SKIP() << "this lane holds what it copied";
  for (const Transport transport : {Transport::kTcp, Transport::kUnix}) {
    Pools::Limits none = limits();
    none.lentPipes = 0;
    Stretch it(transport, none, kTiny);
    it.pump().limit(kMega);
    const std::string bytes = pattern(kMega);
    it.sender.say(bytes);
    it.receiver.listen(false);
    ASSERT_EQ(Wait::kTarget, it.carryUntil(Wait::kTarget));
    it.expectNothingBorrowed();
    EXPECT_EQ(Wait::kTarget, it.move()) << "and it goes on waiting";
    it.receiver.listen(true);
    ASSERT_EQ(Wait::kEnd, it.carryUntil(Wait::kEnd));
    it.hearTheRest();
    EXPECT_TRUE(same(bytes, it.receiver.heard()));
  }
}

TEST_P(PumpLaneTest, LosesNothingWhenTheTargetBlocksWhileTheLaneChanges) {
  // Steps this small would be too large for one lane and too small for the other, by turns.
  for (const std::size_t listens : {std::size_t{500}, std::size_t{3000}, std::size_t{5000}}) {
    SCOPED_TRACE(listens);
    Pools::Limits small = limits();
    small.hold = 4096;
    Stretch it(Transport::kUnix, small, 4096);
    const std::string bytes = pattern(300'007);
    it.sender.say(bytes).thenEnd();
    ASSERT_EQ(Wait::kEnd, it.carryUntil(Wait::kEnd, kEverything, listens));
    it.hearTheRest();
    EXPECT_TRUE(same(bytes, it.receiver.heard()));
  }
}

// The rest is about the splice lane, which a portable build does not have.
class PumpSpliceTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!kZeroCopy) GTEST_SKIP() << "this build has no splice lane";
  }

  static void refuseSplice(int fd) {
    // splice(2): EINVAL where the target is opened in append mode; send(2) does not care.
    ASSERT_EQ(0, fcntl(fd, F_SETFL, O_NONBLOCK | O_APPEND));
  }
};

TEST_F(PumpSpliceTest, GoesBackToCopyingWhenAStreamTurnsIntoSmallMessages) {
  Stretch it(Transport::kUnix, {.lane = Lane::kAuto});
  it.sender.say(pattern(kMega));
  ASSERT_TRUE(support::eventually([&] {
    it.carryUntil(Wait::kSource);
    return it.total().moved() == kMega;
  }));
  ASSERT_GT(it.total().spliced, 0U);
  say(it, 4, 100);
  const std::size_t spliced = it.total().spliced;
  say(it, 20, 100);
  EXPECT_EQ(spliced, it.total().spliced);
}

TEST_F(PumpSpliceTest, SplicesAgainOnceAPipeIsFree) {
  Stretch it(Transport::kUnix, {.lane = Lane::kSplice, .lentPipes = 1});
  PooledPipe taken = it.pools().pipes().borrow();
  ASSERT_TRUE(taken);
  it.pipesTaken = 1;
  say(it, 1, 1000);
  EXPECT_EQ(1000U, it.total().copied);
  taken.reset();
  it.pipesTaken = 0;
  say(it, 1, 1000);
  EXPECT_EQ(1000U, it.total().copied);
  EXPECT_EQ(1000U, it.total().spliced);
}

TEST_F(PumpSpliceTest, SendsFromMemoryToATargetThatRefusesSplice) {
  Stretch it(Transport::kUnix, {.lane = Lane::kSplice}, kTiny);
  refuseSplice(it.target());
  const std::string bytes = pattern(kMega);
  it.sender.say(bytes).thenEnd();
  EXPECT_EQ(Wait::kEnd, it.carryUntil(Wait::kEnd));
  it.hearTheRest();
  EXPECT_TRUE(same(bytes, it.receiver.heard()));
  EXPECT_EQ(0U, it.total().spliced);
  it.expectNothingBorrowed();
}

TEST_F(PumpSpliceTest, SavesWhatIsInThePipeWhenTheTargetBeginsToRefuse) {
  Stretch it(Transport::kUnix, {.lane = Lane::kSplice}, kTiny);
  const std::string bytes = pattern(kMega);
  it.sender.say(bytes).thenEnd();
  it.receiver.listen(false);
  ASSERT_EQ(Wait::kTarget, it.carryUntil(Wait::kTarget));
  ASSERT_EQ(1U, it.pools().pipes().lent());
  refuseSplice(it.target());
  it.move();
  EXPECT_EQ(0U, it.pools().pipes().lent());
  EXPECT_EQ(1U, it.pools().pipes().idle()) << "the pipe was emptied, and is good";
  it.receiver.listen(true);
  EXPECT_EQ(Wait::kEnd, it.carryUntil(Wait::kEnd));
  it.hearTheRest();
  EXPECT_TRUE(same(bytes, it.receiver.heard()));
}

}  // namespace
}  // namespace socksplice
