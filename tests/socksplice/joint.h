// The vocabulary of the relay's tests: a client and an upstream, and a relay between them.
#pragma once

#include <poll.h>

#include <cstddef>

#include <gtest/gtest.h>

#include "socksplice/relay.h"
#include "support/eventually.h"
#include "support/lane.h"
#include "support/pattern.h"
#include "support/peer.h"
#include "support/signal_disposition.h"
#include "support/socket_pair.h"

namespace socksplice {

class Joint {
 public:
  static constexpr Side kClient = Side::kA;
  static constexpr Side kUpstream = Side::kB;
  static constexpr std::size_t kEverything = std::size_t{1} << 40;

  explicit Joint(support::Transport transport, const Pools::Limits& limits = {}, int bufferSize = 0)
      : near_{support::pairOf(transport, bufferSize), support::pairOf(transport, bufferSize)},
        client(std::move(near_[0].far)),
        upstream(std::move(near_[1].far)),
        pools_(limits),
        relay_(pools_, near_[0].near.get(), near_[1].near.get()) {}

 private:
  const support::SignalDisposition ignored_{SIGPIPE, SIG_IGN};
  support::SocketPair near_[2];

 public:
  support::Peer client;
  support::Peer upstream;

  [[nodiscard]] Relay& relay() noexcept { return relay_; }
  [[nodiscard]] Pools& pools() noexcept { return pools_; }
  [[nodiscard]] int fd(Side side) const noexcept {
    return near_[static_cast<std::size_t>(side)].near.get();
  }
  [[nodiscard]] const Relay::Progress& total() const noexcept { return total_; }

  /// What a loop does: tells the relay which of what it waits for has come, and lets it advance.
  void turn(std::size_t share = kEverything) {
    for (const Side side : {kClient, kUpstream}) {
      if (relay_.interest(side) != Relay::Interest{}) tell(side);
    }
    advance(share);
  }

  /// What a loop does now and then: asks for the sides of which the relay waits for nothing.
  void look() {
    relay_.lookForFailure();
    advance();
  }

  Relay::Progress advance(std::size_t share = kEverything) {
    const Relay::Progress progress = relay_.advance(share);
    total_.fromA += progress.fromA;
    total_.fromB += progress.fromB;
    total_.spliced += progress.spliced;
    checkPromises();
    return progress;
  }

  /// Peers and relay go on until `holds`.
  template <class Condition>
  void carryUntil(Condition holds) {
    EXPECT_TRUE(support::eventually([&] {
      client.work();
      upstream.work();
      turn();
      return holds();
    })) << "the relay hangs";
  }

  Relay::Outcome carryToTheOutcome() {
    carryUntil([this] { return relay_.outcome() != Relay::Outcome::kMoving; });
    return relay_.outcome();
  }

  /// What the caller does after the outcome: closes both sides, with a reset if that was it. Then
  /// the peers hear the rest.
  void closeBoth() {
    if (relay_.outcome() == Relay::Outcome::kReset) {
      const Side survivor = other(relay_.failedSide());
      EXPECT_TRUE(support::eventually([&] {
        client.work();
        upstream.work();
        return relay_.error(survivor) != 0 || unacknowledged(fd(survivor)) == 0;
      }));
      for (const auto& pair : near_) resetOnClose(pair.near.get());
    }
    for (auto& pair : near_) pair.near.reset();
    EXPECT_TRUE(support::eventually([&] {
      client.work();
      upstream.work();
      return (client.fd() < 0 || client.over()) && (upstream.fd() < 0 || upstream.over());
    }));
  }

 private:
  void tell(Side side) {
    const Relay::Interest interest = relay_.interest(side);
    pollfd one = {.fd = fd(side), .events = 0, .revents = 0};
    one.events = static_cast<short>((interest.read ? POLLIN | POLLRDHUP : 0) |
                                    (interest.write ? POLLOUT : 0));
    ASSERT_LE(0, poll(&one, 1, 0));
    if (one.revents == 0) return;
    const bool failed = (one.revents & (POLLERR | POLLHUP)) != 0;
    relay_.ready(side, {.readable = failed || (one.revents & POLLIN) != 0,
                        .writable = failed || (one.revents & POLLOUT) != 0,
                        .ended = (one.revents & POLLRDHUP) != 0});
  }

  void checkPromises() {
    for (const Side from : {kClient, kUpstream}) {
      EXPECT_LE(relay_.held(from), pools_.limits().hold);
      const bool waitsForTarget = relay_.interest(other(from)).write;
      if (relay_.held(from) > 0) {
        EXPECT_FALSE(relay_.interest(from).read) << "it reads although it holds";
        EXPECT_TRUE(waitsForTarget) << "it holds, and waits for nothing";
      } else if (pools_.pipes().refused() == 0) {
        // (Where no pipe is lent, what it would hold stays in the source.)
        EXPECT_FALSE(waitsForTarget) << "it waits for room, and has nothing to put there";
      }
      if (relay_.outcome() != Relay::Outcome::kMoving) {
        EXPECT_EQ(Relay::Interest{}, relay_.interest(from));
      }
    }
    EXPECT_EQ(total_.fromA, relay_.delivered(kClient));
    EXPECT_EQ(total_.fromB, relay_.delivered(kUpstream));
    if (relay_.held(kClient) + relay_.held(kUpstream) == 0) {
      EXPECT_EQ(0U, pools_.pipes().lent() + pools_.buffers().lentBytes());
    }
  }

  Pools pools_;
  Relay relay_;
  Relay::Progress total_;
};

}  // namespace socksplice
