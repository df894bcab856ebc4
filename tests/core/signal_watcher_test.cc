#include "core/signal_watcher.h"

#include <sys/types.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <string>
#include <system_error>
#include <thread>

#include <gtest/gtest.h>

#include "core/event_loop.h"
#include "loop_method.h"
#include "support/loop_run.h"
#include "support/refused_watches.h"
#include "support/signal_disposition.h"

namespace proxy {
namespace {

struct Listener {
  explicit Listener(EventLoop& ownLoop) : loop(ownLoop) {}
  void onSignal() {
    ++heard;
    inThread = loop.inThread();
  }

  EventLoop& loop;
  int heard = 0;
  bool inThread = false;
  SignalWatcher watcher;
};

class SignalWatcherTest : public testing::TestWithParam<std::string> {
 protected:
  void runUntil(const std::function<bool()>& holds) {
    EXPECT_TRUE(support::runUntil(loop_, holds));
  }

  EventLoop loop_{GetParam()};
  Listener one_{loop_};
  Listener two_{loop_};
};

INSTANTIATE_TEST_SUITE_P(Methods, SignalWatcherTest, everyMethod(), methodName);

TEST_P(SignalWatcherTest, CallsForEachArrivalInTheLoop) {
  one_.watcher.watch<&Listener::onSignal>(loop_, SIGUSR1, &one_);
  raise(SIGUSR1);
  runUntil([&] { return one_.heard == 1; });
  raise(SIGUSR1);
  runUntil([&] { return one_.heard == 2; });
  EXPECT_TRUE(one_.inThread);
}

TEST_P(SignalWatcherTest, TellsSignalsApart) {
  one_.watcher.watch<&Listener::onSignal>(loop_, SIGUSR1, &one_);
  two_.watcher.watch<&Listener::onSignal>(loop_, SIGUSR2, &two_);
  raise(SIGUSR2);
  runUntil([&] { return two_.heard == 1; });
  EXPECT_EQ(0, one_.heard);
}

TEST_P(SignalWatcherTest, HearsASignalFromAnotherThreadThatBlocksIt) {
  one_.watcher.watch<&Listener::onSignal>(loop_, SIGUSR1, &one_);
  std::thread other([] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    kill(getpid(), SIGUSR1);
  });
  runUntil([&] { return one_.heard == 1; });
  other.join();
  EXPECT_TRUE(one_.inThread);
}

TEST_P(SignalWatcherTest, DestroyedLeavesTheSignalToOthers) {
  struct sigaction before{};
  ASSERT_EQ(0, sigaction(SIGUSR1, nullptr, &before));
  {
    Listener gone(loop_);
    gone.watcher.watch<&Listener::onSignal>(loop_, SIGUSR1, &gone);
  }
  struct sigaction after{};
  ASSERT_EQ(0, sigaction(SIGUSR1, nullptr, &after));
  EXPECT_EQ(before.sa_handler, after.sa_handler);
}

TEST_P(SignalWatcherTest, StoppedTheSignalDoesWhatItDidBefore) {
  const support::SignalDisposition before(SIGUSR1, SIG_IGN);
  one_.watcher.watch<&Listener::onSignal>(loop_, SIGUSR1, &one_);
  one_.watcher.stop();
  one_.watcher.stop();
  raise(SIGUSR1);
  runUntil([turns = 3]() mutable { return --turns == 0; });
  EXPECT_EQ(0, one_.heard);
}

TEST(SignalWatcher, SaysSoWhereTheKernelWatchesNoMoreDescriptors) {
  EventLoop loop("epoll");
  Listener listener(loop);
  const support::RefusedWatches none;
  EXPECT_THROW(listener.watcher.watch<&Listener::onSignal>(loop, SIGUSR1, &listener),
               std::system_error);
}

}  // namespace
}  // namespace proxy
