#include "core/timer.h"

#include <chrono>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "core/event_loop.h"
#include "loop_method.h"
#include "support/loop_run.h"

namespace proxy {
namespace {

using std::chrono::hours;

struct Alarm {
  explicit Alarm(EventLoop& ownLoop) : loop(ownLoop) {}
  void start(milliseconds delay) { timer.start<&Alarm::onTimer>(loop, delay, this); }
  void onTimer() {
    ++rung;
    if (again > 0) {
      --again;
      start(milliseconds(0));
    }
  }

  EventLoop& loop;
  int rung = 0;
  int again = 0;
  Timer timer;
};

class TimerTest : public testing::TestWithParam<std::string> {
 protected:
  void runUntilRung(const Alarm& alarm, int times) {
    EXPECT_TRUE(support::runUntil(loop_, [&] { return alarm.rung >= times; }));
  }

  EventLoop loop_{GetParam()};
  Alarm alarm_{loop_};
  Alarm later_{loop_};
};

INSTANTIATE_TEST_SUITE_P(Methods, TimerTest, everyMethod(), methodName);

TEST_P(TimerTest, RingsOnce) {
  alarm_.start(milliseconds(1));
  later_.start(milliseconds(30));
  runUntilRung(later_, 1);
  EXPECT_EQ(1, alarm_.rung);
}

TEST_P(TimerTest, RingsNotBeforeItsTime) {
  later_.start(hours(1));
  alarm_.start(milliseconds(20));
  runUntilRung(alarm_, 1);
  EXPECT_EQ(0, later_.rung);
}

TEST_P(TimerTest, OfNoTimeRingsInTheNextTurn) {
  alarm_.start(milliseconds(0));
  EXPECT_EQ(0, alarm_.rung) << "it rang inside start()";
  runUntilRung(alarm_, 1);
  alarm_.start(milliseconds(-5));
  runUntilRung(alarm_, 2);
  EXPECT_EQ(2, alarm_.rung);
}

TEST_P(TimerTest, StartedAgainRingsAtTheNewTimeAlone) {
  alarm_.start(milliseconds(1));
  alarm_.start(hours(1));
  later_.start(milliseconds(20));
  runUntilRung(later_, 1);
  EXPECT_EQ(0, alarm_.rung);
  alarm_.start(milliseconds(0));
  runUntilRung(alarm_, 1);
  EXPECT_EQ(1, alarm_.rung);
}

TEST_P(TimerTest, MayBeStartedByItsOwnCallback) {
  alarm_.again = 9;
  alarm_.start(milliseconds(0));
  runUntilRung(alarm_, 10);
  EXPECT_EQ(10, alarm_.rung);
}

TEST_P(TimerTest, CancelledDoesNotRing) {
  alarm_.timer.cancel();  // never started
  alarm_.start(milliseconds(1));
  alarm_.timer.cancel();
  alarm_.timer.cancel();
  later_.start(milliseconds(20));
  runUntilRung(later_, 1);
  EXPECT_EQ(0, alarm_.rung);
}

TEST_P(TimerTest, DestroyedDoesNotRing) {
  auto gone = std::make_unique<Alarm>(loop_);
  gone->start(milliseconds(1));
  gone.reset();
  later_.start(milliseconds(20));
  runUntilRung(later_, 1);
  EXPECT_EQ(1, later_.rung);
}

}  // namespace
}  // namespace proxy
