// SIGTERM under load: no new session, and those that there are may end by themselves for a while.
#include <cerrno>
#include <csignal>

#include "e2e/support/relay_fixture.h"
#include "e2e/support/stream.h"

namespace e2e {
namespace {

constexpr std::size_t kSessions = 8;

class StopTest : public RelayTest {
 protected:
  explicit StopTest(const std::vector<std::string>& more = {"--drain-timeout", "1h"})
      : RelayTest(more) {}

  void joinAll() {
    for (std::size_t i = 0; i < kSessions; ++i) sessions_.push_back(join());
  }

  void expectAllReset() {
    for (Joined& session : sessions_) {
      EXPECT_EQ(session.client.rest().error, ECONNRESET);
      EXPECT_EQ(session.upstream.rest().error, ECONNRESET);
    }
  }

  std::vector<Joined> sessions_;
};

class DrainTest : public StopTest {};

TEST_P(DrainTest, SessionsThatEndInTimeLoseNoByte) {
  joinAll();
  std::vector<Stream> streams;
  for (std::size_t i = 0; i < kSessions; ++i) {
    Joined& session = sessions_[i];
    streams.emplace_back(session.client, session.upstream, 2 * i, amount(std::size_t{4} << 20));
    streams.emplace_back(session.upstream, session.client, 2 * i + 1, amount(std::size_t{4} << 20));
  }
  for (Stream& stream : streams) {  // they are under way, and nobody reads
    stream.holdOpen(true);
    stream.send();
  }
  proxy_.tell(SIGTERM, "stopping: 8 sessions may take 1h to end");
  EXPECT_EQ(dialError(proxy_.address()), ECONNREFUSED);
  for (Stream& stream : streams) stream.holdOpen(false);
  drive(streams);
  const auto ended = proxy_.wait();
  expectSums(GetParam(), ended);
  EXPECT_EQ(ended["sessions_done"], kSessions);
  EXPECT_EQ(ended["bytes_from_clients"], kSessions * amount(std::size_t{4} << 20));
  EXPECT_EQ(ended["bytes_from_upstreams"], kSessions * amount(std::size_t{4} << 20));
}

INSTANTIATE_TEST_SUITE_P(Relay, DrainTest, testing::ValuesIn(everySetting()), settingName);

TEST_P(StopTest, SecondSignalEndsAtOnce) {
  joinAll();
  proxy_.tell(SIGTERM, "stopping: 8 sessions");
  EXPECT_TRUE(sessions_[0].client.isSilentFor(milliseconds(50)));
  proxy_.tell(SIGTERM, "cutting 8 sessions off at a second signal");
  expectAllReset();
  const auto ended = proxy_.wait();
  EXPECT_EQ(ended["sessions_stopped"], kSessions);
  EXPECT_EQ(ended["sessions_ended"], kSessions);
}

TEST_P(StopTest, InterruptDrainsAsWell) {
  joinAll();
  proxy_.tell(SIGINT, "stopping: 8 sessions");
  for (Joined& session : sessions_) {
    session.client.send("still here");
    EXPECT_EQ(session.upstream.receive(10), "still here");
    session.client.close();
    EXPECT_EQ(session.upstream.rest().error, 0);
    session.upstream.close();
  }
  EXPECT_EQ(proxy_.wait()["sessions_done"], kSessions);
}

TEST_P(StopTest, WithoutASessionItEndsAtOnce) {
  const auto ended = proxy_.stop();
  EXPECT_EQ(ended["sessions_accepted"], 0U);
  EXPECT_EQ(linesWith(ended.log, "stopping: 0 sessions"), 1U);
}

INSTANTIATE_TEST_SUITE_P(Relay, StopTest, testing::ValuesIn(everyLaneUnder({kPlain, kRandom})),
                         settingName);

class ShortDrainTest : public StopTest {
 protected:
  ShortDrainTest() : StopTest({"--drain-timeout", "2s"}) {}
};

TEST_P(ShortDrainTest, SessionsThatDoNotEndInTimeAreReset) {
  joinAll();
  // One ends, one is in the midst of a stream, the others are silent.
  std::vector<Stream> stalled = {Stream(sessions_[0].client, sessions_[0].upstream, 1, 1 << 30)};
  stalled[0].send();
  proxy_.tell(SIGTERM, "stopping: 8 sessions");
  sessions_.back().client.close();
  EXPECT_EQ(sessions_.back().upstream.rest().error, 0);
  sessions_.back().upstream.close();
  sessions_.pop_back();
  proxy_.waitForLog("cutting 7 sessions off after 2s");
  expectAllReset();
  const auto ended = proxy_.wait();
  EXPECT_EQ(ended["sessions_done"], 1U);
  EXPECT_EQ(ended["sessions_stopped"], kSessions - 1);
}

INSTANTIATE_TEST_SUITE_P(Relay, ShortDrainTest,
                         testing::ValuesIn(everyLaneUnder({kPlain, kHalves, kRandom})),
                         settingName);

}  // namespace
}  // namespace e2e
