#include "socksplice/system_splice.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

#include <gtest/gtest.h>

#include "socksplice/lane.h"
#include "support/signal_disposition.h"
#include "support/socket_pair.h"

namespace socksplice {
namespace {

using support::must;

#ifdef SPLICE_F_MOVE
TEST(SystemSplice, ItsFlagsAreTheKernels) {
  EXPECT_EQ(unsigned{SPLICE_F_MOVE}, static_cast<unsigned>(SpliceFlags::kMove));
  EXPECT_EQ(unsigned{SPLICE_F_NONBLOCK}, static_cast<unsigned>(SpliceFlags::kNonBlock));
  EXPECT_EQ(unsigned{SPLICE_F_MORE}, static_cast<unsigned>(SpliceFlags::kMore));
}
#endif

TEST(SystemSplice, ItsFlagsMayBeJoined) {
  EXPECT_EQ(
      7U, static_cast<unsigned>(SpliceFlags::kMove | SpliceFlags::kNonBlock | SpliceFlags::kMore));
  EXPECT_EQ(SpliceFlags::kMore, SpliceFlags::kNone | SpliceFlags::kMore);
}

class SystemSpliceTest : public testing::Test {
 protected:
  SystemSpliceTest() {
    int ends[2];
    must(pipe2(ends, O_NONBLOCK | O_CLOEXEC), "pipe2");
    read_.reset(ends[0]);
    write_.reset(ends[1]);
  }

  ssize_t in(std::size_t length) {
    return systemSplice(socket_.near.get(), write_.get(), length, SpliceFlags::kNonBlock);
  }
  ssize_t out(std::size_t length) {
    return systemSplice(read_.get(), socket_.near.get(), length, SpliceFlags::kNonBlock);
  }

  support::SocketPair socket_ = support::unixPair();
  UniqueFd read_;
  UniqueFd write_;

 private:
  const support::SignalDisposition ignored_{SIGPIPE, SIG_IGN};
};

TEST_F(SystemSpliceTest, FailsWithENOSYSWhereThereIsNone) {
  if (kZeroCopy) GTEST_SKIP() << "this build has splice";
  EXPECT_EQ(-1, in(1));
  EXPECT_EQ(ENOSYS, errno);
}

TEST_F(SystemSpliceTest, MovesBytesThroughAPipe) {
  if (!kZeroCopy) GTEST_SKIP() << "this build has no splice";
  ASSERT_EQ(5, send(socket_.far.get(), "hello", 5, 0));
  EXPECT_EQ(4, in(4));
  EXPECT_EQ(1, in(4));
  EXPECT_EQ(5, out(5));
  char room[10];
  ASSERT_EQ(5, recv(socket_.far.get(), room, sizeof room, 0));
  EXPECT_EQ("hello", std::string(room, 5));
}

TEST_F(SystemSpliceTest, SaysWhyItMovedNothing) {
  if (!kZeroCopy) GTEST_SKIP() << "this build has no splice";
  EXPECT_EQ(-1, in(10));
  EXPECT_EQ(EAGAIN, errno);
  EXPECT_EQ(-1, systemSplice(-1, write_.get(), 1, SpliceFlags::kNone));
  EXPECT_EQ(EBADF, errno);
  EXPECT_EQ(-1, systemSplice(socket_.near.get(), socket_.near.get(), 1, SpliceFlags::kNone));
  EXPECT_EQ(EINVAL, errno);
  socket_.far.reset();
  EXPECT_EQ(0, in(10));
  ASSERT_EQ(1, write(write_.get(), "x", 1));
  EXPECT_EQ(-1, out(1));
  EXPECT_EQ(EPIPE, errno);
}

}  // namespace
}  // namespace socksplice
