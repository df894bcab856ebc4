#include "core/event_loop.h"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loop_method.h"
#include "support/child.h"
#include "support/descriptor_limit.h"
#include "support/loop_run.h"
#include "support/refused_watches.h"

namespace proxy {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::ThrowsMessage;

class EventLoopTest : public testing::TestWithParam<std::string> {
 protected:
  EventLoop loop_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Methods, EventLoopTest, everyMethod(), methodName);

TEST_P(EventLoopTest, WaitsByTheMethodAsked) { EXPECT_EQ(GetParam(), loop_.method()); }

TEST_P(EventLoopTest, RunsWhatWasPostedBeforeItRan) {
  std::string order;
  loop_.post([&] { order += 'a'; });
  loop_.post([&] { order += 'b'; });
  loop_.stop();
  loop_.run();
  EXPECT_EQ("ab", order);
}

TEST_P(EventLoopTest, MayRunAgainAfterAStop) {
  int ran = 0;
  for (int i = 1; i <= 3; ++i) {
    loop_.post([&] { ++ran; });
    loop_.stop();
    loop_.run();
    EXPECT_EQ(i, ran);
  }
}

TEST_P(EventLoopTest, RunsWhatATaskPosts) {
  int left = 100;
  std::function<void()> task = [&] {
    if (--left == 0) return loop_.stop();
    loop_.post(task);
  };
  loop_.post(task);
  loop_.run();
  EXPECT_EQ(0, left);
}

TEST_P(EventLoopTest, RunsWhatEachThreadPostsInItsOrder) {
  constexpr int kThreads = 4;
  constexpr int kTasks = 2000;
  std::array<std::vector<int>, kThreads> came;
  int missing = kThreads * kTasks;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kTasks; ++i) {
        loop_.post([&, t, i] {
          came[static_cast<std::size_t>(t)].push_back(i);
          if (--missing == 0) loop_.stop();
        });
      }
    });
  }
  loop_.run();
  for (std::thread& thread : threads) thread.join();
  for (const auto& one : came) {
    EXPECT_EQ(std::size_t{kTasks}, one.size());
    EXPECT_TRUE(std::is_sorted(one.begin(), one.end()));
  }
}

TEST_P(EventLoopTest, IsStoppedByAnotherThread) {
  std::thread other([this] { loop_.stop(); });
  loop_.run();
  other.join();
  EXPECT_TRUE(loop_.inThread());
}

TEST_P(EventLoopTest, KnowsItsThread) {
  bool inside = false;
  std::thread runner([&] {
    loop_.post([&] { inside = loop_.inThread(); });
    loop_.stop();
    loop_.run();
  });
  runner.join();
  EXPECT_TRUE(inside);
  EXPECT_FALSE(loop_.inThread());
}

struct Traced {
  std::string& trace;
  char name;
  std::function<void()> then;
  ~Traced() {
    trace += name;
    if (then) then();
  }
};

TEST_P(EventLoopTest, DestroysAtTheEndOfTheTurn) {
  std::string trace;
  loop_.post([&] {
    loop_.destroyLater(std::unique_ptr<Traced>(new Traced{trace, 'd', {}}));
    trace += '1';
  });
  loop_.post([&] { trace += '2'; });
  loop_.stop();
  loop_.run();
  EXPECT_EQ("12d", trace);
}

TEST_P(EventLoopTest, DestroysWhatIsLeftByWhatItDestroys) {
  std::string trace;
  loop_.post([&] {
    loop_.destroyLater(std::unique_ptr<Traced>(new Traced{
        trace, 'a',
        [&] { loop_.destroyLater(std::unique_ptr<Traced>(new Traced{trace, 'b', {}})); }}));
  });
  loop_.stop();
  loop_.run();
  EXPECT_EQ("ab", trace);
}

TEST(EventLoop, DestroysWhatIsLeftWhenItGoes) {
  std::string trace;
  {
    EventLoop loop;
    loop.destroyLater(std::unique_ptr<Traced>(new Traced{trace, 'a', {}}));
    EXPECT_EQ("", trace);
  }
  EXPECT_EQ("a", trace);
}

TEST(EventLoop, ForgetsWhatWasPostedAndNeverRan) {
  std::string trace;
  auto kept = std::make_shared<Traced>(Traced{trace, 'x', {}});
  trace.clear();
  {
    EventLoop loop;
    loop.post([kept] { kept->trace += '!'; });
    kept.reset();
  }
  EXPECT_EQ("x", trace);
}

TEST(EventLoop, WaitsByTheBestMethodUnlessTold) {
  ASSERT_FALSE(EventLoop::methods().empty());
  EXPECT_EQ(EventLoop::methods().front(), EventLoop().method());
}

TEST(EventLoop, IsNotMovedByTheEnvironment) {
  ASSERT_EQ(0, setenv("EVENT_NOEPOLL", "1", 1));
  EXPECT_EQ(EventLoop::methods().front(), EventLoop().method());
  unsetenv("EVENT_NOEPOLL");
}

TEST(EventLoop, WithoutDescriptorsTheProgramCannotStart) {
  // By an exception, or by libevent, which ends the process where it finds no socket pair.
  for (const int free : {0, 1, 2, 3}) {
    EXPECT_EQ(1, support::inChild([free] {
                const support::DescriptorLimit limit(free);
                try {
                  EventLoop();
                } catch (const std::system_error&) {
                  return 1;
                }
                return 0;
              }))
        << free;
  }
}

TEST(EventLoop, SaysSoWhereTheKernelWatchesNoMoreDescriptors) {
  const support::RefusedWatches none;
  EXPECT_THAT([] { EventLoop("epoll"); },
              ThrowsMessage<std::system_error>(HasSubstr("the kernel watches no more")));
}

TEST(EventLoop, SaysSoWhereAMethodDoesNotWork) {
  EXPECT_THAT([] { EventLoop("smoke"); },
              ThrowsMessage<std::runtime_error>(AllOf(
                  HasSubstr("event loop by smoke: it does not work here; libevent's methods are "),
                  Not(HasSubstr("Success")))));
}

}  // namespace
}  // namespace proxy
