// A session in which nothing moves ends by a reset of both sides, and one that moves does not.
#include <cerrno>

#include "e2e/support/relay_fixture.h"

namespace e2e {
namespace {

class IdleTest : public RelayTest {
 protected:
  explicit IdleTest(const std::string& timeout = "1s") : RelayTest({"--idle-timeout", timeout}) {}
};

TEST_P(IdleTest, SilentSessionIsResetOnBothSides) {
  const Stopwatch watch;
  Peer client = dial(proxy_.address());
  client.send("hello");
  Peer upstream = origin_.accept();
  EXPECT_EQ(client.rest().error, ECONNRESET);
  EXPECT_GE(watch.elapsed(), milliseconds(1000 - 10)) << "it was ended too early";
  const auto seen = upstream.rest();
  EXPECT_EQ(seen.bytes, "hello");
  EXPECT_EQ(seen.error, ECONNRESET);
  const auto ended = finish();
  EXPECT_EQ(ended["sessions_idle"], 1U);
  EXPECT_EQ(ended["bytes_from_clients"], 5U);
}

INSTANTIATE_TEST_SUITE_P(Relay, IdleTest, testing::ValuesIn(everyLaneUnder({kPlain, kRandom})),
                         settingName);

// So long that a machine under load never leaves it idle between two ticks.
class TickingTest : public IdleTest {
 protected:
  TickingTest() : IdleTest("3s") {}
};

TEST_P(TickingTest, TrafficInOneDirectionKeepsTheSession) {
  Joined session = join();
  const Stopwatch watch;
  while (watch.elapsed() < milliseconds(3500)) {
    session.upstream.send("tick");
    EXPECT_EQ(session.client.receive(4), "tick");
    EXPECT_TRUE(session.client.isSilentFor(milliseconds(100)));
  }
  session.client.close();
  EXPECT_EQ(session.upstream.rest().error, 0);
  session.upstream.close();
  const auto ended = finish();
  EXPECT_EQ(ended["sessions_idle"], 0U);
  EXPECT_EQ(ended["sessions_done"], 1U);
}

INSTANTIATE_TEST_SUITE_P(Relay, TickingTest, testing::ValuesIn(everyLaneUnder({kPlain, kRandom})),
                         settingName);

}  // namespace
}  // namespace e2e
