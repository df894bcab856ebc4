#include "net/acceptor.h"

#include <sys/stat.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/descriptor_limit.h"
#include "support/loop_run.h"
#include "support/peer.h"
#include "support/temporary_directory.h"
#include "visitor_book.h"

namespace proxy {
namespace {

using testing::ElementsAre;

class AcceptorTest : public testing::TestWithParam<std::string> {
 protected:
  ~AcceptorTest() override {
    for (const auto& worker : workers_) worker->stop();
  }

  void begin(std::size_t workers, std::size_t maxSessions = 10'000) {
    for (std::size_t i = 0; i < workers; ++i) {
      workers_.push_back(std::make_unique<Worker>(i, Worker::Settings{}));
    }
    for (const auto& worker : workers_) {
      hotels_.push_back(std::make_unique<Hotel>(*worker, book_));
    }
    acceptor_ = std::make_unique<Acceptor>(loop_, metrics_, workers_, maxSessions);
  }

  /// Adds a listener, and says where it stands.
  Address listenAt(const Address& where = *Address::literal("127.0.0.1", 0)) {
    auto fd = proxy::listenAt(where, {});
    EXPECT_TRUE(fd) << fd.error();
    const Address address = Address::boundTo(fd->get());
    acceptor_->add(*std::move(fd));
    return address;
  }

  /// Connects `count` clients, one behind the other.
  void connectTo(const Address& address, int count = 1) {
    for (int i = 0; i < count; ++i) {
      support::UniqueFd fd(support::must(socket(address.family(), SOCK_STREAM, 0), "socket"));
      support::must(connect(fd.get(), address.get(), address.size()), "connect");
      clients_.emplace_back(std::move(fd));
    }
  }

  void runUntil(const std::function<bool()>& holds) {
    EXPECT_TRUE(support::runUntil(loop_, holds));
  }
  void runUntilServed(std::size_t count) {
    runUntil([&] { return book_.visits().size() >= count; });
    EXPECT_EQ(count, book_.visits().size());
  }
  std::uint64_t pauses() const { return metrics_.read(Metric::kAcceptPauses); }
  Address addressOf(const support::Peer& peer) const { return Address::boundTo(peer.fd()); }

  VisitorBook book_;
  EventLoop loop_{GetParam()};
  Metrics metrics_;
  std::unique_ptr<Acceptor> acceptor_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<Hotel>> hotels_;
  std::vector<support::Peer> clients_;
};

INSTANTIATE_TEST_SUITE_P(Methods, AcceptorTest, testing::ValuesIn(EventLoop::methods()),
                         [](const auto& it) { return it.param; });

TEST_P(AcceptorTest, HandsClientsToTheWorkersStrictlyInTurn) {
  begin(3);
  connectTo(listenAt(), 100);
  acceptor_->start();
  runUntilServed(100);
  std::map<std::string, std::size_t> workerOf;
  for (const auto& visit : book_.visits()) workerOf[visit.peer.text()] = visit.worker;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    EXPECT_EQ(i % 3, workerOf[addressOf(clients_[i]).text()]) << "client " << i;
  }
  EXPECT_EQ(100U, metrics_.read(Metric::kSessionsAccepted));
  EXPECT_EQ(100U, acceptor_->openSessions());
}

TEST_P(AcceptorTest, GoesOnInTurnFromBatchToBatch) {
  begin(2);
  const Address address = listenAt();
  acceptor_->start();
  for (std::size_t i = 0; i < 5; ++i) {
    connectTo(address);
    runUntilServed(i + 1);
    EXPECT_EQ(i % 2, book_.visits().back().worker);
  }
}

TEST_P(AcceptorTest, TakesABoundedBatchOfEachListenerSoThatAllHaveTheirTurn) {
  begin(1);
  const Address busy = listenAt();
  const Address quiet = listenAt();
  connectTo(busy, 300);
  connectTo(quiet);
  const Address last = addressOf(clients_.back());
  acceptor_->start();
  runUntilServed(301);
  const auto visits = book_.visits();
  const auto place = std::find_if(visits.begin(), visits.end(),
                                  [&](const auto& visit) { return visit.peer == last; });
  EXPECT_LE(place - visits.begin(), 64) << "it waited for all of the busy listener's clients";
}

TEST_P(AcceptorTest, AcceptedSocketsDoNotBlockAndTheirPeersAreKnown) {
  begin(1);
  connectTo(listenAt());
  acceptor_->start();
  runUntilServed(1);
  EXPECT_EQ(addressOf(clients_[0]), book_.visits()[0].peer);
}

TEST_P(AcceptorTest, PausesWhenAllSessionsAreInUseAndGoesOnWhenOneHasEnded) {
  begin(2, 3);
  connectTo(listenAt(), 5);
  acceptor_->start();
  runUntilServed(3);
  runUntil([&] { return pauses() == 1; });
  EXPECT_EQ(3U, acceptor_->openSessions());
  int turns = 20;
  runUntil([&] { return --turns == 0; });
  EXPECT_EQ(3U, book_.visits().size());
  EXPECT_LE(pauses(), 3U) << "it spins";
  hotels_[0]->endOne();
  runUntilServed(4);
  hotels_[1]->endOne();
  runUntilServed(5);
  EXPECT_EQ(3U, acceptor_->openSessions());
  EXPECT_GE(pauses(), 2U);
}

TEST_P(AcceptorTest, PausesWhenDescriptorsRunOutAndGoesOnWhenASessionHasEnded) {
  begin(1);
  const Address address = listenAt();
  acceptor_->start();
  connectTo(address);
  runUntilServed(1);
  connectTo(address);
  const support::DescriptorLimit limit;
  runUntil([&] { return pauses() == 1; });
  EXPECT_EQ(1U, book_.visits().size());
  hotels_[0]->endOne();  // closes a descriptor below the limit
  runUntilServed(2);
}

TEST_P(AcceptorTest, LooksAgainByItselfWhileItPauses) {
  begin(1);
  const Address address = listenAt();
  acceptor_->start();
  connectTo(address);
  {
    const support::DescriptorLimit limit;
    runUntil([&] { return pauses() == 1; });
  }
  runUntilServed(1);  // though no session ended
}

TEST_P(AcceptorTest, ClosedItListensNoMore) {
  begin(1);
  const Address address = listenAt();
  acceptor_->start();
  acceptor_->close();
  const support::UniqueFd fd(socket(AF_INET, SOCK_STREAM, 0));
  EXPECT_EQ(-1, connect(fd.get(), address.get(), address.size()));
  EXPECT_EQ(ECONNREFUSED, errno);
}

TEST_P(AcceptorTest, ClosedItStillTakesThoseWhoWereConnectedAlready) {
  begin(2);
  connectTo(listenAt(), 300);  // several batches of them
  acceptor_->start();
  acceptor_->close();
  EXPECT_TRUE(support::eventually([&] { return book_.visits().size() == 300; }));
  EXPECT_EQ(300U, acceptor_->openSessions());
}

TEST_P(AcceptorTest, ClosedItTakesNoMoreThanSessionsAreAllowed) {
  begin(1, 100);
  connectTo(listenAt(), 150);
  acceptor_->start();
  acceptor_->close();
  EXPECT_TRUE(support::eventually([&] { return book_.visits().size() == 100; }));
  EXPECT_EQ(100U, acceptor_->openSessions());
  EXPECT_EQ(1U, pauses());
}

TEST_P(AcceptorTest, ClosedItRemovesItsPaths) {
  const support::TemporaryDirectory directory;
  begin(1);
  const Address address = listenAt(*Address::atPath(directory.at("socket")));
  acceptor_->start();
  connectTo(address);
  runUntilServed(1);
  struct stat status{};
  EXPECT_EQ(0, stat(address.path().c_str(), &status));
  acceptor_->close();
  EXPECT_EQ(-1, stat(address.path().c_str(), &status));
}

TEST_P(AcceptorTest, ClosedItLeavesAPathThatAnotherHasTakenOver) {
  const support::TemporaryDirectory directory;
  begin(1);
  const Address address = listenAt(*Address::atPath(directory.at("socket")));
  acceptor_->start();
  // The other is there before ours is gone, so that it has a file of its own.
  const auto other = proxy::listenAt(*Address::atPath(directory.at("other")), {});
  ASSERT_TRUE(other);
  ASSERT_EQ(0, rename(directory.at("other").c_str(), address.path().c_str()));
  acceptor_->close();
  struct stat status{};
  EXPECT_EQ(0, stat(address.path().c_str(), &status));
}

}  // namespace
}  // namespace proxy
