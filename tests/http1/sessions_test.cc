#include "http1/sessions.h"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/date.h"
#include "session_fixture.h"
#include "support/eventually.h"
#include "support/refused_watches.h"

namespace proxy::http1 {
namespace {

using support::Peer;

// Several clients at once.
class SessionsTest : public SessionFixture {
 protected:
  Peer& comes() {
    auto [near, far] = support::tcpPair();
    Peer& client = clients_.emplace_back(std::move(far));
    serve(std::move(near), Address::boundTo(client.fd()));
    return client;
  }
  void runUntilAll(const std::function<bool()>& holds) {
    runUntil([&] {
      for (Peer& it : clients_) it.work();
      return holds();
    });
  }
  void runTurnsOfAll(int count) {
    runUntilAll([&] { return --count < 0; });
  }

  std::deque<Peer> clients_;
};

INSTANTIATE_TEST_SUITE_P(Lanes, SessionsTest, testing::ValuesIn(support::lanes()),
                         support::laneName);

TEST_P(SessionsTest, ReleasesEachWhenItHasFinished) {
  answerWith(hello);
  Peer& first = comes();
  Peer& second = comes();
  Peer& third = comes();
  EXPECT_EQ(3U, sessions_->size());
  second.say(kGet).thenEnd();
  runUntilAll([&] { return second.over(); });
  EXPECT_EQ("hello", spoken(second.heard()).at(0).body);
  EXPECT_EQ(2U, sessions_->size());
  EXPECT_EQ(1U, worker_.sessionsEnded());
  first.thenEnd();
  runUntilAll([&] { return first.over(); });
  EXPECT_EQ(1U, sessions_->size());
  third.say(kGet);
  runUntilAll([&] { return third.heard().ends_with("hello"); });
  EXPECT_EQ(1U, sessions_->size()) << "it may ask again";
  third.thenEnd();
  runUntilAll([&] { return third.over(); });
  EXPECT_EQ(0U, sessions_->size());
  EXPECT_EQ(3U, worker_.sessionsEnded());
  EXPECT_EQ(3U, read(Metric::kSessionsDone));
  expectNothingLeft();
}

TEST_P(SessionsTest, ReleasesOneThatCannotEvenBegin) {
  Peer& kept = comes();
  {
    const support::RefusedWatches none;
    Peer& refused = comes();
    EXPECT_EQ(1U, sessions_->size());
    EXPECT_EQ(1U, read(Metric::kSessionsExhausted));
    refused.work();
    EXPECT_TRUE(refused.over());
  }
  answerWith(hello);
  kept.say(kGet);
  runUntilAll([&] { return kept.heard().ends_with("hello"); });
  EXPECT_EQ(1U, sessions_->size());
}

TEST_P(SessionsTest, DrainsTheIdleAtOnceAndTheBusyBehindTheirAnswers) {
  Peer& idle = comes();
  Peer& busy = comes();
  Peer& beginning = comes();
  Peer& late = comes();
  busy.say(get("/busy"));
  runUntilAll([&] { return handler_.count() == 1; });
  beginning.say("GET /beginning HT");
  runTurnsOfAll(3);

  sessions_->drain();
  runUntilAll([&] { return idle.heardEnd() && late.heardEnd(); });
  EXPECT_EQ("", idle.heard());
  EXPECT_EQ(4U, sessions_->size()) << "they have not heard it yet, or are busy";
  idle.thenEnd();
  late.say(kGet).thenEnd();  // it did not know
  runUntilAll([&] { return sessions_->size() == 2; });
  EXPECT_EQ(1U, handler_.count());
  EXPECT_EQ("", late.heard());
  EXPECT_EQ(0, late.error());

  asked(0).respond(200, "hello");
  runUntilAll([&] { return busy.heardEnd(); });
  EXPECT_TRUE(spoken(busy.heard()).at(0).says("Connection: close"));
  EXPECT_EQ("hello", spoken(busy.heard()).at(0).body);
  answerWith(itsTarget);
  beginning.say("TP/1.1\r\nHost: h\r\n\r\n");
  runUntilAll([&] { return beginning.heardEnd(); });
  EXPECT_TRUE(spoken(beginning.heard()).at(0).says("Connection: close"));
  EXPECT_EQ("/beginning", spoken(beginning.heard()).at(0).body);

  busy.thenEnd();
  beginning.thenEnd();
  runUntilAll([&] { return sessions_->size() == 0; });
  runTurns(1);
  EXPECT_EQ(4U, read(Metric::kSessionsDone));
  EXPECT_EQ(4U, worker_.sessionsEnded());
  expectNothingLeft();
}

// Those who have left are finished while drain() goes through the others.
TEST_P(SessionsTest, DrainsWhereSomeFinishWithinTheCall) {
  std::vector<Peer*> all;
  for (int i = 0; i < 6; ++i) all.push_back(&comes());
  runTurnsOfAll(2);
  for (const std::size_t i : {0U, 1U, 3U, 5U}) all[i]->reset();
  sessions_->drain();
  EXPECT_EQ(2U, sessions_->size());
  EXPECT_EQ(4U, read(Metric::kSessionsReset));
  for (const std::size_t i : {2U, 4U}) all[i]->thenEnd();
  runUntilAll([&] { return sessions_->size() == 0; });
  EXPECT_TRUE(all[2]->heardEnd());
  EXPECT_EQ(2U, read(Metric::kSessionsDone));
  EXPECT_EQ(6U, worker_.sessionsEnded());
}

TEST_P(SessionsTest, AbortsAllWhateverTheyDo) {
  Peer& idle = comes();
  Peer& beginning = comes();
  Peer& asking = comes();
  Peer& taking = comes();
  beginning.say("GET / HT");
  asking.say(kGet);
  runUntilAll([&] { return handler_.count() == 1; });
  taking.say(kGet);
  runUntilAll([&] { return handler_.count() == 2; });
  asked(1).body.reads("hello").pauses();
  asked(1).respondWith(http::ChunkedBody{});
  runUntilAll([&] { return taking.heard().find("hello") != std::string::npos; });
  Peer& lingering = comes();
  answerWith(hello);
  lingering.say("GET / HTTP/1.0\r\n\r\n");
  runUntilAll([&] { return lingering.heardEnd(); });
  EXPECT_EQ(5U, sessions_->size());

  sessions_->abort();
  EXPECT_EQ(0U, sessions_->size());
  EXPECT_EQ(5U, read(Metric::kSessionsStopped));
  EXPECT_EQ(5U, worker_.sessionsEnded());
  runTurnsOfAll(1);
  for (const Peer* it : {&idle, &beginning, &asking, &taking}) EXPECT_EQ(ECONNRESET, it->error());
  expectNothingLeft();
  sessions_->abort();
  EXPECT_EQ(5U, worker_.sessionsEnded()) << "of none, nothing is aborted";
}

TEST_P(SessionsTest, SaysTheTimeOncePerSecond) {
  comes();
  using std::chrono::floor, std::chrono::seconds, std::chrono::system_clock;
  const auto now = [] { return floor<seconds>(system_clock::now()); };
  const auto before = now();
  const std::string first(sessions_->date());
  const auto said = http::parseDate(first, before);
  ASSERT_TRUE(said) << first;
  EXPECT_GE(*said, before);
  EXPECT_LE(*said, now());
  // The same text, until it is another second.
  std::string next;
  ASSERT_TRUE(support::eventually([&] {
    next = sessions_->date();
    return next != first;
  }));
  EXPECT_GT(http::parseDate(next, before), said);
  EXPECT_LE(http::parseDate(next, before), now());
}

TEST_P(SessionsTest, IsNotDestroyedUnderASession) {
  comes();
  EXPECT_DEATH(sessions_.reset(), "CHECK failed: sessions_.empty\\(\\)");
}

}  // namespace
}  // namespace proxy::http1
