#include "gateway/connection_pool.h"

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/loop_run.h"
#include "support/peer.h"

namespace proxy::gateway {
namespace {

constexpr milliseconds kNever{3'600'000};

class ConnectionPoolTest : public testing::Test {
 protected:
  void make(std::size_t connections, milliseconds idle = kNever) {
    pool_ = std::make_unique<ConnectionPool>(
        loop_, ConnectionPool::Limits{.connections = connections, .idle = idle});
  }
  std::unique_ptr<http1::Connection> connect(const Address& address) {
    auto [near, far] = support::tcpPair();
    peers_.emplace_back(std::move(far));
    return std::make_unique<http1::Connection>(loop_, std::move(near), address);
  }
  /// Puts a connection to `address`, and says which it is.
  int put(const Address& address) {
    auto connection = connect(address);
    const int fd = connection->fd();
    pool_->put(std::move(connection));
    return fd;
  }
  int take(const Address& address) {
    const auto connection = pool_->take(address);
    return connection ? connection->fd() : -1;
  }
  void runUntil(const std::function<bool()>& holds) {
    ASSERT_TRUE(support::runUntil(loop_, holds));
  }
  void runTurns(int count) {
    runUntil([&] { return --count < 0; });
  }

  const Address here_ = *Address::literal("192.0.2.7", 80);
  const Address there_ = *Address::literal("192.0.2.8", 80);
  EventLoop loop_;
  std::vector<support::Peer> peers_;
  std::unique_ptr<ConnectionPool> pool_;
};

TEST_F(ConnectionPoolTest, GivesTheMostRecentOneToThatAddress) {
  make(10);
  EXPECT_EQ(nullptr, pool_->take(here_));
  auto one = connect(here_);
  auto two = connect(there_);
  auto three = connect(here_);
  const int fds[] = {one->fd(), two->fd(), three->fd()};
  pool_->put(std::move(one));
  pool_->put(std::move(two));
  pool_->put(std::move(three));
  EXPECT_EQ(3U, pool_->size());
  auto first = pool_->take(here_);
  auto second = pool_->take(here_);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(fds[2], first->fd());
  EXPECT_EQ(fds[0], second->fd());
  EXPECT_EQ(nullptr, pool_->take(here_));
  EXPECT_EQ(1U, pool_->size());
  EXPECT_EQ(fds[1], take(there_));
}

TEST_F(ConnectionPoolTest, KeepsSoManyAndDropsTheOldest) {
  make(2);
  for (int i = 0; i < 5; ++i) put(i == 0 ? there_ : here_);
  EXPECT_EQ(2U, pool_->size());
  EXPECT_EQ(-1, take(there_));
  runTurns(1);
  for (std::size_t i = 0; i < 5; ++i) {
    runUntil([&] {
      peers_[i].work();
      return i >= 3 || peers_[i].heardEnd();
    });
  }
  EXPECT_FALSE(peers_[3].over());
  EXPECT_FALSE(peers_[4].over());
}

TEST_F(ConnectionPoolTest, DropsByAgeOverAllAddresses) {
  make(4);
  const int fds[] = {put(here_), put(there_), put(here_), put(there_), put(there_), put(here_)};
  EXPECT_EQ(4U, pool_->size());
  EXPECT_EQ(fds[5], take(here_));
  EXPECT_EQ(fds[2], take(here_));
  EXPECT_EQ(-1, take(here_));
  EXPECT_EQ(fds[4], take(there_));
  EXPECT_EQ(fds[3], take(there_));
  EXPECT_EQ(-1, take(there_));
}

TEST_F(ConnectionPoolTest, OneThatEndsInTheMiddleLeavesTheOthersInOrder) {
  make(10);
  const int fds[] = {put(here_), put(here_), put(here_)};
  peers_[1].endNow();
  runUntil([&] { return pool_->size() == 2; });
  EXPECT_EQ(fds[2], take(here_));
  EXPECT_EQ(fds[0], take(here_));
  EXPECT_EQ(-1, take(here_));
}

TEST_F(ConnectionPoolTest, ServesAsManyAddressesAsComeAndGo) {
  make(2);
  for (std::uint16_t port = 1; port <= 300; ++port) {
    const Address address = *Address::literal("192.0.2.7", port);
    const int fd = put(address);
    EXPECT_EQ(fd, take(address));
  }
  EXPECT_EQ(0U, pool_->size());
}

TEST_F(ConnectionPoolTest, OfNoSizeKeepsNone) {
  make(0);
  put(here_);
  EXPECT_EQ(0U, pool_->size());
  EXPECT_EQ(-1, take(here_));
  runUntil([&] {
    peers_[0].work();
    return peers_[0].heardEnd();
  });
}

TEST_F(ConnectionPoolTest, DropsThoseThatWaitForTooLong) {
  make(10, milliseconds(20));
  put(here_);
  put(here_);
  runUntil([&] { return pool_->size() == 0; });
  runUntil([&] {
    for (auto& it : peers_) it.work();
    return peers_[0].heardEnd() && peers_[1].heardEnd();
  });
}

TEST_F(ConnectionPoolTest, TheTimeBeginsAnewWithEachPut) {
  make(10, milliseconds(150));
  auto connection = connect(here_);
  for (int i = 0; i < 6; ++i) {
    pool_->put(std::move(connection));
    const milliseconds until = monotonicNow() + milliseconds(40);
    runUntil([&] { return monotonicNow() > until; });
    connection = pool_->take(here_);
    ASSERT_TRUE(connection) << "after " << i;
  }
}

TEST_F(ConnectionPoolTest, DropsThoseThatEndOrSaySomethingUnasked) {
  make(10);
  put(here_);
  put(here_);
  put(here_);
  peers_[0].endNow();
  peers_[1].sayNow("HTTP/1.1 408 Request Timeout\r\n\r\n");
  peers_[2].reset();
  runUntil([&] { return pool_->size() == 0; });
}

TEST_F(ConnectionPoolTest, GivesAwayNoneOfWhichSomethingCame) {
  make(10);
  put(here_);
  put(here_);
  put(here_);
  peers_[2].endNow();
  peers_[1].sayNow("x");
  // The loop has not turned: nobody was told.
  auto good = pool_->take(here_);
  ASSERT_TRUE(good);
  good->use(nullptr);
  EXPECT_EQ(0U, pool_->size()) << "the bad ones are gone";
  peers_[0].sayNow("mine");
  char room[10];
  EXPECT_EQ(4, recv(good->fd(), room, sizeof room, 0));
}

TEST_F(ConnectionPoolTest, DropsAllOfAnAddress) {
  make(10);
  put(here_);
  const auto kept = put(there_);
  put(here_);
  pool_->drop(here_);
  EXPECT_EQ(1U, pool_->size());
  EXPECT_EQ(-1, take(here_));
  EXPECT_EQ(kept, take(there_));
}

TEST_F(ConnectionPoolTest, ClosedItKeepsNothing) {
  make(10);
  put(here_);
  put(there_);
  pool_->close();
  EXPECT_EQ(0U, pool_->size());
  put(here_);
  EXPECT_EQ(0U, pool_->size());
  runUntil([&] {
    for (auto& it : peers_) it.work();
    return peers_[0].heardEnd() && peers_[1].heardEnd() && peers_[2].heardEnd();
  });
}

TEST_F(ConnectionPoolTest, WhatWasTakenIsTheTakersAlone) {
  make(10, milliseconds(10));
  put(here_);
  auto taken = pool_->take(here_);
  ASSERT_TRUE(taken);
  const milliseconds until = monotonicNow() + milliseconds(50);
  peers_[0].endNow();
  runUntil([&] { return monotonicNow() > until; });
  EXPECT_EQ(0U, pool_->size());
  EXPECT_TRUE(support::isOpen(taken->fd()));
}

TEST_F(ConnectionPoolTest, DestroyedItClosesThemAll) {
  make(10);
  put(here_);
  put(there_);
  pool_.reset();
  for (auto& it : peers_) {
    it.work();
    EXPECT_TRUE(it.heardEnd());
  }
}

}  // namespace
}  // namespace proxy::gateway
