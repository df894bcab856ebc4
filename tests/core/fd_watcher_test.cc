#include "core/fd_watcher.h"

#include <sys/socket.h>

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "core/event_loop.h"
#include "loop_method.h"
#include "support/loop_run.h"
#include "support/peer.h"
#include "support/socket_pair.h"

namespace proxy {
namespace {

// One who counts what it is told of.
struct Watch {
  void onReady(Ready ready) {
    if (ready.readable) ++readable;
    if (ready.writable) ++writable;
    if (ready.ended) ++ended;
    if (then) then();
  }
  int calls() const { return readable + writable; }

  int readable = 0;
  int writable = 0;
  int ended = 0;
  std::function<void()> then;
  FdWatcher watcher;
};

class FdWatcherTest : public testing::TestWithParam<std::string> {
 protected:
  FdWatcherTest() {
    auto [near, far] = support::tcpPair();
    fd_ = std::move(near);
    peer_ = support::Peer(std::move(far));
  }

  void watch(bool read, bool write) {
    EXPECT_TRUE(watch_.watcher.watch<&Watch::onReady>(loop_, fd_.get(), &watch_, read, write));
  }
  void runUntil(const std::function<bool()>& holds) {
    EXPECT_TRUE(support::runUntil(loop_, holds));
  }
  void runTurns(int count) {
    runUntil([&] { return --count < 0; });
  }
  void read() {
    char room[100];
    EXPECT_GT(recv(fd_.get(), room, sizeof room, 0), 0);
  }

  EventLoop loop_{GetParam()};
  support::UniqueFd fd_;
  support::Peer peer_;
  Watch watch_;
};

INSTANTIATE_TEST_SUITE_P(Methods, FdWatcherTest, everyMethod(), methodName);

TEST_P(FdWatcherTest, ReportsAStateAgainAndAgain) {
  watch(true, false);
  runTurns(5);
  EXPECT_EQ(0, watch_.calls());
  peer_.sayNow("x");
  runUntil([&] { return watch_.readable >= 3; });
  EXPECT_EQ(0, watch_.writable);
  read();
  const int before = watch_.readable;
  runTurns(5);
  EXPECT_LE(watch_.readable, before + 1);
}

TEST_P(FdWatcherTest, ReportsOnlyWhatIsWanted) {
  peer_.sayNow("x");
  watch(false, true);
  runUntil([&] { return watch_.writable >= 3; });
  EXPECT_EQ(0, watch_.readable);
  EXPECT_TRUE(watch_.watcher.want(true, false));
  const int writable = watch_.writable;
  runUntil([&] { return watch_.readable >= 3; });
  EXPECT_EQ(writable, watch_.writable);
  EXPECT_TRUE(watch_.watcher.want(true, true));
  runUntil([&] { return watch_.writable > writable; });
  EXPECT_TRUE(watch_.watcher.want(false, false));
  const int calls = watch_.calls();
  runTurns(5);
  EXPECT_EQ(calls, watch_.calls());
  EXPECT_TRUE(watch_.watcher.want(true, false));
  runUntil([&] { return watch_.calls() > calls; });
}

TEST_P(FdWatcherTest, TellsOfAnEnd) {
  watch(true, false);
  peer_.sayNow("x");
  peer_.endNow();
  runUntil([&] { return watch_.readable >= 3; });
  EXPECT_EQ(0, watch_.writable);
  if (GetParam() == "select") {
    EXPECT_EQ(0, watch_.ended) << "select cannot tell";
  } else if (GetParam() == "epoll") {
    runUntil([&] { return watch_.ended > 0; });
  }
}

TEST_P(FdWatcherTest, TellsOfAResetWhoeverWaits) {
  for (const bool read : {true, false}) {
    auto [near, far] = support::tcpPair();
    support::Peer peer(std::move(far));
    Watch watching;
    ASSERT_TRUE(watching.watcher.watch<&Watch::onReady>(loop_, near.get(), &watching, read, !read));
    peer.reset();
    runUntil([&] { return watching.calls() >= 3; });
    EXPECT_EQ(read, watching.readable > 0);
    EXPECT_EQ(!read, watching.writable > 0);
  }
}

TEST_P(FdWatcherTest, NothingWantedIsNothingTold) {
  watch(false, false);
  peer_.reset();
  runTurns(10);
  EXPECT_EQ(0, watch_.calls());
  EXPECT_TRUE(watch_.watcher.want(true, false));
  runUntil([&] { return watch_.readable > 0; });
}

TEST_P(FdWatcherTest, WhoIsNotDoneIsCalledAgainWithTheOthers) {
  // Two that are always ready: neither keeps the other from its turn.
  Watch other;
  auto [near, far] = support::tcpPair();
  watch(false, true);
  ASSERT_TRUE(other.watcher.watch<&Watch::onReady>(loop_, near.get(), &other, false, true));
  runUntil([&] { return watch_.writable >= 50; });
  EXPECT_GE(other.writable, 49);
  EXPECT_LE(other.writable, watch_.writable + 1);
}

TEST_P(FdWatcherTest, StoppedReportsNothing) {
  watch(true, true);
  EXPECT_TRUE(watch_.watcher.watching());
  watch_.watcher.stop();
  watch_.watcher.stop();
  EXPECT_FALSE(watch_.watcher.watching());
  runTurns(5);
  EXPECT_EQ(0, watch_.calls());
}

TEST_P(FdWatcherTest, StoppedMayBeAskedForNothing) {
  EXPECT_DEATH(static_cast<void>(watch_.watcher.want(true, true)), "CHECK failed: watching");
}

TEST_P(FdWatcherTest, MayStopInItsOwnCallback) {
  watch_.then = [this] { watch_.watcher.stop(); };
  watch(false, true);
  runTurns(10);
  EXPECT_EQ(1, watch_.calls());
}

TEST_P(FdWatcherTest, MayWatchAnotherDescriptorAfterwards) {
  watch(true, false);
  auto [other, far] = support::tcpPair();
  support::Peer peer(std::move(far));
  ASSERT_TRUE(watch_.watcher.watch<&Watch::onReady>(loop_, other.get(), &watch_, true, false));
  peer_.sayNow("x");
  runTurns(5);
  EXPECT_EQ(0, watch_.calls());
  peer.sayNow("x");
  runUntil([&] { return watch_.readable > 0; });
  watch_.watcher.stop();
}

}  // namespace
}  // namespace proxy
