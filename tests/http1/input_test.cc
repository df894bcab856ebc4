#include "http1/input.h"

#include <cerrno>
#include <string>

#include <gtest/gtest.h>

#include "fed_input.h"
#include "support/pattern.h"
#include "support/peer.h"

namespace proxy::http1 {
namespace {

using support::pattern;
using support::same;

constexpr std::size_t kFirst = 100;
constexpr std::size_t kMost = 5000;

class InputTest : public testing::Test {
 protected:
  InputTest() {
    auto [near, far] = support::unixPair();
    socket_ = std::move(near);
    peer_ = support::Peer(std::move(far));
  }
  ssize_t fill(std::size_t most = kMost) { return input_.fill(socket_.get(), most); }
  std::size_t lent() const { return pool_.lentBytes(); }

  socksplice::BufferPool pool_;
  support::UniqueFd socket_;
  support::Peer peer_;
  Input input_{pool_, kFirst};
};

TEST_F(InputTest, BorrowsNothingUntilSomethingComes) {
  EXPECT_TRUE(input_.empty());
  EXPECT_EQ("", input_.bytes());
  EXPECT_EQ(-1, fill());
  EXPECT_EQ(EAGAIN, errno);
  EXPECT_EQ(0U, lent());
  peer_.endNow();
  EXPECT_EQ(0, fill());
  EXPECT_TRUE(input_.empty());
  EXPECT_EQ(0U, lent());
}

TEST_F(InputTest, PutsWhatItReadsBehindWhatItHas) {
  std::string whole;
  for (int i = 0; i < 40; ++i) {
    const std::string piece = pattern(97, static_cast<std::uint64_t>(i) + 1);
    peer_.sayNow(piece);
    whole += piece;
    EXPECT_EQ(97, fill());
    EXPECT_TRUE(same(whole, input_.bytes()));
  }
  EXPECT_FALSE(input_.empty());
  input_.clear();
  EXPECT_TRUE(input_.empty());
  EXPECT_EQ(0U, lent());
}

TEST_F(InputTest, ReadsUntilThereAreSoManyAndNoMore) {
  const std::string bytes = pattern(3 * kMost);
  peer_.sayNow(bytes);
  while (input_.bytes().size() < kMost) ASSERT_GT(fill(), 0);
  EXPECT_TRUE(same(bytes.substr(0, kMost), input_.bytes()));
  EXPECT_EQ(-1, fill());
  EXPECT_EQ(ENOBUFS, errno);
  input_.use(1);
  EXPECT_EQ(1, fill());
  EXPECT_TRUE(same(bytes.substr(1, kMost), input_.bytes()));
}

TEST_F(InputTest, KeepsWhatItHasWhenNothingComes) {
  peer_.sayNow("GET");
  EXPECT_EQ(3, fill());
  EXPECT_EQ(-1, fill());
  EXPECT_EQ(EAGAIN, errno);
  EXPECT_EQ("GET", input_.bytes());
  peer_.endNow();
  EXPECT_EQ(0, fill());
  EXPECT_EQ("GET", input_.bytes());
}

TEST_F(InputTest, TellsOfAReset) {
  auto [near, far] = support::tcpPair();
  support::Peer(std::move(far)).reset();
  EXPECT_EQ(-1, input_.fill(near.get(), kMost));
  EXPECT_EQ(ECONNRESET, errno);
  EXPECT_EQ(0U, lent());
}

TEST_F(InputTest, WhatIsUsedStaysWhereItIsUntilMoreComes) {
  peer_.sayNow("head|body");
  EXPECT_EQ(9, fill());
  const std::string_view head = input_.bytes().substr(0, 5);
  input_.use(5);
  EXPECT_EQ("body", input_.bytes());
  EXPECT_EQ("head|", head);
  input_.use(4);
  EXPECT_TRUE(input_.empty());
  EXPECT_EQ("head|", head);
  EXPECT_GT(lent(), 0U);
}

TEST_F(InputTest, KeepsBytesForLaterWithoutMovingWhatIsUsed) {
  EXPECT_TRUE(input_.keepForLater(""));
  EXPECT_FALSE(input_.hasLater());
  EXPECT_EQ(0U, lent());
  peer_.sayNow("head");
  EXPECT_EQ(4, fill());
  const std::string_view head = input_.bytes();
  input_.use(4);
  const std::string large = pattern(300'000);
  EXPECT_TRUE(input_.keepForLater(large));
  EXPECT_TRUE(input_.hasLater());
  EXPECT_EQ("", input_.bytes());
  EXPECT_EQ("head", head);
  input_.release();
  EXPECT_FALSE(input_.hasLater());
  EXPECT_TRUE(same(large, input_.bytes()));
  // More than may be read: nothing is.
  EXPECT_EQ(-1, fill());
  EXPECT_EQ(ENOBUFS, errno);
  input_.use(large.size());
  input_.release();
  EXPECT_EQ(0U, lent());
}

TEST_F(InputTest, ForgetsWhatItKeptForLaterToo) {
  EXPECT_TRUE(input_.keepForLater("next"));
  input_.clear();
  EXPECT_FALSE(input_.hasLater());
  EXPECT_TRUE(input_.empty());
  EXPECT_EQ(0U, lent());
}

TEST_F(InputTest, ReleasedItKeepsOnlyWhatWasNotUsed) {
  input_.release();
  EXPECT_EQ(0U, lent());
  feed(input_, pattern(60'000));
  input_.use(59'990);
  input_.release();
  EXPECT_TRUE(same(pattern(60'000).substr(59'990), input_.bytes()));
  input_.use(10);
  EXPECT_GT(lent(), 0U);
  input_.release();
  EXPECT_EQ(0U, lent());
}

}  // namespace
}  // namespace proxy::http1
