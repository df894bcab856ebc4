#include "socksplice/blocking.h"

#include <chrono>
#include <csignal>
#include <future>
#include <string>
#include <thread>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "socksplice/relay.h"
#include "support/blocking.h"
#include "support/lane.h"
#include "support/pattern.h"
#include "support/peer.h"
#include "support/signal_disposition.h"
#include "support/socket_pair.h"

namespace socksplice {
namespace {

using support::Heard;
using support::pattern;
using support::readAll;
using support::same;
using support::sendAll;
using support::SocketPair;
using support::Transport;
using testing::AnyOf;

constexpr std::size_t kMega = std::size_t{1024} * 1024;
constexpr std::size_t kChunk = std::size_t{64} * 1024;

class BlockingTest : public testing::TestWithParam<std::tuple<Lane, Transport>> {
 protected:
  static Lane lane() { return std::get<0>(GetParam()); }
  static SocketPair pair() { return support::pairOf(std::get<1>(GetParam())); }

  BlockingTest() {
    for (SocketPair* it : {&a_, &b_}) {
      *it = pair();
      support::setBlocking(it->near.get(), true);
      support::setBlocking(it->far.get(), true);
    }
  }

  static void reset(UniqueFd& fd) {
    resetOnClose(fd.get());
    fd.reset();
  }

  SocketPair a_;  // as a source, or the relay's a
  SocketPair b_;  // as a target, or the relay's b

 private:
  // As in a program that never heard of SIGPIPE.
  const support::SignalDisposition deadly_{SIGPIPE, SIG_DFL};
};

std::string blockingName(const testing::TestParamInfo<BlockingTest::ParamType>& info) {
  return support::nameOf(std::get<0>(info.param)) + support::nameOf(std::get<1>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Lanes, BlockingTest,
                         testing::Combine(testing::ValuesIn(support::lanes()),
                                          testing::Values(Transport::kTcp, Transport::kUnix)),
                         blockingName);

TEST_P(BlockingTest, SpliceCarriesUntilTheEndAndPassesItOn) {
  const std::string bytes = pattern(5 * kMega + 3);
  Spliced spliced;
  std::thread carrier([&] { spliced = splice(kChunk, a_.near.get(), b_.near.get(), lane()); });
  std::thread speaker([&] {
    EXPECT_EQ(0, sendAll(a_.far.get(), bytes));
    EXPECT_EQ(0, shutdown(a_.far.get(), SHUT_WR));
  });
  const Heard heard = readAll(b_.far.get());
  speaker.join();
  carrier.join();
  EXPECT_TRUE(same(bytes, heard.bytes));
  EXPECT_EQ(0, heard.error);
  EXPECT_EQ(0, spliced.error);
  EXPECT_EQ(bytes.size(), spliced.bytes);
  EXPECT_FALSE(support::isBlocking(a_.near.get()));
  EXPECT_FALSE(support::isBlocking(b_.near.get()));
}

TEST_P(BlockingTest, TwoThreadsEachSpliceOneDirectionOfAPair) {
  const std::string up = pattern(2 * kMega, 1);
  const std::string down = pattern(2 * kMega, 2);
  std::thread upward(
      [&] { EXPECT_EQ(0, splice(kChunk, a_.near.get(), b_.near.get(), lane()).error); });
  std::thread downward(
      [&] { EXPECT_EQ(0, splice(kChunk, b_.near.get(), a_.near.get(), lane()).error); });
  std::thread client([&] {
    EXPECT_EQ(0, sendAll(a_.far.get(), up));
    EXPECT_EQ(0, shutdown(a_.far.get(), SHUT_WR));
  });
  std::thread upstream([&] {
    EXPECT_EQ(0, sendAll(b_.far.get(), down));
    EXPECT_EQ(0, shutdown(b_.far.get(), SHUT_WR));
  });
  Heard atUpstream;
  std::thread listener([&] { atUpstream = readAll(b_.far.get()); });
  const Heard atClient = readAll(a_.far.get());
  for (std::thread* it : {&upward, &downward, &client, &upstream, &listener}) it->join();
  EXPECT_TRUE(same(up, atUpstream.bytes));
  EXPECT_TRUE(same(down, atClient.bytes));
}

TEST_P(BlockingTest, SpliceTakesChunksOfEverySize) {
  for (const std::size_t chunk : {std::size_t{0}, std::size_t{1}, std::size_t{5000}, 16 * kMega}) {
    auto [source, speaker] = pair();
    auto [target, listener] = pair();
    support::setBlocking(listener.get(), true);
    ASSERT_EQ(0, sendAll(speaker.get(), pattern(30'000)));
    speaker.reset();
    const Spliced spliced = splice(chunk, source.get(), target.get(), lane());
    EXPECT_EQ(30'000U, spliced.bytes);
    EXPECT_TRUE(same(pattern(30'000), readAll(listener.get()).bytes));
  }
}

TEST_P(BlockingTest, SpliceReportsATargetThatIsGoneAndNoSignalKills) {
  b_.far.reset();
  std::thread speaker([&] { sendAll(a_.far.get(), pattern(2 * kMega)); });
  const Spliced spliced = splice(kChunk, a_.near.get(), b_.near.get(), lane());
  EXPECT_THAT(spliced.error, AnyOf(EPIPE, ECONNRESET));
  reset(a_.near);
  speaker.join();
  sigset_t pending;
  ASSERT_EQ(0, sigpending(&pending));
  EXPECT_EQ(0, sigismember(&pending, SIGPIPE));
}

TEST_P(BlockingTest, SpliceReportsWhatIsNoSocket) {
  EXPECT_EQ(EBADF, splice(kChunk, -1, b_.near.get(), lane()).error);
  EXPECT_EQ(EBADF, splice(kChunk, a_.near.get(), -1, lane()).error);
}

TEST_P(BlockingTest, SpliceReportsATargetThatWasShut) {
  ASSERT_EQ(0, shutdown(b_.near.get(), SHUT_WR));
  ASSERT_EQ(0, sendAll(a_.far.get(), "x"));
  const Spliced spliced = splice(kChunk, a_.near.get(), b_.near.get(), lane());
  EXPECT_EQ(EPIPE, spliced.error);
  EXPECT_EQ(0U, spliced.bytes);
}

TEST_P(BlockingTest, RelayCarriesBothWaysAndHalfCloses) {
  const std::string question = pattern(3 * kMega, 1);
  const std::string answer = pattern(3 * kMega + 1, 2);
  Relayed relayed;
  std::thread carrier([&] { relayed = relay(a_.near.get(), b_.near.get(), lane()); });
  Heard asked;
  std::thread upstream([&] {
    asked = readAll(b_.far.get());  // until the half-close
    EXPECT_EQ(0, sendAll(b_.far.get(), answer));
    EXPECT_EQ(0, shutdown(b_.far.get(), SHUT_WR));
  });
  EXPECT_EQ(0, sendAll(a_.far.get(), question));
  EXPECT_EQ(0, shutdown(a_.far.get(), SHUT_WR));
  const Heard answered = readAll(a_.far.get());
  upstream.join();
  carrier.join();
  EXPECT_TRUE(same(question, asked.bytes));
  EXPECT_TRUE(same(answer, answered.bytes));
  EXPECT_EQ(0, relayed.error);
  EXPECT_EQ(question.size(), relayed.fromA);
  EXPECT_EQ(answer.size(), relayed.fromB);
}

TEST_P(BlockingTest, RelayCarriesTwoStreamsThatCross) {
  const std::string up = pattern(4 * kMega, 1);
  const std::string down = pattern(4 * kMega, 2);
  std::thread carrier([&] { EXPECT_EQ(0, relay(a_.near.get(), b_.near.get(), lane()).error); });
  const auto speak = [](int fd, const std::string& bytes) {
    EXPECT_EQ(0, sendAll(fd, bytes));
    EXPECT_EQ(0, shutdown(fd, SHUT_WR));
  };
  std::thread client([&] { speak(a_.far.get(), up); });
  std::thread upstream([&] { speak(b_.far.get(), down); });
  Heard atUpstream;
  std::thread listener([&] { atUpstream = readAll(b_.far.get()); });
  const Heard atClient = readAll(a_.far.get());
  for (std::thread* it : {&carrier, &client, &upstream, &listener}) it->join();
  EXPECT_TRUE(same(up, atUpstream.bytes));
  EXPECT_TRUE(same(down, atClient.bytes));
}

TEST_P(BlockingTest, RelayReportsASideThatIsGoneAndNoSignalKills) {
  b_.far.reset();
  std::thread speaker([&] { sendAll(a_.far.get(), pattern(2 * kMega)); });
  const Relayed relayed = relay(a_.near.get(), b_.near.get(), lane());
  EXPECT_THAT(relayed.error, AnyOf(EPIPE, ECONNRESET));
  reset(a_.near);
  speaker.join();
}

TEST_P(BlockingTest, RelayReportsWhatIsNoSocket) {
  EXPECT_EQ(EBADF, relay(-1, b_.near.get(), lane()).error);
  EXPECT_EQ(EBADF, relay(a_.near.get(), -1, lane()).error);
}

TEST(Blocking, SpliceDeliversWhatCameBeforeAReset) {
  auto [source, speaker] = support::tcpPair();
  auto [target, listener] = support::tcpPair();
  support::setBlocking(listener.get(), true);
  ASSERT_EQ(0, sendAll(speaker.get(), "last words"));
  resetOnClose(speaker.get());
  speaker.reset();
  const Spliced spliced = splice(kChunk, source.get(), target.get());
  EXPECT_EQ(ECONNRESET, spliced.error);
  EXPECT_EQ(10U, spliced.bytes);
  EXPECT_EQ("last words", readAll(listener.get(), 10).bytes);
}

TEST(Blocking, RelayDeliversWhatCameBeforeAReset) {
  auto [a, client] = support::tcpPair();
  auto [b, upstream] = support::tcpPair();
  support::setBlocking(upstream.get(), true);
  ASSERT_EQ(0, sendAll(client.get(), "last words"));
  resetOnClose(client.get());
  client.reset();
  const Relayed relayed = relay(a.get(), b.get());
  EXPECT_EQ(ECONNRESET, relayed.error);
  EXPECT_EQ(10U, relayed.fromA);
  EXPECT_EQ("last words", readAll(upstream.get(), 10).bytes);
}

// Of a relay that ought to return by itself; if it does not, the end of `upstream` makes it.
Relayed awaited(std::future<Relayed> relayed, const UniqueFd& upstream) {
  EXPECT_EQ(std::future_status::ready, relayed.wait_for(std::chrono::seconds(10)));
  shutdown(upstream.get(), SHUT_RDWR);
  return relayed.get();
}

TEST(Blocking, RelayNoticesAResetAfterAHalfCloseWhileTheOtherSideIsSilent) {
  auto [a, client] = support::tcpPair();
  auto [b, upstream] = support::tcpPair();
  support::setBlocking(upstream.get(), true);
  auto relayed =
      std::async(std::launch::async, [near = a.get(), far = b.get()] { return relay(near, far); });
  ASSERT_EQ(0, sendAll(client.get(), "question"));
  ASSERT_EQ(0, shutdown(client.get(), SHUT_WR));
  EXPECT_EQ("question", readAll(upstream.get()).bytes);
  resetOnClose(client.get());
  client.reset();
  EXPECT_THAT(awaited(std::move(relayed), upstream).error, AnyOf(EPIPE, ECONNRESET));
}

}  // namespace
}  // namespace socksplice
