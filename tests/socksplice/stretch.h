// The vocabulary of the pump's tests: a sender, a pump and a receiver, joined by two connections.
#pragma once

#include <poll.h>

#include <cstddef>
#include <limits>

#include <gtest/gtest.h>

#include "socksplice/pump.h"
#include "support/eventually.h"
#include "support/lane.h"
#include "support/pattern.h"
#include "support/peer.h"
#include "support/signal_disposition.h"
#include "support/socket_pair.h"

namespace socksplice {

inline constexpr std::size_t kEverything = std::numeric_limits<std::size_t>::max();

class Stretch {
 public:
  explicit Stretch(support::Transport transport, const Pools::Limits& limits = {},
                   int bufferSize = 0)
      : transport_(transport), pools_(limits), pump_(pools_) {
    auto [near, far] = support::pairOf(transport, bufferSize);
    source_ = std::move(near);
    sender = support::Peer(std::move(far));
    auto [target, receiving] = support::pairOf(transport, bufferSize);
    target_ = std::move(target);
    receiver = support::Peer(std::move(receiving));
  }

  support::Peer sender;
  support::Peer receiver;

  [[nodiscard]] Pump& pump() noexcept { return pump_; }
  [[nodiscard]] Pools& pools() noexcept { return pools_; }
  [[nodiscard]] int source() const noexcept { return source_.get(); }
  [[nodiscard]] int target() const noexcept { return target_.get(); }
  /// The sum of all moves.
  [[nodiscard]] const Pump::Progress& total() const noexcept { return total_; }

  /// One move, after which the pump's promises are looked at.
  Wait move(std::size_t share = kEverything) {
    const Pump::Progress progress = pump_.move(source(), target(), share);
    total_.copied += progress.copied;
    total_.spliced += progress.spliced;
    total_.wait = progress.wait;
    checkPromises();
    return progress.wait;
  }

  /// The peers speak and listen, and the pump moves, until it says `wanted`, or that all is over.
  /// The receiver hears at most `listens` bytes after each move.
  Wait carryUntil(Wait wanted, std::size_t share = kEverything, std::size_t listens = kEverything) {
    const bool came = support::eventually([&] {
      sender.work();
      const Wait wait = move(share);
      receiver.work(listens);
      return wait == wanted || wait >= Wait::kEnd;
    });
    EXPECT_TRUE(came) << "the pump hangs";
    return total_.wait;
  }

  /// Speaks, moves and listens until the pump has moved so much in all.
  void carry(std::size_t bytes) {
    EXPECT_TRUE(support::eventually([&] {
      sender.work();
      move();
      receiver.work();
      return total_.moved() == bytes || total_.wait >= Wait::kEnd;
    })) << "the pump hangs";
    EXPECT_EQ(bytes, total_.moved());
  }

  /// Listens until the receiver has heard as much as the pump has delivered.
  void hearTheRest() {
    EXPECT_TRUE(support::eventually([&] {
      receiver.work();
      return receiver.heard().size() >= total_.moved() || receiver.over();
    }));
  }

  /// Waits until the source's end, or its failure, has arrived behind the bytes.
  void awaitTheLastWord() {
    pollfd one = {.fd = source(), .events = POLLRDHUP, .revents = 0};
    ASSERT_EQ(1, poll(&one, 1, 60'000)) << "neither end nor failure came";
  }

  /// Ends the sender's connection in a way that the source sees as ECONNRESET.
  void resetSender() {
    if (transport_ == support::Transport::kTcp) return sender.reset();
    // A path's peer sees a reset where bytes are left unread.
    EXPECT_EQ(1, ::send(source(), "!", 1, MSG_NOSIGNAL));
    sender.close();
  }

  /// Pipes that the test itself has borrowed.
  std::size_t pipesTaken = 0;

  void expectNothingBorrowed() {
    EXPECT_EQ(0U, pump_.held());
    EXPECT_EQ(pipesTaken, pools_.pipes().lent());
    EXPECT_EQ(0U, pools_.buffers().lentBytes());
  }

 private:
  void checkPromises() {
    EXPECT_LE(pump_.held(), pools_.limits().hold);
    if (pump_.held() == 0) return expectNothingBorrowed();
    const bool pipe = pools_.pipes().lent() == pipesTaken + 1;
    const bool buffer = pools_.buffers().lentBytes() >= pump_.held();
    EXPECT_NE(pipe, buffer) << "what is held is in one place";
    EXPECT_EQ(Wait::kTarget, total_.wait);
  }

  const support::SignalDisposition ignored_{SIGPIPE, SIG_IGN};
  support::Transport transport_;
  UniqueFd source_;
  UniqueFd target_;
  Pools pools_;
  Pump pump_;
  Pump::Progress total_;
};

}  // namespace socksplice
