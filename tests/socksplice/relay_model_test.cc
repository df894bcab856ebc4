// A relay against a model of what it promises, in interleavings drawn by lot: the bytes that one
// peer said are what the other hears, in order, as far as it has heard; all of them at an orderly
// end, all that the relay says it delivered at a reset.
#include <random>
#include <tuple>

#include <gtest/gtest.h>

#include "joint.h"

namespace socksplice {
namespace {

using support::beginsWith;
using support::nameOf;
using support::pattern;
using support::same;
using support::Transport;
using Outcome = Relay::Outcome;

constexpr std::uint64_t kSeeds = 60;

class Lot {
 public:
  explicit Lot(std::uint64_t seed) : engine_(seed) {}

  std::size_t upTo(std::size_t most) { return engine_() % (most + 1); }
  bool oneIn(std::size_t count) { return engine_() % count == 0; }
  /// Small and large ones alike.
  std::size_t size() { return upTo((std::size_t{1} << upTo(18)) - 1); }

 private:
  std::mt19937_64 engine_;
};

class RelayModelTest : public testing::TestWithParam<std::tuple<Lane, Transport>> {
 protected:
  struct Interleaving {
    Interleaving(std::uint64_t seed, Lane lane, Transport transport)
        : lot(seed),
          it(transport,
             {.lane = lane,
              .hold = (lot.oneIn(2) ? 4096 : 65536) + lot.size(),
              .lentPipes = lot.upTo(2),
              .idlePipes = 1},
             static_cast<int>(4096 + lot.upTo(30'000))),
          up(pattern(lot.size(), 2 * seed)),
          down(pattern(lot.size(), 2 * seed + 1)) {
      it.client.say(up).thenEnd();
      it.upstream.say(down).thenEnd();
    }

    /// Something happens.
    void step() {
      switch (lot.upTo(6)) {
        case 0:
          return it.client.work(1 + lot.size());
        case 1:
          return it.upstream.work(1 + lot.size());
        case 2:
          return it.turn(1 + lot.size());
        case 3:
          return it.look();
        case 4:
          it.client.listen(lot.oneIn(2));
          return;
        case 5:
          it.upstream.listen(lot.oneIn(2));
          return;
        default:
          // An event that was true when it was written down, and is not any more.
          it.relay().ready(lot.oneIn(2) ? Side::kA : Side::kB,
                           {.readable = lot.oneIn(2), .writable = lot.oneIn(2)});
          it.advance(1 + lot.size());
          return;
      }
    }

    void check() {
      EXPECT_TRUE(beginsWith(up, it.upstream.heard()));
      EXPECT_TRUE(beginsWith(down, it.client.heard()));
      EXPECT_GE(it.relay().delivered(Side::kA), it.upstream.heard().size());
      EXPECT_GE(it.relay().delivered(Side::kB), it.client.heard().size());
    }

    void everybodyListens() {
      it.client.listen(true);
      it.upstream.listen(true);
    }

    Lot lot;
    Joint it;
    std::string up;
    std::string down;
  };

  static Interleaving draw(std::uint64_t seed) {
    return {seed, std::get<0>(GetParam()), std::get<1>(GetParam())};
  }
};

std::string modelName(const testing::TestParamInfo<RelayModelTest::ParamType>& info) {
  return nameOf(std::get<0>(info.param)) + nameOf(std::get<1>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Lanes, RelayModelTest,
                         testing::Combine(testing::ValuesIn(support::lanes()),
                                          testing::Values(Transport::kTcp, Transport::kUnix)),
                         modelName);

TEST_P(RelayModelTest, EndsInOrderWithEveryByteWhereItShouldBe) {
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Interleaving drawn = draw(seed);
    Joint& it = drawn.it;
    for (std::size_t i = drawn.lot.upTo(500); i > 0; --i) drawn.step();
    drawn.check();
    drawn.everybodyListens();
    EXPECT_EQ(Outcome::kEnded, it.carryToTheOutcome());
    it.closeBoth();
    EXPECT_TRUE(same(drawn.up, it.upstream.heard()));
    EXPECT_TRUE(same(drawn.down, it.client.heard()));
  }
}

TEST_P(RelayModelTest, AResetTakesNothingThatWasDelivered) {
  if (std::get<1>(GetParam()) == Transport::kUnix) GTEST_SKIP() << "a path knows no reset";
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Interleaving drawn = draw(seed);
    Joint& it = drawn.it;
    for (std::size_t i = drawn.lot.upTo(100); i > 0; --i) drawn.step();
    drawn.check();
    const bool client = drawn.lot.oneIn(2);
    (client ? it.client : it.upstream).reset();
    for (std::size_t i = drawn.lot.upTo(20); i > 0; --i) drawn.step();
    drawn.everybodyListens();
    it.carryToTheOutcome();
    it.closeBoth();
    drawn.check();
    const support::Peer& survivor = client ? it.upstream : it.client;
    EXPECT_EQ(it.relay().delivered(client ? Side::kA : Side::kB), survivor.heard().size());
  }
}

}  // namespace
}  // namespace socksplice
