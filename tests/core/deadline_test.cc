#include "core/deadline.h"

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

struct Duty {
  explicit Duty(EventLoop& ownLoop) : loop(ownLoop) {}
  void set(milliseconds delay) {
    at = monotonicNow() + delay;
    deadline.set<&Duty::onTimer>(loop, delay, this);
  }
  void onTimer() {
    ++calls;
    if (!deadline.due<&Duty::onTimer>(loop, this)) return;
    ++met;
    early = early || monotonicNow() < at;
    if (again > 0) {
      --again;
      set(milliseconds(1));
    }
  }

  EventLoop& loop;
  milliseconds at{0};
  int calls = 0;
  int met = 0;
  int again = 0;
  bool early = false;
  Deadline deadline;
};

class DeadlineTest : public testing::TestWithParam<std::string> {
 protected:
  void runUntilMet(const Duty& duty, int times = 1) {
    EXPECT_TRUE(support::runUntil(loop_, [&] { return duty.met >= times; }));
  }
  void runFor(milliseconds time) {
    const milliseconds until = monotonicNow() + time;
    EXPECT_TRUE(support::runUntil(loop_, [&] { return monotonicNow() > until; }));
  }

  EventLoop loop_{GetParam()};
  Duty duty_{loop_};
};

INSTANTIATE_TEST_SUITE_P(Methods, DeadlineTest, everyMethod(), methodName);

TEST_P(DeadlineTest, ComesOnceAndNotTooEarly) {
  duty_.set(milliseconds(20));
  runUntilMet(duty_);
  runFor(milliseconds(50));
  EXPECT_EQ(1, duty_.met);
  EXPECT_FALSE(duty_.early);
}

TEST_P(DeadlineTest, MovedAwayComesThenAndNotBefore) {
  duty_.set(milliseconds(1));
  for (int i = 0; i < 20; ++i) {
    duty_.set(hours(1));
    runFor(milliseconds(5));
    EXPECT_EQ(0, duty_.met);
  }
  EXPECT_LE(duty_.calls, 1) << "the timer is moved as seldom as that";
  duty_.set(milliseconds(20));
  runUntilMet(duty_);
  EXPECT_FALSE(duty_.early);
}

TEST_P(DeadlineTest, MovedNearerComesSooner) {
  duty_.set(hours(1));
  duty_.set(milliseconds(5));
  runUntilMet(duty_);
  EXPECT_FALSE(duty_.early);
  duty_.set(hours(1));
  runFor(milliseconds(20));
  EXPECT_EQ(1, duty_.met);
  duty_.set(milliseconds(0));
  runUntilMet(duty_, 2);
}

TEST_P(DeadlineTest, ClearedDoesNotCome) {
  duty_.deadline.clear();  // never set
  duty_.set(milliseconds(5));
  duty_.deadline.clear();
  duty_.deadline.clear();
  runFor(milliseconds(40));
  EXPECT_EQ(0, duty_.met);
  EXPECT_LE(duty_.calls, 1);
}

TEST_P(DeadlineTest, ClearedMayBeSetAgain) {
  // Before its timer has fired, for later and for sooner, and after.
  duty_.set(milliseconds(10));
  duty_.deadline.clear();
  duty_.set(milliseconds(40));
  runUntilMet(duty_);
  EXPECT_FALSE(duty_.early);
  duty_.set(milliseconds(40));
  duty_.deadline.clear();
  duty_.set(milliseconds(5));
  runUntilMet(duty_, 2);
  EXPECT_FALSE(duty_.early);
  duty_.set(milliseconds(1));
  duty_.deadline.clear();
  runFor(milliseconds(20));
  duty_.set(milliseconds(1));
  runUntilMet(duty_, 3);
}

TEST_P(DeadlineTest, MayBeSetByItsOwnCallback) {
  duty_.again = 5;
  duty_.set(milliseconds(1));
  runUntilMet(duty_, 6);
  EXPECT_EQ(6, duty_.met);
}

TEST_P(DeadlineTest, DestroyedDoesNotCome) {
  auto gone = std::make_unique<Duty>(loop_);
  gone->set(milliseconds(1));
  gone.reset();
  runFor(milliseconds(20));
}

}  // namespace
}  // namespace proxy
