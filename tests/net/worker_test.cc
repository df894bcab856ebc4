#include "net/worker.h"

#include <pthread.h>

#include <atomic>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/eventually.h"
#include "support/peer.h"
#include "support/socket_pair.h"
#include "visitor_book.h"

namespace proxy {
namespace {

using support::eventually;
using testing::StartsWith;

class WorkerTest : public testing::TestWithParam<std::string> {
 protected:
  /// Hands `count` clients over in one batch.
  void serve(std::size_t count) {
    std::vector<Accepted> batch;
    for (std::size_t i = 0; i < count; ++i) {
      auto [near, far] = support::unixPair();
      peers_.emplace_back(std::move(far));
      batch.push_back({.socket = std::move(near), .peer = {}});
    }
    worker_.serve(std::move(batch));
  }
  void awaitVisits(std::size_t count) {
    EXPECT_TRUE(eventually([&] { return book_.visits().size() == count; }));
  }

  VisitorBook book_;
  std::vector<support::Peer> peers_;
  Worker worker_{3, {.method = GetParam(), .pools = {}}};
  Hotel hotel_{worker_, book_};
};

INSTANTIATE_TEST_SUITE_P(Methods, WorkerTest, testing::ValuesIn(EventLoop::methods()),
                         [](const auto& it) { return it.param; });

TEST_P(WorkerTest, ServesWhatItIsHanded) {
  serve(3);
  serve(1);
  awaitVisits(4);
  EXPECT_EQ(0U, worker_.sessionsEnded());
  EXPECT_EQ(3U, worker_.index());
}

TEST_P(WorkerTest, UpdatesTheRemotesBeforeTheClientsBehindThem) {
  worker_.update(std::make_shared<const RemoteList>(2));
  serve(1);
  awaitVisits(1);
  worker_.update(std::make_shared<const RemoteList>(5));
  EXPECT_TRUE(eventually([&] { return book_.events() == "made;remotes 2;remotes 5;"; }));
}

TEST_P(WorkerTest, CountsTheSessionsThatEnded) {
  serve(2);
  hotel_.endOne();
  EXPECT_TRUE(eventually([&] { return worker_.sessionsEnded() == 1; }));
  EXPECT_TRUE(eventually([&] {
    peers_[0].work();
    return peers_[0].heardEnd();
  }));
}

TEST_P(WorkerTest, SaysOnceThatASessionEnded) {
  std::atomic<int> freed = 0;
  serve(3);
  worker_.whenFreed(0, [&] { ++freed; });
  hotel_.inThread([&] { EXPECT_EQ(0, freed); });
  hotel_.endOne();
  hotel_.endOne();
  EXPECT_TRUE(eventually([&] { return worker_.sessionsEnded() == 2; }));
  EXPECT_TRUE(eventually([&] { return freed == 1; }));
  worker_.whenFreed(2, [&] { ++freed; });
  hotel_.endOne();
  EXPECT_TRUE(eventually([&] { return freed == 2; }));
}

TEST_P(WorkerTest, SaysAtOnceThatASessionHasEndedSinceOneLooked) {
  std::atomic<int> freed = 0;
  serve(1);
  const std::uint64_t seen = worker_.sessionsEnded();
  hotel_.endOne();
  EXPECT_TRUE(eventually([&] { return worker_.sessionsEnded() == 1; }));
  worker_.whenFreed(seen, [&] { ++freed; });
  EXPECT_TRUE(eventually([&] { return freed == 1; }));
}

TEST_P(WorkerTest, IsDrainedAtOnceWithoutSessions) {
  std::atomic<int> drained = 0;
  worker_.drain([&] { ++drained; });
  EXPECT_TRUE(eventually([&] { return drained == 1; }));
}

TEST_P(WorkerTest, DrainedItTellsItsServiceBehindTheClientsItWasHanded) {
  std::atomic<int> drained = 0;
  serve(1);
  worker_.drain([&] { ++drained; });
  EXPECT_TRUE(eventually([&] { return book_.events() == "made;draining;"; }));
  EXPECT_EQ(1U, book_.visits().size());
  hotel_.inThread([&] { EXPECT_EQ(0, drained); });
  hotel_.endOne();
  EXPECT_TRUE(eventually([&] { return drained == 1; }));
  EXPECT_EQ("made;draining;", book_.events());
}

TEST_P(WorkerTest, IsDrainedWhenTheLastSessionEnds) {
  std::atomic<int> drained = 0;
  serve(2);
  worker_.drain([&] { ++drained; });
  hotel_.endOne();
  hotel_.inThread([&] { EXPECT_EQ(0, drained); });
  hotel_.endOne();
  EXPECT_TRUE(eventually([&] { return drained == 1; }));
  EXPECT_EQ(2U, worker_.sessionsEnded());
}

TEST_P(WorkerTest, StoppedItCutsEverySessionOff) {
  serve(2);
  worker_.stop();
  EXPECT_EQ(2U, book_.visits().size());
  EXPECT_EQ(2U, worker_.sessionsEnded());
  EXPECT_EQ("made;aborted;destroyed;", book_.events());
  worker_.stop();
  EXPECT_EQ("made;aborted;destroyed;", book_.events());
}

TEST_P(WorkerTest, RunsItsServiceInAThreadOfItsName) {
  char name[16] = "";
  hotel_.inThread([&] {
    EXPECT_TRUE(worker_.loop().inThread());
    pthread_getname_np(pthread_self(), name, sizeof name);
  });
  EXPECT_FALSE(worker_.loop().inThread());
  EXPECT_STREQ("worker 3", name);
}

TEST_P(WorkerTest, LeavesSignalsToTheMainLoop) {
  sigset_t blocked;
  hotel_.inThread([&] { pthread_sigmask(SIG_SETMASK, nullptr, &blocked); });
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGPIPE}) {
    EXPECT_EQ(1, sigismember(&blocked, signal)) << signal;
  }
}

TEST(Worker, NeverStartedItIsStoppedAlready) {
  Worker worker(0, {});
  worker.stop();
  EXPECT_EQ(0U, worker.sessionsEnded());
}

TEST(Worker, HandsOverWhatItsPoolsShallBe) {
  Worker worker(0, {.method = {}, .pools = {.hold = 8192}});
  EXPECT_EQ(8192U, worker.pools().limits().hold);
}

}  // namespace
}  // namespace proxy
