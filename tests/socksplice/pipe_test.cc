#include "socksplice/pipe.h"

#include <fcntl.h>

#include <cerrno>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "socksplice/lane.h"
#include "support/descriptor_limit.h"
#include "support/eventually.h"
#include "support/pattern.h"
#include "support/peer.h"
#include "support/socket_pair.h"

namespace socksplice {
namespace {

using support::pattern;
using support::same;

constexpr std::size_t kMega = std::size_t{1024} * 1024;

TEST(Pipe, IsEmptyUnlessOpened) {
  const Pipe pipe;
  EXPECT_FALSE(pipe);
  EXPECT_EQ(0U, pipe.held());
  EXPECT_EQ(0U, pipe.capacity());
}

TEST(Pipe, ABuildWithoutSpliceOpensNone) {
  if (kZeroCopy) GTEST_SKIP() << "this build has splice";
  errno = 0;
  EXPECT_FALSE(Pipe::open(kMega));
  EXPECT_EQ(ENOSYS, errno);
}

class PipeTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!kZeroCopy) GTEST_SKIP() << "this build opens no pipes";
  }

  /// Puts the bytes into the pipe.
  void fill(Pipe& pipe, const std::string& bytes) {
    peer_.say(bytes);
    std::size_t got = 0;
    ASSERT_TRUE(support::eventually([&] {
      peer_.work();
      const ssize_t more = pipe.fill(source_.get(), kMega);
      if (more > 0) got += static_cast<std::size_t>(more);
      return got == bytes.size();
    }));
  }

  PipeTest() {
    auto [near, far] = support::unixPair();
    source_ = std::move(near);
    peer_ = support::Peer(std::move(far));
  }

  UniqueFd source_;
  support::Peer peer_;
};

TEST_F(PipeTest, HasBothEndsNonBlockingAndClosedByExec) {
  const Pipe pipe = Pipe::open(kMega);
  ASSERT_TRUE(pipe);
  for (const int end : {pipe.readEnd(), pipe.writeEnd()}) {
    EXPECT_FALSE(support::isBlocking(end));
    EXPECT_EQ(FD_CLOEXEC, fcntl(end, F_GETFD) & FD_CLOEXEC);
  }
}

TEST_F(PipeTest, KnowsWhatTheKernelGranted) {
  for (const std::size_t asked : {std::size_t{1}, std::size_t{4096}, Pipe::kSmallestUseful,
                                  Pipe::kSmallestUseful + 1, std::size_t{256} * 1024, kMega}) {
    SCOPED_TRACE(asked);
    const Pipe pipe = Pipe::open(asked);
    ASSERT_TRUE(pipe);
    EXPECT_GE(pipe.capacity(), Pipe::kSmallestUseful);
#ifdef F_GETPIPE_SZ
    EXPECT_EQ(pipe.capacity(), static_cast<std::size_t>(fcntl(pipe.readEnd(), F_GETPIPE_SZ)));
#endif
  }
}

TEST_F(PipeTest, TakesLessThanWasAskedWhereTheKernelRefusesMore) {
  const Pipe pipe = Pipe::open(std::size_t{1} << 40);
  ASSERT_TRUE(pipe);
  EXPECT_LE(pipe.capacity(), std::size_t{1} << 30);
}

TEST_F(PipeTest, CountsWhatItHolds) {
  Pipe pipe = Pipe::open(kMega);
  fill(pipe, "twelve bytes");
  EXPECT_EQ(12U, pipe.held());
  char room[5];
  ASSERT_EQ(5, pipe.read(room, sizeof room));
  EXPECT_EQ("twelv", std::string(room, sizeof room));
  EXPECT_EQ(7U, pipe.held());
  EXPECT_EQ(7, support::unread(pipe.readEnd()));
}

TEST_F(PipeTest, ReadsNoMoreThanItHolds) {
  Pipe pipe = Pipe::open(kMega);
  fill(pipe, "abc");
  char room[100];
  EXPECT_EQ(3, pipe.read(room, sizeof room));
  EXPECT_EQ(0U, pipe.held());
}

TEST_F(PipeTest, FillsWithAtMostTheLengthAsked) {
  Pipe pipe = Pipe::open(kMega);
  peer_.sayNow(pattern(10'000));
  EXPECT_EQ(1000, pipe.fill(source_.get(), 1000));
  EXPECT_EQ(1000U, pipe.held());
}

TEST_F(PipeTest, SaysThatTheSourceHasNothingOrHasEnded) {
  Pipe pipe = Pipe::open(kMega);
  EXPECT_EQ(-1, pipe.fill(source_.get(), kMega));
  EXPECT_EQ(EAGAIN, errno);
  peer_.endNow();
  EXPECT_EQ(0, pipe.fill(source_.get(), kMega));
}

TEST_F(PipeTest, TakesTheLargestLengthThereIs) {
  Pipe pipe = Pipe::open(kMega);
  peer_.sayNow("abc");
  EXPECT_EQ(3, pipe.fill(source_.get(), std::size_t(-1)));
}

TEST_F(PipeTest, DrainsIntoASocketAndKeepsWhatItDoesNotTake) {
  Pipe pipe = Pipe::open(kMega);
  const std::string bytes = pattern(400'000);
  fill(pipe, bytes);
  auto [target, far] = support::unixPair(8 * 1024);
  support::Peer listener(std::move(far));
  ssize_t moved = 0;
  while (const ssize_t now = pipe.drain(target.get())) {
    if (now < 0) break;
    moved += now;
  }
  EXPECT_EQ(EAGAIN, errno);
  EXPECT_EQ(400'000U - static_cast<std::size_t>(moved), pipe.held());
  EXPECT_GT(pipe.held(), 0U);
  EXPECT_TRUE(support::eventually([&, fd = target.get()] {
    listener.work();
    pipe.drain(fd);
    return pipe.held() == 0;
  }));
  listener.work();
  EXPECT_TRUE(same(bytes, listener.heard()));
}

TEST_F(PipeTest, MovesWithItsCount) {
  Pipe first = Pipe::open(kMega);
  fill(first, "abc");
  const int end = first.readEnd();
  Pipe second(std::move(first));
  EXPECT_EQ(3U, second.held());
  EXPECT_EQ(0U, first.held());  // NOLINT(bugprone-use-after-move): what is left is the question
  EXPECT_FALSE(first);
  Pipe third = Pipe::open(kMega);
  const int closed = third.readEnd();
  third = std::move(second);
  EXPECT_EQ(end, third.readEnd());
  EXPECT_EQ(3U, third.held());
  EXPECT_FALSE(support::isOpen(closed));
}

TEST_F(PipeTest, ClosesBothEnds) {
  int ends[2];
  {
    const Pipe pipe = Pipe::open(kMega);
    ends[0] = pipe.readEnd();
    ends[1] = pipe.writeEnd();
  }
  EXPECT_FALSE(support::isOpen(ends[0]));
  EXPECT_FALSE(support::isOpen(ends[1]));
}

TEST_F(PipeTest, IsEmptyWhereDescriptorsHaveRunOut) {
  for (const int free : {0, 1}) {
    const support::DescriptorLimit limit(free);
    errno = 0;
    EXPECT_FALSE(Pipe::open(kMega));
    EXPECT_EQ(EMFILE, errno);
  }
  EXPECT_TRUE(Pipe::open(kMega));
}

}  // namespace
}  // namespace socksplice
