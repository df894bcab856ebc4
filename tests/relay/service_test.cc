#include "relay/service.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/blocking.h"
#include "support/eventually.h"
#include "support/kernel_refusal.h"
#include "support/lane.h"
#include "support/pattern.h"
#include "support/signal_disposition.h"
#include "support/upstream.h"

namespace proxy::relay {
namespace {

using support::eventually;
using support::pattern;
using support::Peer;
using support::readAll;
using support::same;
using support::sendAll;
using testing::ElementsAre;

// A worker with the relay room, on a thread of its own.
class RelayServiceTest : public testing::TestWithParam<socksplice::Lane> {
 protected:
  RelayServiceTest() {
    worker_.start([](Worker& own) { return std::make_unique<RelayService>(own, Settings{}); });
  }

  void carryTo(const std::vector<Address>& remotes) {
    RemoteList list;
    for (const Address& remote : remotes) {
      list.push_back({.name = remote.text(), .addresses = {remote}});
    }
    worker_.update(std::make_shared<const RemoteList>(list));
  }

  /// Clients that come in one batch; blocking.
  std::vector<support::UniqueFd> clientsCome(std::size_t count) {
    std::vector<Accepted> batch;
    std::vector<support::UniqueFd> clients;
    for (std::size_t i = 0; i < count; ++i) {
      auto [near, far] = support::tcpPair();
      support::setBlocking(far.get(), true);
      batch.push_back({.socket = std::move(near), .peer = Address::boundTo(far.get())});
      clients.push_back(std::move(far));
    }
    worker_.serve(std::move(batch));
    return clients;
  }

  static Peer accepted(support::Upstream& upstream) {
    std::optional<Peer> peer;
    EXPECT_TRUE(eventually([&] {
      peer = upstream.accept();
      return peer.has_value();
    }));
    return peer ? *std::move(peer) : Peer();
  }

  std::uint64_t read(Metric metric) const { return std::as_const(worker_).metrics().read(metric); }

  const support::SignalDisposition ignored_{SIGPIPE, SIG_IGN};
  Worker worker_{0, {.method = {}, .pools = {.lane = GetParam()}}};
};

INSTANTIATE_TEST_SUITE_P(Lanes, RelayServiceTest, testing::ValuesIn(support::lanes()),
                         support::laneName);

TEST_P(RelayServiceTest, JoinsEachClientToARemoteInTurn) {
  support::Upstream one;
  support::Upstream two;
  carryTo({one.address(), two.address()});
  const auto clients = clientsCome(4);
  std::vector<Peer> peers;
  for (int i = 0; i < 2; ++i) {
    peers.push_back(accepted(one));
    peers.push_back(accepted(two));
  }
  EXPECT_FALSE(one.accept());
  EXPECT_FALSE(two.accept());
  EXPECT_EQ(4U, read(Metric::kConnectsTried));
}

TEST_P(RelayServiceTest, CarriesManyStreamsAtOnce) {
  constexpr std::size_t kClients = 12;
  support::Upstream upstream;
  carryTo({upstream.address()});
  const auto clients = clientsCome(kClients);
  std::vector<std::thread> echoes;
  for (std::size_t i = 0; i < kClients; ++i) {
    echoes.emplace_back([peer = std::make_shared<Peer>(accepted(upstream))] {
      support::setBlocking(peer->fd(), true);
      const auto heard = readAll(peer->fd());
      EXPECT_EQ(0, sendAll(peer->fd(), heard.bytes));
    });
  }
  std::vector<std::thread> speakers;
  for (std::size_t i = 0; i < kClients; ++i) {
    speakers.emplace_back([&clients, i] {
      const std::string bytes = pattern(300'000 + i, i + 1);
      EXPECT_EQ(0, sendAll(clients[i].get(), bytes));
      EXPECT_EQ(0, shutdown(clients[i].get(), SHUT_WR));
      EXPECT_TRUE(same(bytes, readAll(clients[i].get()).bytes));
    });
  }
  for (std::thread& it : echoes) it.join();
  for (std::thread& it : speakers) it.join();
  EXPECT_TRUE(eventually([&] { return worker_.sessionsEnded() == kClients; }));
  EXPECT_EQ(kClients, read(Metric::kSessionsDone));
}

TEST_P(RelayServiceTest, NewSessionsGoWhereTheRemotesAreNow) {
  support::Upstream before;
  support::Upstream after;
  carryTo({before.address()});
  const auto first = clientsCome(1);
  Peer old = accepted(before);
  carryTo({after.address()});
  const auto second = clientsCome(1);
  Peer fresh = accepted(after);
  // The session that was there goes on.
  EXPECT_EQ(0, sendAll(first[0].get(), "still here"));
  EXPECT_TRUE(eventually([&] {
    old.work();
    return old.heard() == "still here";
  }));
}

TEST_P(RelayServiceTest, IsDrainedWhenTheLastSessionHasEnded) {
  support::Upstream upstream;
  carryTo({upstream.address()});
  auto clients = clientsCome(2);
  std::vector<Peer> peers;
  peers.push_back(accepted(upstream));
  peers.push_back(accepted(upstream));
  std::atomic<bool> drained = false;
  worker_.drain([&] { drained = true; });
  for (Peer& peer : peers) peer.close();
  clients[0].reset();
  EXPECT_TRUE(eventually([&] { return worker_.sessionsEnded() == 1; }));
  clients[1].reset();
  EXPECT_TRUE(eventually([&] { return drained.load(); }));
  EXPECT_EQ(2U, worker_.sessionsEnded());
}

TEST_P(RelayServiceTest, StoppedItResetsEverybody) {
  support::Upstream upstream;
  carryTo({upstream.address()});
  const auto clients = clientsCome(3);
  std::vector<Peer> peers;
  for (int i = 0; i < 3; ++i) peers.push_back(accepted(upstream));
  worker_.stop();
  for (const auto& client : clients) EXPECT_EQ(ECONNRESET, readAll(client.get()).error);
  for (Peer& peer : peers) {
    EXPECT_TRUE(eventually([&] {
      peer.work();
      return peer.over();
    }));
    EXPECT_EQ(ECONNRESET, peer.error());
  }
  EXPECT_EQ(3U, read(Metric::kSessionsStopped));
}

TEST_P(RelayServiceTest, AStormOfRefusedClientsEndsThemAll) {
  const support::RefusingPort refusing;
  carryTo({refusing.address()});
  const auto clients = clientsCome(100);
  for (const auto& client : clients) EXPECT_EQ(ECONNRESET, readAll(client.get()).error);
  EXPECT_TRUE(eventually([&] { return worker_.sessionsEnded() == 100; }));
  EXPECT_EQ(100U, read(Metric::kSessionsRefused));
}

}  // namespace
}  // namespace proxy::relay
