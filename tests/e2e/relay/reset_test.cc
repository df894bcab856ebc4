// A reset is passed on, behind all that came before it.
#include <cerrno>

#include "e2e/support/relay_fixture.h"
#include "e2e/support/stream.h"

namespace e2e {
namespace {

class ResetTest : public RelayTest {
 protected:
  ResetTest() : RelayTest({}, 64 * 1024) {}

  // Both sides are known to be connected: a byte went each way.
  Joined joinAndGreet(int receiveBuffer = 0) {
    Joined session = join(receiveBuffer);
    session.client.send("?");
    EXPECT_EQ(session.upstream.receive(1), "?");
    session.upstream.send("!");
    EXPECT_EQ(session.client.receive(1), "!");
    return session;
  }

  void expectBytesThenReset(Peer& from, Peer& to) {
    const std::string sent = Pattern(1).bytes(0, amount(32 * 1024));
    from.send(sent);
    from.waitUntilAcknowledged();
    from.reset();
    const auto seen = to.rest();
    EXPECT_EQ(seen.bytes == sent, true) << seen.bytes.size() << " bytes came of " << sent.size();
    EXPECT_EQ(seen.error, ECONNRESET);
  }

  // `quitter` resets while what it should have read fills every buffer.
  void expectResetPastAStall(Peer& quitter, Peer& other) {
    std::vector<Stream> stalled = {Stream(other, quitter, 1, std::uint64_t{1} << 40)};
    fill(stalled);
    quitter.send("goodbye");
    EXPECT_EQ(other.receive(7), "goodbye");
    quitter.reset();
    EXPECT_EQ(other.rest().error, ECONNRESET);
  }
};

TEST_P(ResetTest, BytesBeforeTheClientsResetReachTheUpstream) {
  Joined session = joinAndGreet();
  expectBytesThenReset(session.client, session.upstream);
  const auto ended = finish();
  EXPECT_EQ(ended["sessions_reset"], 1U);
  EXPECT_EQ(ended["bytes_from_clients"], 1 + amount(32 * 1024));
}

TEST_P(ResetTest, BytesBeforeTheUpstreamsResetReachTheClient) {
  Joined session = joinAndGreet();
  expectBytesThenReset(session.upstream, session.client);
  const auto ended = finish();
  EXPECT_EQ(ended["sessions_reset"], 1U);
  EXPECT_EQ(ended["bytes_from_upstreams"], 1 + amount(32 * 1024));
}

// Only the reset: no byte, and so no fault to ask for.
TEST_P(ResetTest, IdleSessionIsResetToo) {
  Joined first = joinAndGreet();
  first.client.reset();
  EXPECT_EQ(first.upstream.rest().error, ECONNRESET);
  Joined second = joinAndGreet();
  second.upstream.reset();
  EXPECT_EQ(second.client.rest().error, ECONNRESET);
  proxy_.waitUntilIdle();
  EXPECT_EQ(proxy_.stop()["sessions_reset"], 2U);
}

TEST_P(ResetTest, ResetAfterAHalfCloseIsPassedOn) {
  Joined session = joinAndGreet();
  session.client.send("question");
  session.client.endWriting();
  EXPECT_EQ(session.upstream.rest().bytes, "question");
  session.upstream.send("part of the answer");
  EXPECT_EQ(session.client.receive(18), "part of the answer");
  session.upstream.reset();
  EXPECT_EQ(session.client.rest().error, ECONNRESET);
  EXPECT_EQ(finish()["sessions_reset"], 1U);
}

INSTANTIATE_TEST_SUITE_P(Relay, ResetTest, testing::ValuesIn(everySetting()), settingName);

class StalledResetTest : public ResetTest {};

TEST_P(StalledResetTest, ClientsResetPassesABlockedDirection) {
  Joined session = joinAndGreet(64 * 1024);
  expectResetPastAStall(session.client, session.upstream);
  EXPECT_EQ(finish()["sessions_reset"], 1U);
}

TEST_P(StalledResetTest, UpstreamsResetPassesABlockedDirection) {
  Joined session = joinAndGreet(64 * 1024);
  expectResetPastAStall(session.upstream, session.client);
  EXPECT_EQ(finish()["sessions_reset"], 1U);
}

INSTANTIATE_TEST_SUITE_P(Relay, StalledResetTest, testing::ValuesIn(settingsForStreams()),
                         settingName);

}  // namespace
}  // namespace e2e
