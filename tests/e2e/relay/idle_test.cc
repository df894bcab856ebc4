// A session in which nothing moves ends by a reset of both sides, and one that moves does not.
#include <cerrno>

#include "e2e/support/relay_fixture.h"

namespace e2e {
namespace {

class IdleTest : public RelayTest {
 protected:
  IdleTest() : RelayTest({"--idle-timeout", "1s"}) {}
};

TEST_P(IdleTest, SilentSessionIsResetOnBothSides) {
  Joined session = join();
  session.client.send("hello");
  EXPECT_EQ(session.upstream.receive(5), "hello");
  EXPECT_TRUE(session.client.isSilentFor(milliseconds(500))) << "it was ended too early";
  EXPECT_EQ(session.client.rest().error, ECONNRESET);
  EXPECT_EQ(session.upstream.rest().error, ECONNRESET);
  const auto ended = finish();
  EXPECT_EQ(ended["sessions_idle"], 1U);
  EXPECT_EQ(ended["bytes_from_clients"], 5U);
}

TEST_P(IdleTest, TrafficInOneDirectionKeepsTheSession) {
  Joined session = join();
  for (int i = 0; i < 15; ++i) {
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

INSTANTIATE_TEST_SUITE_P(Relay, IdleTest, testing::ValuesIn(everyLaneUnder({kPlain, kRandom})),
                         settingName);

}  // namespace
}  // namespace e2e
