#include "socksplice/socket_io.h"

#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <string>

#include <gtest/gtest.h>

#include "support/eventually.h"
#include "support/pattern.h"
#include "support/peer.h"
#include "support/signal_disposition.h"
#include "support/socket_pair.h"

namespace socksplice {
namespace {

using support::eventually;
using support::pattern;
using support::Transport;

class SocketIoTest : public testing::TestWithParam<Transport> {
 protected:
  SocketIoTest() {
    auto [near, far] = support::pairOf(GetParam());
    socket_ = std::move(near);
    peer_ = support::Peer(std::move(far));
  }

  void awaitUnread(int count) {
    ASSERT_TRUE(eventually([&] { return support::unread(socket_.get()) >= count; }));
  }
  ssize_t receiveUpTo(std::size_t length) { return receive(socket_.get(), room_, length); }

  UniqueFd socket_;
  support::Peer peer_;
  std::byte room_[1000] = {};

 private:
  const support::SignalDisposition deadly_{SIGPIPE, SIG_DFL};
};

INSTANTIATE_TEST_SUITE_P(Transports, SocketIoTest,
                         testing::Values(Transport::kTcp, Transport::kUnix),
                         [](const auto& it) { return support::nameOf(it.param); });

TEST_P(SocketIoTest, ReceivesWhatIsThereAndThenTheEnd) {
  peer_.sayNow("hello");
  peer_.endNow();
  awaitUnread(5);
  EXPECT_EQ(4, receiveUpTo(4));
  EXPECT_EQ(std::byte{'h'}, room_[0]);
  EXPECT_EQ(1, receiveUpTo(1000));
  EXPECT_TRUE(eventually([&] { return receiveUpTo(1000) == 0; }));
}

TEST_P(SocketIoTest, NeverWaits) {
  support::setBlocking(socket_.get(), true);
  EXPECT_EQ(-1, receiveUpTo(1000));
  EXPECT_EQ(EAGAIN, errno);
  const std::string bytes = pattern(8'000'000);
  const auto* from = reinterpret_cast<const std::byte*>(bytes.data());
  while (transmit(socket_.get(), from, bytes.size(), false) > 0) {
  }
  EXPECT_EQ(EAGAIN, errno);
}

TEST_P(SocketIoTest, NeverRaisesSigpipe) {
  ASSERT_EQ(0, shutdown(socket_.get(), SHUT_WR));
  EXPECT_EQ(-1, transmit(socket_.get(), room_, 1, false));
  EXPECT_EQ(EPIPE, errno);
}

TEST_P(SocketIoTest, WhatIsToBeJoinedLeavesWithTheEnd) {
  ASSERT_EQ(10, transmit(socket_.get(), room_, 10, true));
  ASSERT_EQ(0, shutdown(socket_.get(), SHUT_WR));
  EXPECT_TRUE(eventually([&] {
    peer_.work();
    return peer_.heardEnd();
  }));
  EXPECT_EQ(10U, peer_.heard().size());
}

TEST(WouldBlockTest, IsNoOtherFailure) {
  for (const int error : {EAGAIN, EWOULDBLOCK}) EXPECT_TRUE(wouldBlock(error)) << error;
  for (const int error : {0, EINTR, EPIPE, ECONNRESET, ENOBUFS}) {
    EXPECT_FALSE(wouldBlock(error)) << error;
  }
}

}  // namespace
}  // namespace socksplice
