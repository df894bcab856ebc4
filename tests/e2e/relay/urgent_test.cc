// Urgent data neither stops a session nor makes it spin; splice(2) alone would do both.
#include "e2e/support/pattern.h"
#include "e2e/support/relay_fixture.h"

namespace e2e {
namespace {

// Long enough for a spin to show.
constexpr milliseconds kWhile{200};

class UrgentTest : public RelayTest {
 protected:
  // All that was sent has come, and the peers are silent: so must be the proxy.
  void expectIdle(const Joined& session) {
    const Vitals before = proxy_.vitals();
    EXPECT_TRUE(session.upstream.isSilentFor(kWhile));
    const Vitals after = proxy_.vitals();
    EXPECT_LT((after.cpu - before.cpu).count(), kWhile.count() / 4);
    EXPECT_LT(after.naps - before.naps, 50U);
  }
};

// The proxy reads urgent bytes in their place (SO_OOBINLINE), and sends them as ordinary ones.
TEST_P(UrgentTest, BytesAroundItArriveInTheirPlaces) {
  Joined session = join();
  const std::string before = Pattern(1).bytes(0, amount(256 * 1024));
  const std::string after = Pattern(2).bytes(0, amount(256 * 1024));
  session.client.send(before);
  session.client.sendUrgent('!');
  session.client.send(after);
  EXPECT_TRUE(session.upstream.receive(before.size()) == before);
  EXPECT_EQ(session.upstream.receive(1), "!");
  EXPECT_TRUE(session.upstream.receive(after.size()) == after);
  expectIdle(session);
  session.client.endWriting();
  EXPECT_EQ(session.upstream.rest().error, 0);
  session.upstream.endWriting();
  EXPECT_EQ(session.client.rest().error, 0);
  const auto ended = finish();
  EXPECT_EQ(ended["sessions_done"], 1U);
  EXPECT_EQ(ended["bytes_from_clients"], before.size() + 1 + after.size());
}

TEST_P(UrgentTest, UrgentByteAloneArrivesAndTheSessionGoesOn) {
  Joined session = join();
  session.upstream.sendUrgent('!');
  EXPECT_EQ(session.client.receive(1), "!");
  expectIdle(session);
  session.upstream.send("more");
  EXPECT_EQ(session.client.receive(4), "more");
  session.client.send("yes?");
  EXPECT_EQ(session.upstream.receive(4), "yes?");
  session.client.close();
  session.upstream.close();
  EXPECT_EQ(finish()["bytes_from_upstreams"], 5U);
}

// Here splice(2) says that the stream has ended although bytes are waiting.
TEST_P(UrgentTest, BytesBetweenItAndTheEndAreNotLost) {
  Joined session = join();
  session.client.sendUrgent('!');
  session.client.send("the last bytes");
  session.client.endWriting();
  const auto seen = session.upstream.rest();
  EXPECT_EQ(seen.bytes, "!the last bytes");
  EXPECT_EQ(seen.error, 0);
  session.upstream.close();
  EXPECT_EQ(session.client.rest().error, 0);
  EXPECT_EQ(finish()["bytes_from_clients"], 15U);
}

TEST_P(UrgentTest, ManyOfThemArriveInOrder) {
  Joined session = join();
  std::string all;
  for (int i = 0; i < 20; ++i) {
    const std::string text = "text " + std::to_string(i);
    session.client.send(text);
    session.client.sendUrgent('!');
    all += text + "!";
    if (i % 3 == 0) {
      EXPECT_EQ(session.upstream.receive(all.size()), all);
      all.clear();
    }
  }
  EXPECT_EQ(session.upstream.receive(all.size()), all);
  expectIdle(session);
  session.client.close();
  session.upstream.close();
  EXPECT_EQ(finish()["sessions_done"], 1U);
}

INSTANTIATE_TEST_SUITE_P(Relay, UrgentTest, testing::ValuesIn(everySetting()), settingName);

}  // namespace
}  // namespace e2e
