// TCP's urgent byte: splice stops in front of it for ever, or takes it for the end. It must neither
// hold up nor lose what stands around it.
#include <cerrno>
#include <string>
#include <tuple>

#include <gtest/gtest.h>

#include "stretch.h"

namespace socksplice {
namespace {

using support::pattern;
using support::same;
using support::Transport;

enum class Urgent { kInLine, kOutOfBand };

class PumpUrgentTest : public testing::TestWithParam<std::tuple<Lane, Urgent>> {
 protected:
  PumpUrgentTest() { support::setOption(it_.source(), SOL_SOCKET, SO_OOBINLINE, inLine() ? 1 : 0); }

  static bool inLine() { return std::get<1>(GetParam()) == Urgent::kInLine; }
  /// What the receiver is to hear of the urgent byte.
  static std::string urgent() { return inLine() ? "!" : ""; }

  void expectHeard(const std::string& wanted) {
    EXPECT_TRUE(support::eventually([&] {
      it_.sender.work();
      it_.move();
      it_.receiver.work();
      return it_.receiver.heard().size() >= wanted.size() || it_.total().wait >= Wait::kEnd;
    })) << "the urgent byte holds up what follows";
    it_.hearTheRest();
    EXPECT_TRUE(same(wanted, it_.receiver.heard()));
  }

  Stretch it_{Transport::kTcp, {.lane = std::get<0>(GetParam())}};
};

std::string urgentName(const testing::TestParamInfo<PumpUrgentTest::ParamType>& info) {
  return support::nameOf(std::get<0>(info.param)) +
         (std::get<1>(info.param) == Urgent::kInLine ? "InLine" : "OutOfBand");
}

INSTANTIATE_TEST_SUITE_P(Lanes, PumpUrgentTest,
                         testing::Combine(testing::ValuesIn(support::lanes()),
                                          testing::Values(Urgent::kInLine, Urgent::kOutOfBand)),
                         urgentName);

TEST_P(PumpUrgentTest, AtTheHead) {
  it_.sender.sayUrgent('!');
  it_.sender.sayNow("behind");
  expectHeard(urgent() + "behind");
}

TEST_P(PumpUrgentTest, InTheMiddle) {
  it_.sender.sayNow("before");
  it_.sender.sayUrgent('!');
  it_.sender.sayNow("behind");
  expectHeard("before" + urgent() + "behind");
}

TEST_P(PumpUrgentTest, AloneLeavesThePumpWaiting) {
  it_.sender.sayUrgent('!');
  expectHeard(urgent());
  EXPECT_EQ(Wait::kSource, it_.carryUntil(Wait::kSource));
  it_.sender.sayNow("later");
  expectHeard(urgent() + "later");
}

TEST_P(PumpUrgentTest, AtTheHeadWithTheEndBehind) {
  it_.sender.sayUrgent('!');
  it_.sender.sayNow("behind");
  it_.sender.endNow();
  expectHeard(urgent() + "behind");
  EXPECT_EQ(Wait::kEnd, it_.carryUntil(Wait::kEnd));
}

TEST_P(PumpUrgentTest, InTheMiddleWithTheEndBehind) {
  it_.sender.sayNow("before");
  it_.sender.sayUrgent('!');
  it_.sender.sayNow("behind");
  it_.sender.endNow();
  expectHeard("before" + urgent() + "behind");
  EXPECT_EQ(Wait::kEnd, it_.carryUntil(Wait::kEnd));
}

TEST_P(PumpUrgentTest, AsTheLastByte) {
  it_.sender.sayNow("before");
  it_.sender.sayUrgent('!');
  it_.sender.endNow();
  expectHeard("before" + urgent());
  EXPECT_EQ(Wait::kEnd, it_.carryUntil(Wait::kEnd));
}

TEST_P(PumpUrgentTest, InTheMiddleWithAResetBehind) {
  it_.sender.sayNow("before");
  it_.sender.sayUrgent('!');
  it_.sender.sayNow("behind");
  it_.sender.reset();
  it_.awaitTheLastWord();
  expectHeard("before" + urgent() + "behind");
  EXPECT_EQ(Wait::kSourceFailed, it_.carryUntil(Wait::kSourceFailed));
  EXPECT_EQ(ECONNRESET, it_.pump().error());
}

TEST_P(PumpUrgentTest, InAStream) {
  const std::string before = pattern(2'000'000, 1);
  const std::string behind = pattern(2'000'000, 2);
  it_.sender.say(before);
  EXPECT_TRUE(support::eventually([&] {
    it_.sender.work();
    it_.move();
    it_.receiver.work();
    return it_.sender.saidAll();
  }));
  it_.sender.sayUrgent('!');
  it_.sender.say(behind).thenEnd();
  expectHeard(before + urgent() + behind);
  EXPECT_EQ(Wait::kEnd, it_.carryUntil(Wait::kEnd));
}

TEST_P(PumpUrgentTest, ManyInARow) {
  std::string wanted;
  for (int i = 0; i < 50; ++i) {
    const std::string part = pattern(100, static_cast<std::uint64_t>(i) + 1);
    it_.sender.sayNow(part);
    it_.sender.sayUrgent('!');
    wanted += part + urgent();
    expectHeard(wanted);
  }
}

}  // namespace
}  // namespace socksplice
