#include "socksplice/relay.h"

#include <sys/socket.h>

#include <cerrno>
#include <span>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "joint.h"

namespace socksplice {
namespace {

using support::beginsWith;
using support::eventually;
using support::nameOf;
using support::pattern;
using support::same;
using support::Transport;
using testing::AnyOf;

using Outcome = Relay::Outcome;
using Interest = Relay::Interest;

constexpr Side kClient = Joint::kClient;
constexpr Side kUpstream = Joint::kUpstream;
constexpr Interest kReads = {.read = true, .write = false};
constexpr Interest kNothing = {};
constexpr std::size_t kMega = std::size_t{1024} * 1024;
constexpr int kTiny = 16 * 1024;

class RelayTest : public testing::TestWithParam<std::tuple<Lane, Transport>> {
 protected:
  static Joint joint(int bufferSize = 0) {
    return Joint(std::get<1>(GetParam()), {.lane = std::get<0>(GetParam())}, bufferSize);
  }
};

std::string relayName(const testing::TestParamInfo<RelayTest::ParamType>& info) {
  return nameOf(std::get<0>(info.param)) + nameOf(std::get<1>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Lanes, RelayTest,
                         testing::Combine(testing::ValuesIn(support::lanes()),
                                          testing::Values(Transport::kTcp, Transport::kUnix)),
                         relayName);

TEST_P(RelayTest, CarriesBothWaysAtOnce) {
  Joint it = joint(kTiny);
  const std::string up = pattern(kMega, 1);
  const std::string down = pattern(kMega + 1, 2);
  it.client.say(up).thenEnd();
  it.upstream.say(down).thenEnd();
  EXPECT_EQ(Outcome::kEnded, it.carryToTheOutcome());
  it.closeBoth();
  EXPECT_TRUE(same(up, it.upstream.heard()));
  EXPECT_TRUE(same(down, it.client.heard()));
  EXPECT_EQ(up.size(), it.relay().delivered(kClient));
  EXPECT_EQ(down.size(), it.relay().delivered(kUpstream));
}

TEST_P(RelayTest, CarriesEchoes) {
  Joint it = joint();
  for (int i = 1; i <= 100; ++i) {
    const std::string question = pattern(100, static_cast<std::uint64_t>(i));
    it.client.say(question);
    it.carryUntil([&] { return it.upstream.heard().size() == 100U * static_cast<unsigned>(i); });
    it.upstream.say(question);
    it.carryUntil([&] { return it.client.heard().size() == 100U * static_cast<unsigned>(i); });
  }
  EXPECT_EQ(it.upstream.heard(), it.client.heard());
}

TEST_P(RelayTest, PassesAHalfCloseOnAndKeepsTheOtherWayOpen) {
  Joint it = joint();
  it.client.say("question").thenEnd();
  it.carryUntil([&] { return it.upstream.heardEnd(); });
  EXPECT_EQ("question", it.upstream.heard());
  EXPECT_EQ(Outcome::kMoving, it.relay().outcome());
  const std::string answer = pattern(kMega);
  it.upstream.say(answer).thenEnd();
  EXPECT_EQ(Outcome::kEnded, it.carryToTheOutcome());
  it.closeBoth();
  EXPECT_TRUE(same(answer, it.client.heard()));
  EXPECT_TRUE(it.client.heardEnd());
}

TEST_P(RelayTest, PassesAHalfCloseOnFromTheUpstreamToo) {
  Joint it = joint();
  it.upstream.say("greeting").thenEnd();
  it.carryUntil([&] { return it.client.heardEnd(); });
  EXPECT_EQ("greeting", it.client.heard());
  EXPECT_EQ(Outcome::kMoving, it.relay().outcome());
  it.client.say("farewell").thenEnd();
  EXPECT_EQ(Outcome::kEnded, it.carryToTheOutcome());
  it.closeBoth();
  EXPECT_EQ("farewell", it.upstream.heard());
}

TEST_P(RelayTest, HoldsAHalfCloseBackUntilEveryByteWasTaken) {
  Joint it = joint(kTiny);
  const std::string bytes = pattern(kMega);
  it.client.say(bytes).thenEnd();
  it.upstream.listen(false);
  ASSERT_TRUE(eventually([&] {
    it.client.work();
    it.turn();
    return it.relay().interest(kUpstream).write;
  }));
  it.upstream.listen(true);
  it.carryUntil([&] { return it.upstream.heardEnd(); });
  EXPECT_TRUE(same(bytes, it.upstream.heard()));
}

TEST_P(RelayTest, EndsWithoutAByte) {
  Joint it = joint();
  it.client.thenEnd();
  it.upstream.thenEnd();
  EXPECT_EQ(Outcome::kEnded, it.carryToTheOutcome());
  EXPECT_EQ(0U, it.relay().delivered(kClient) + it.relay().delivered(kUpstream));
  EXPECT_EQ(0, it.relay().error(kClient));
  EXPECT_EQ(0, it.relay().error(kUpstream));
}

TEST_P(RelayTest, WaitsForWhatItNeedsAndNothingElse) {
  Joint it = joint(kTiny);
  it.turn();
  EXPECT_EQ(kReads, it.relay().interest(kClient));
  EXPECT_EQ(kReads, it.relay().interest(kUpstream));

  // The upstream does not keep up: the client is not read any more.
  it.client.say(pattern(kMega));
  it.upstream.listen(false);
  ASSERT_TRUE(eventually([&] {
    it.client.work();
    it.turn();
    return it.relay().held(kClient) > 0;
  }));
  EXPECT_EQ(kNothing, it.relay().interest(kClient));
  EXPECT_EQ((Interest{.read = true, .write = true}), it.relay().interest(kUpstream));

  // It listens again, and the client ends.
  it.upstream.listen(true);
  it.client.thenEnd();
  it.carryUntil([&] { return it.upstream.heardEnd(); });
  EXPECT_EQ(kNothing, it.relay().interest(kClient));
  EXPECT_EQ(kReads, it.relay().interest(kUpstream));

  it.upstream.thenEnd();
  it.carryToTheOutcome();
  EXPECT_EQ(kNothing, it.relay().interest(kClient));
  EXPECT_EQ(kNothing, it.relay().interest(kUpstream));
}

TEST_P(RelayTest, TriesBothSidesAtFirst) {
  Joint it = joint();
  it.client.sayNow("early");
  it.upstream.sayNow("bird");
  EXPECT_TRUE(eventually([&] {
    it.turn();
    return it.total().fromA == 5 && it.total().fromB == 4;
  }));
}

TEST_P(RelayTest, DoesNotReadASideOfWhichItKnowsBetter) {
  Joint it = joint();
  it.relay().notReadable(kClient);
  it.client.sayNow("hello");
  ASSERT_TRUE(eventually([&] { return support::unread(it.fd(kClient)) == 5; }));
  EXPECT_EQ(0U, it.advance().fromA);
  it.relay().ready(kClient, {.readable = true});
  EXPECT_EQ(5U, it.advance().fromA);
}

TEST_P(RelayTest, StopsAtItsShareAndGoesOnWithoutBeingTold) {
  Joint it(std::get<1>(GetParam()), {.lane = std::get<0>(GetParam()), .hold = 4096});
  it.client.sayNow(pattern(20'000));
  ASSERT_TRUE(eventually([&] { return support::unread(it.fd(kClient)) == 20'000; }));
  const Relay::Progress progress = it.advance(5000);
  EXPECT_GE(progress.fromA, 5000U);
  EXPECT_LT(progress.fromA, 10'000U);
  EXPECT_EQ(kReads, it.relay().interest(kClient));
  it.advance();
  EXPECT_EQ(20'000U, it.total().fromA);
}

TEST_P(RelayTest, PassesAResetOnAfterTheBytesBeforeIt) {
  for (const Side side : {kClient, kUpstream}) {
    SCOPED_TRACE(side == kClient ? "client" : "upstream");
    Joint it(Transport::kTcp, {.lane = std::get<0>(GetParam())});
    support::Peer& failing = side == kClient ? it.client : it.upstream;
    support::Peer& listening = side == kClient ? it.upstream : it.client;
    const std::string bytes = pattern(50'000);
    failing.sayNow(bytes);
    failing.reset();
    EXPECT_EQ(Outcome::kReset, it.carryToTheOutcome());
    EXPECT_EQ(side, it.relay().failedSide());
    EXPECT_EQ(ECONNRESET, it.relay().error(side));
    it.closeBoth();
    EXPECT_TRUE(same(bytes, listening.heard()));
    EXPECT_EQ(ECONNRESET, listening.error());
  }
}

TEST_P(RelayTest, PassesAResetWithoutBytesOn) {
  for (const Side side : {kClient, kUpstream}) {
    Joint it(Transport::kTcp, {.lane = std::get<0>(GetParam())});
    it.turn();
    (side == kClient ? it.client : it.upstream).reset();
    EXPECT_EQ(Outcome::kReset, it.carryToTheOutcome());
    EXPECT_EQ(side, it.relay().failedSide());
    it.closeBoth();
    EXPECT_EQ(ECONNRESET, (side == kClient ? it.upstream : it.client).error());
  }
}

TEST_P(RelayTest, EndsWhenBothSidesResetAtOnce) {
  Joint it(Transport::kTcp, {.lane = std::get<0>(GetParam())});
  it.client.sayNow("one");
  it.upstream.sayNow("two");
  it.client.reset();
  it.upstream.reset();
  EXPECT_EQ(Outcome::kReset, it.carryToTheOutcome());
  EXPECT_NE(0, it.relay().error(it.relay().failedSide()));
}

TEST_P(RelayTest, DeliversWhatASideSaidBeforeTheOtherResetIt) {
  // The client resets while the upstream is silent; what it said before is still delivered.
  Joint it(Transport::kTcp, {.lane = std::get<0>(GetParam())}, kTiny);
  const std::string bytes = pattern(kMega);
  it.client.say(bytes);
  it.upstream.listen(false);
  ASSERT_TRUE(eventually([&] {
    it.client.work();
    it.turn();
    return it.relay().held(kClient) > 0;
  }));
  it.client.reset();
  ASSERT_TRUE(eventually([&] {
    it.look();
    return it.relay().error(kClient) != 0;
  })) << "a side that failed while its bytes wait goes unnoticed";
  EXPECT_EQ(Outcome::kMoving, it.relay().outcome());
  const std::size_t held = it.relay().held(kClient);
  const std::size_t before = it.relay().delivered(kClient);
  it.upstream.listen(true);
  EXPECT_EQ(Outcome::kReset, it.carryToTheOutcome());
  EXPECT_GE(it.relay().delivered(kClient), before + held);
  it.closeBoth();
  EXPECT_TRUE(beginsWith(bytes, it.upstream.heard()));
  EXPECT_EQ(it.relay().delivered(kClient), it.upstream.heard().size());
  EXPECT_EQ(ECONNRESET, it.upstream.error());
}

TEST_P(RelayTest, ReadsTheLastBytesOfASideThatTakesNoMore) {
  // The upstream answers and closes without reading on: writing to it fails, its answer must not.
  Joint it = joint();
  it.turn();
  it.upstream.sayNow("no");
  it.upstream.close();
  it.client.say(pattern(kMega));
  EXPECT_NE(Outcome::kMoving, it.carryToTheOutcome());
  EXPECT_EQ(2U, it.relay().delivered(kUpstream));
  EXPECT_THAT(it.relay().error(kUpstream), AnyOf(EPIPE, ECONNRESET));
  it.closeBoth();
  EXPECT_EQ("no", it.client.heard());
}

TEST_P(RelayTest, NoticesAResetBehindAHalfCloseWhenItWrites) {
  Joint it(Transport::kTcp, {.lane = std::get<0>(GetParam())});
  it.client.say("question").thenEnd();
  it.carryUntil([&] { return it.upstream.heardEnd(); });
  it.client.reset();
  it.upstream.say(pattern(kMega));
  EXPECT_EQ(Outcome::kReset, it.carryToTheOutcome());
  EXPECT_EQ(kClient, it.relay().failedSide());
  EXPECT_THAT(it.relay().error(kClient), AnyOf(EPIPE, ECONNRESET));
  it.closeBoth();
  EXPECT_TRUE(eventually([&] {
    return support::getOption(it.upstream.fd(), SOL_SOCKET, SO_ERROR) != 0;
  })) << "the reset was not passed on";
}

TEST_P(RelayTest, NoticesAResetBehindAHalfCloseWhileTheOtherIsSilent) {
  Joint it(Transport::kTcp, {.lane = std::get<0>(GetParam())});
  it.client.say("question").thenEnd();
  it.carryUntil([&] { return it.upstream.heardEnd(); });
  it.client.reset();
  pollfd one = {.fd = it.fd(kClient), .events = 0, .revents = 0};
  ASSERT_EQ(1, poll(&one, 1, 10'000)) << "the reset has not arrived";
  it.look();
  EXPECT_EQ(Outcome::kReset, it.relay().outcome());
  EXPECT_EQ(kClient, it.relay().failedSide());
}

TEST_P(RelayTest, DeliversFirstWhatWasReadTooEarly) {
  Joint it = joint(kTiny);
  const std::string early = pattern(300'000, 1);
  const std::string later = pattern(kMega, 2);
  ASSERT_TRUE(it.relay().hold(kClient, std::as_bytes(std::span(early))));
  ASSERT_TRUE(it.relay().hold(kUpstream, {}));
  it.client.say(later).thenEnd();
  it.upstream.say("answer").thenEnd();
  EXPECT_EQ(Outcome::kEnded, it.carryToTheOutcome());
  it.closeBoth();
  EXPECT_TRUE(same(early + later, it.upstream.heard()));
  EXPECT_EQ("answer", it.client.heard());
}

TEST_P(RelayTest, DeliversWhatASideSaidThatIsKnownToHaveFailed) {
  Joint it = joint();
  it.upstream.sayNow("last words");
  it.upstream.endNow();
  it.relay().fail(kUpstream, ECONNRESET);
  EXPECT_EQ(Outcome::kMoving, it.relay().outcome());
  it.client.say("to nobody");
  it.carryUntil([&] { return it.client.heard() == "last words"; });
  EXPECT_EQ(Outcome::kReset, it.carryToTheOutcome());
  EXPECT_EQ(kUpstream, it.relay().failedSide());
  EXPECT_EQ(ECONNRESET, it.relay().error(kUpstream));
  EXPECT_FALSE(it.client.heardEnd()) << "the end of a side that failed is no end";
}

TEST_P(RelayTest, LooksForNoFailureWhereAReadWouldFindIt) {
  Joint it(Transport::kTcp, {.lane = std::get<0>(GetParam())});
  it.client.sayNow("last words");
  it.client.reset();
  pollfd one = {.fd = it.fd(kClient), .events = POLLRDHUP, .revents = 0};
  ASSERT_EQ(1, poll(&one, 1, 10'000)) << "the reset has not arrived";
  it.relay().ready(kClient, {.readable = true, .writable = true, .ended = true});
  EXPECT_EQ(0, it.relay().error(kClient)) << "the error was taken before the bytes in front of it";
  EXPECT_EQ(Outcome::kReset, it.carryToTheOutcome());
  EXPECT_EQ(10U, it.relay().delivered(kClient));
  EXPECT_EQ(ECONNRESET, it.relay().error(kClient));
}

TEST_P(RelayTest, CarriesAStreamInTheLaneItShould) {
  Joint it(Transport::kUnix, {.lane = std::get<0>(GetParam())});
  it.client.say(pattern(4 * kMega)).thenEnd();
  it.carryUntil([&] { return it.upstream.heardEnd(); });
  const bool splices = kZeroCopy && std::get<0>(GetParam()) != Lane::kCopy;
  EXPECT_EQ(splices, it.total().spliced > 0);
  EXPECT_EQ(4 * kMega, it.total().fromA);
}

TEST(Unacknowledged, IsWhatThePeerHasYetToTake) {
  auto [near, far] = support::tcpPair(kTiny);
  EXPECT_EQ(0U, unacknowledged(near.get()));
  const std::string bytes = pattern(kMega);
  while (send(near.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0) {
  }
  ASSERT_EQ(EAGAIN, errno);
  EXPECT_GT(unacknowledged(near.get()), 0U);
  support::Peer peer(std::move(far));
  EXPECT_TRUE(eventually([&, fd = near.get()] {
    peer.work();
    return unacknowledged(fd) == 0;
  }));
}

TEST(Unacknowledged, IsNothingWhereItCannotBeKnown) {
  EXPECT_EQ(0U, unacknowledged(-1));
  auto [near, far] = support::unixPair();
  ASSERT_EQ(1, send(near.get(), "x", 1, MSG_NOSIGNAL));
  EXPECT_EQ(0U, unacknowledged(near.get())) << "a path's bytes survive whatever we do";
}

TEST(ResetOnClose, ThePeerSeesAReset) {
  auto [near, far] = support::tcpPair();
  support::Peer peer(std::move(far));
  resetOnClose(near.get());
  near.reset();
  EXPECT_TRUE(eventually([&] {
    peer.work();
    return peer.over();
  }));
  EXPECT_EQ(ECONNRESET, peer.error());
}

}  // namespace
}  // namespace socksplice
