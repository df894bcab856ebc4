#include "http1/connection.h"

#include <functional>
#include <memory>

#include <gtest/gtest.h>

#include "core/event_loop.h"
#include "support/loop_run.h"
#include "support/peer.h"

namespace proxy::http1 {
namespace {

struct Counting final : Connection::User {
  void onConnection(Ready ready) override {
    readable += ready.readable ? 1 : 0;
    writable += ready.writable ? 1 : 0;
    if (then) then();
  }
  void onConnectionLate() override { ++late; }

  int readable = 0;
  int writable = 0;
  int late = 0;
  std::function<void()> then;
};

class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest() {
    auto [near, far] = support::tcpPair();
    peer_ = support::Peer(std::move(far));
    connection_ = std::make_unique<Connection>(loop_, std::move(near), address_);
  }
  void runUntil(const std::function<bool()>& holds) {
    ASSERT_TRUE(support::runUntil(loop_, holds));
  }
  void runTurns(int count) {
    runUntil([&] { return --count < 0; });
  }

  EventLoop loop_;
  const Address address_ = *Address::literal("192.0.2.7", 80);
  support::Peer peer_;
  std::unique_ptr<Connection> connection_;
  Counting one_;
  Counting two_;
};

TEST_F(ConnectionTest, TellsWhoeverUsesIt) {
  EXPECT_EQ(address_, connection_->address());
  ASSERT_TRUE(connection_->want(true, false));
  EXPECT_TRUE(connection_->wantsRead());
  EXPECT_FALSE(connection_->wantsWrite());
  peer_.sayNow("x");
  runTurns(3);  // nobody uses it
  connection_->use(&one_);
  runUntil([&] { return one_.readable > 0; });
  EXPECT_EQ(0, one_.writable);
  connection_->use(&two_);
  const int before = one_.readable;
  runUntil([&] { return two_.readable > 0; });
  EXPECT_EQ(before, one_.readable);
  ASSERT_TRUE(connection_->want(false, true));
  runUntil([&] { return two_.writable > 0; });
}

TEST_F(ConnectionTest, TellsOfLatenessOnce) {
  connection_->use(&one_);
  connection_->expect(milliseconds(5));
  runUntil([&] { return one_.late > 0; });
  runTurns(5);
  EXPECT_EQ(1, one_.late);
}

TEST_F(ConnectionTest, LatenessIsForgottenWithItsUser) {
  connection_->use(&one_);
  connection_->expect(milliseconds(1));
  connection_->use(nullptr);
  connection_->use(&two_);
  const milliseconds until = monotonicNow() + milliseconds(30);
  runUntil([&] { return monotonicNow() > until; });
  EXPECT_EQ(0, one_.late + two_.late);
  connection_->expect(milliseconds(1));
  connection_->expectNothing();
  const milliseconds later = monotonicNow() + milliseconds(30);
  runUntil([&] { return monotonicNow() > later; });
  EXPECT_EQ(0, two_.late);
}

TEST_F(ConnectionTest, CountsItsExchanges) {
  EXPECT_EQ(0U, connection_->exchanges());
  connection_->countExchange();
  connection_->countExchange();
  EXPECT_EQ(2U, connection_->exchanges());
}

TEST_F(ConnectionTest, GivesItsSocketAway) {
  connection_->use(&one_);
  ASSERT_TRUE(connection_->want(true, true));
  const int fd = connection_->fd();
  const socksplice::UniqueFd taken = connection_->take();
  EXPECT_EQ(fd, taken.get());
  peer_.sayNow("x");
  runTurns(5);
  EXPECT_EQ(0, one_.readable + one_.writable);
  connection_.reset();
  EXPECT_TRUE(support::isOpen(fd));
}

}  // namespace
}  // namespace proxy::http1
