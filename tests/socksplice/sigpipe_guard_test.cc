#include "socksplice/sigpipe_guard.h"

#include <sys/socket.h>

#include <csignal>

#include <gtest/gtest.h>

#include "support/child.h"
#include "support/signal_disposition.h"
#include "support/socket_pair.h"

namespace socksplice {
namespace {

bool isPending(int signal) {
  sigset_t pending;
  return sigpending(&pending) == 0 && sigismember(&pending, signal) == 1;
}

bool isBlocked(int signal) {
  sigset_t blocked;
  return pthread_sigmask(SIG_SETMASK, nullptr, &blocked) == 0 && sigismember(&blocked, signal) == 1;
}

void raisePipeSignal() {
  auto [near, far] = support::unixPair();
  far.reset();
  EXPECT_EQ(-1, write(near.get(), "x", 1));
  EXPECT_EQ(EPIPE, errno);
}

class SigpipeGuardTest : public testing::Test {
 private:
  const support::SignalDisposition deadly_{SIGPIPE, SIG_DFL};
};

TEST_F(SigpipeGuardTest, WithoutItTheProcessWouldEnd) {
  EXPECT_EQ(128 + SIGPIPE, support::inChild([] {
              raisePipeSignal();
              return 0;
            }));
}

TEST_F(SigpipeGuardTest, TakesTheSignalWithIt) {
  {
    const SigpipeGuard guard;
    EXPECT_TRUE(isBlocked(SIGPIPE));
    raisePipeSignal();
    EXPECT_TRUE(isPending(SIGPIPE));
  }
  EXPECT_FALSE(isPending(SIGPIPE));
  EXPECT_FALSE(isBlocked(SIGPIPE));
}

TEST_F(SigpipeGuardTest, TakesNothingWhereNothingCame) {
  {
    const SigpipeGuard guard;
  }
  EXPECT_FALSE(isPending(SIGPIPE));
  EXPECT_FALSE(isBlocked(SIGPIPE));
}

TEST_F(SigpipeGuardTest, MayBeNested) {
  {
    const SigpipeGuard outer;
    {
      const SigpipeGuard inner;
      raisePipeSignal();
    }
    EXPECT_TRUE(isBlocked(SIGPIPE));
  }
  EXPECT_FALSE(isBlocked(SIGPIPE));
  EXPECT_FALSE(isPending(SIGPIPE));
}

TEST_F(SigpipeGuardTest, LeavesASignalThatWasThereBefore) {
  EXPECT_EQ(0, support::inChild([] {
              sigset_t pipe;
              sigemptyset(&pipe);
              sigaddset(&pipe, SIGPIPE);
              pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
              raise(SIGPIPE);
              {
                const SigpipeGuard guard;
                raisePipeSignal();
              }
              return isPending(SIGPIPE) && isBlocked(SIGPIPE) ? 0 : 1;
            }));
}

}  // namespace
}  // namespace socksplice
