#include "socksplice/pump.h"

#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stretch.h"

namespace socksplice {
namespace {

using support::nameOf;
using support::pattern;
using support::same;
using support::Transport;
using testing::AnyOf;

constexpr std::size_t kKilo = 1024;
constexpr std::size_t kMega = kKilo * kKilo;
// Of a kernel buffer: every write is cut short.
constexpr int kTiny = 16 * 1024;

class PumpTest : public testing::TestWithParam<std::tuple<Lane, Transport>> {
 protected:
  static Lane lane() { return std::get<0>(GetParam()); }
  static Transport transport() { return std::get<1>(GetParam()); }
  static Stretch stretch(std::size_t hold = kMega, int bufferSize = 0) {
    return Stretch(transport(), {.lane = lane(), .hold = hold}, bufferSize);
  }
};

std::string pumpName(const testing::TestParamInfo<PumpTest::ParamType>& info) {
  return nameOf(std::get<0>(info.param)) + nameOf(std::get<1>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Lanes, PumpTest,
                         testing::Combine(testing::ValuesIn(support::lanes()),
                                          testing::Values(Transport::kTcp, Transport::kUnix)),
                         pumpName);

TEST_P(PumpTest, DeliversStreamsOfEverySizeThroughTinyBuffers) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4095}, 64 * kKilo - 1,
                                 64 * kKilo, 64 * kKilo + 1, kMega, 5 * kMega + 3}) {
    SCOPED_TRACE(size);
    Stretch it = stretch(kMega, kTiny);
    const std::string bytes = pattern(size);
    it.sender.say(bytes).thenEnd();
    EXPECT_EQ(Wait::kEnd, it.carryUntil(Wait::kEnd));
    it.hearTheRest();
    EXPECT_TRUE(same(bytes, it.receiver.heard()));
    EXPECT_EQ(size, it.total().moved());
    EXPECT_EQ(0, it.pump().error());
    it.expectNothingBorrowed();
  }
}

TEST_P(PumpTest, DeliversWhateverItsLimitAndItsShare) {
  for (const std::size_t hold : {std::size_t{1}, std::size_t{4096}, std::size_t{100'000}}) {
    for (const std::size_t share : {std::size_t{1}, std::size_t{5000}, kMega}) {
      SCOPED_TRACE(testing::Message() << "hold " << hold << ", share " << share);
      Stretch it = stretch(hold, kTiny);
      const std::string bytes = pattern(300'007);
      it.sender.say(bytes).thenEnd();
      EXPECT_EQ(Wait::kEnd, it.carryUntil(Wait::kEnd, share));
      it.hearTheRest();
      EXPECT_TRUE(same(bytes, it.receiver.heard()));
    }
  }
}

TEST_P(PumpTest, StopsAtItsLimitAndGoesOnFromThere) {
  for (const std::size_t limit : {std::size_t{0}, std::size_t{1}, 64 * kKilo - 1, 64 * kKilo,
                                  64 * kKilo + 1, 300 * kKilo, 2 * kMega + 5}) {
    SCOPED_TRACE(limit);
    Stretch it = stretch(kMega, kTiny);
    const std::string bytes = pattern(limit + 20'000);
    it.sender.say(bytes);
    it.pump().limit(limit);
    EXPECT_EQ(Wait::kEnd, it.carryUntil(Wait::kEnd));
    EXPECT_EQ(limit, it.total().moved());
    it.expectNothingBorrowed();

    it.pump().limit(20'000);
    EXPECT_EQ(Wait::kEnd, it.carryUntil(Wait::kEnd));
    EXPECT_EQ(0U, it.pump().left());
    it.hearTheRest();
    EXPECT_TRUE(same(bytes, it.receiver.heard()));
  }
}

TEST_P(PumpTest, SaysWhatIsLeftOfItsLimitWhereTheSourceEnds) {
  Stretch it = stretch();
  it.pump().limit(300 * kKilo);
  it.sender.say(pattern(100 * kKilo)).thenEnd();
  EXPECT_EQ(Wait::kEnd, it.carryUntil(Wait::kEnd));
  EXPECT_EQ(200 * kKilo, it.pump().left());
}

TEST_P(PumpTest, WaitsForASourceThatHasNothing) {
  Stretch it = stretch();
  EXPECT_EQ(Wait::kSource, it.move());
  EXPECT_EQ(Wait::kSource, it.move());
  EXPECT_EQ(0U, it.total().moved());
}

TEST_P(PumpTest, WaitsForTheSourceAgainOnceItIsEmpty) {
  Stretch it = stretch();
  const std::string bytes = pattern(10'000);
  it.sender.sayNow(bytes);
  it.carry(bytes.size());
  EXPECT_EQ(Wait::kSource, it.move());
  it.hearTheRest();
  EXPECT_TRUE(same(bytes, it.receiver.heard()));
}

TEST_P(PumpTest, WaitsForATargetThatTakesNoMoreAndReadsNothingMeanwhile) {
  Stretch it = stretch(kMega, kTiny);
  it.sender.say(pattern(2 * kMega));
  it.receiver.listen(false);
  ASSERT_EQ(Wait::kTarget, it.carryUntil(Wait::kTarget));
  EXPECT_GT(it.pump().held(), 0U);
  const std::size_t held = it.pump().held();
  const std::size_t moved = it.total().moved();
  for (int i = 0; i < 5; ++i) {
    it.sender.work();
    it.move();
    EXPECT_EQ(held + moved, it.pump().held() + it.total().moved()) << "something was read";
  }
}

TEST_P(PumpTest, HoldsAtMostItsLimit) {
  for (const std::size_t hold : {std::size_t{4096}, 64 * kKilo, 100 * kKilo, kMega}) {
    Stretch it = stretch(hold, kTiny);
    it.sender.say(pattern(3 * kMega));
    it.receiver.listen(false);
    ASSERT_EQ(Wait::kTarget, it.carryUntil(Wait::kTarget));
    EXPECT_LE(it.pump().held(), hold);
  }
}

TEST_P(PumpTest, StopsAtItsShareWithAtMostOneStepMore) {
  Stretch it = stretch(4096);
  it.sender.sayNow(pattern(40'000));
  ASSERT_TRUE(support::eventually([&] { return support::unread(it.source()) == 40'000; }));
  EXPECT_EQ(Wait::kNothing, it.move(10'000));
  EXPECT_GE(it.total().moved(), 10'000U);
  EXPECT_LE(it.total().moved(), 10'000U + 4096U);
  EXPECT_EQ(Wait::kNothing, it.move(0));
}

TEST_P(PumpTest, PassesTheEndOnOnlyWhenThePipeIsEmpty) {
  Stretch it = stretch(kMega, kTiny);
  const std::string bytes = pattern(200'000);
  it.sender.say(bytes).thenEnd();
  it.receiver.listen(false);
  ASSERT_TRUE(support::eventually([&] {
    it.sender.work();
    EXPECT_LT(it.move(), Wait::kEnd);
    return it.total().wait == Wait::kTarget;
  }));
  it.receiver.listen(true);
  EXPECT_EQ(Wait::kEnd, it.carryUntil(Wait::kEnd));
  EXPECT_EQ(bytes.size(), it.total().moved()) << "it ended before everything was delivered";
  it.hearTheRest();
  EXPECT_TRUE(same(bytes, it.receiver.heard()));
  EXPECT_FALSE(it.receiver.heardEnd()) << "to shut the target is the caller's";
}

TEST_P(PumpTest, ReadsAnEndThatIsKnownToFollowTogetherWithTheBytes) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, 64 * kKilo, 100 * kKilo}) {
    SCOPED_TRACE(size);
    Stretch it = stretch();
    it.sender.sayNow(pattern(size));
    it.sender.endNow();
    it.awaitTheLastWord();
    it.pump().endFollows();
    EXPECT_EQ(Wait::kEnd, it.move());
    EXPECT_EQ(size, it.total().moved());
  }
}

TEST_P(PumpTest, SaysTheEndAsOftenAsItIsAsked) {
  Stretch it = stretch();
  it.sender.endNow();
  EXPECT_EQ(Wait::kEnd, it.carryUntil(Wait::kEnd));
  EXPECT_EQ(Wait::kEnd, it.move());
  EXPECT_EQ(0, it.pump().error());
}

TEST_P(PumpTest, DeliversWhatCameBeforeAReset) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{5000}, std::size_t{60'000}}) {
    SCOPED_TRACE(size);
    Stretch it = stretch();
    const std::string bytes = pattern(size);
    it.sender.sayNow(bytes);
    it.resetSender();
    EXPECT_EQ(Wait::kSourceFailed, it.carryUntil(Wait::kSourceFailed));
    EXPECT_EQ(ECONNRESET, it.pump().error());
    it.hearTheRest();
    EXPECT_TRUE(same(bytes, it.receiver.heard()));
    EXPECT_EQ(Wait::kSourceFailed, it.move()) << "the failure is remembered";
    EXPECT_EQ(ECONNRESET, it.pump().error());
    it.expectNothingBorrowed();
  }
}

TEST_P(PumpTest, DeliversWhatCameBeforeAResetToATargetThatDoesNotKeepUp) {
  Stretch it = stretch(kMega, kTiny);
  it.receiver.listen(false);
  it.sender.say(pattern(kMega));
  ASSERT_EQ(Wait::kTarget, it.carryUntil(Wait::kTarget));
  const std::string said = pattern(kMega).substr(0, it.sender.said());
  it.resetSender();
  EXPECT_EQ(Wait::kTarget, it.move());
  it.receiver.listen(true);
  EXPECT_EQ(Wait::kSourceFailed, it.carryUntil(Wait::kSourceFailed));
  it.hearTheRest();
  EXPECT_TRUE(support::beginsWith(said, it.receiver.heard()));
  EXPECT_EQ(it.total().moved(), it.receiver.heard().size());
}

TEST_P(PumpTest, TheEndOfASourceThatIsKnownToHaveFailedIsNoEnd) {
  Stretch it = stretch();
  it.sender.sayNow("last words");
  it.sender.endNow();
  it.pump().sourceFailed(ECONNRESET);
  EXPECT_EQ(Wait::kSourceFailed, it.carryUntil(Wait::kSourceFailed));
  EXPECT_EQ(ECONNRESET, it.pump().error());
  EXPECT_EQ(10U, it.total().moved());
}

TEST_P(PumpTest, SaysThatTheTargetFailed) {
  Stretch it = stretch();
  it.receiver.close();
  it.sender.say(pattern(kMega));
  EXPECT_EQ(Wait::kTargetFailed, it.carryUntil(Wait::kTargetFailed));
  EXPECT_THAT(it.pump().error(), AnyOf(EPIPE, ECONNRESET));
  it.expectNothingBorrowed();
}

TEST_P(PumpTest, DropsWhatItHeldForATargetThatFailed) {
  Stretch it = stretch(kMega, kTiny);
  it.receiver.listen(false);
  it.sender.say(pattern(kMega));
  ASSERT_EQ(Wait::kTarget, it.carryUntil(Wait::kTarget));
  ASSERT_GT(it.pump().held(), 0U);
  it.receiver.close();
  EXPECT_EQ(Wait::kTargetFailed, it.carryUntil(Wait::kTargetFailed));
  EXPECT_THAT(it.pump().error(), AnyOf(EPIPE, ECONNRESET));
  it.expectNothingBorrowed();
  EXPECT_EQ(0U, it.pools().pipes().idle()) << "a pipe that held bytes was shelved";
}

TEST_P(PumpTest, SaysThatTheTargetWasShut) {
  Stretch it = stretch();
  ASSERT_EQ(0, shutdown(it.target(), SHUT_WR));
  it.sender.sayNow(pattern(100));
  EXPECT_EQ(Wait::kTargetFailed, it.carryUntil(Wait::kTargetFailed));
  EXPECT_EQ(EPIPE, it.pump().error());
}

TEST_P(PumpTest, SaysWhichSideIsNoDescriptor) {
  Stretch it = stretch();
  Pump blind(it.pools());
  EXPECT_EQ(Wait::kSourceFailed, blind.move(-1, it.target(), kEverything).wait);
  EXPECT_EQ(EBADF, blind.error());

  it.sender.sayNow("x");
  Pump lame(it.pools());
  Wait wait{};
  ASSERT_TRUE(support::eventually([&] {
    wait = lame.move(it.source(), -1, kEverything).wait;
    return wait != Wait::kSource;
  }));
  EXPECT_EQ(Wait::kTargetFailed, wait);
  EXPECT_EQ(EBADF, lame.error());
}

TEST_P(PumpTest, GivesBackWhatItHeldWhenToldToDropIt) {
  Stretch it = stretch(kMega, kTiny);
  it.receiver.listen(false);
  it.sender.say(pattern(kMega));
  ASSERT_EQ(Wait::kTarget, it.carryUntil(Wait::kTarget));
  it.pump().drop();
  it.expectNothingBorrowed();
}

TEST_P(PumpTest, GivesBackWhatItHeldWhenItIsDestroyed) {
  Pools pools({.lane = lane()});
  auto [source, sender] = support::pairOf(transport(), kTiny);
  auto [target, receiver] = support::pairOf(transport(), kTiny);
  support::Peer peer(std::move(sender));
  peer.say(pattern(kMega));
  {
    Pump pump(pools);
    ASSERT_TRUE(support::eventually([&, from = source.get(), to = target.get()] {
      peer.work();
      return pump.move(from, to, kEverything).wait == Wait::kTarget;
    }));
    EXPECT_NE(0U, pools.pipes().lent() + pools.buffers().lentBytes());
  }
  EXPECT_EQ(0U, pools.pipes().lent() + pools.buffers().lentBytes());
}

TEST_P(PumpTest, AThousandSilentPumpsBorrowNothing) {
  Pools pools({.lane = lane()});
  auto [source, sender] = support::pairOf(transport());
  auto [target, receiver] = support::pairOf(transport());
  std::vector<Pump> pumps;
  for (int i = 0; i < 1000; ++i) {
    Pump& pump = pumps.emplace_back(pools);
    ASSERT_EQ(Wait::kSource, pump.move(source.get(), target.get(), kEverything).wait);
  }
  EXPECT_EQ(0U, pools.pipes().lent() + pools.buffers().lentBytes());
}

}  // namespace
}  // namespace socksplice
