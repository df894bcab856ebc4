// Sessions or descriptors have run out: clients wait, and none of them is lost.
#include <cstdio>

#include "e2e/support/pattern.h"
#include "e2e/support/relay_fixture.h"

namespace e2e {
namespace {

// Each says a word, and ends.
void converseAndEnd(Peer& client, Peer& upstream) {
  client.send("word");
  EXPECT_EQ(upstream.receive(4), "word");
  upstream.send("word");
  EXPECT_EQ(client.receive(4), "word");
  client.close();
  EXPECT_EQ(upstream.rest().error, 0);
  upstream.close();
}

class MaxConnectionsTest : public RelayTest {
 protected:
  MaxConnectionsTest() : RelayTest({"--max-connections", "2"}) {}
};

TEST_P(MaxConnectionsTest, TheNextClientWaitsUntilASessionEnds) {
  Joined first = join();
  Joined second = join();
  Peer third = dial(proxy_.address());  // the kernel takes it; the proxy does not
  third.send("word");
  proxy_.waitForLog(
      "accepting pauses until a session ends: no more are allowed; 2 of 2 sessions are open");
  const Vitals before = proxy_.vitals();
  EXPECT_TRUE(origin_.isAloneFor(milliseconds(200)));
  EXPECT_LT((proxy_.vitals().cpu - before.cpu).count(), 50);

  converseAndEnd(first.client, first.upstream);
  Peer upstream = origin_.accept();
  converseAndEnd(third, upstream);
  converseAndEnd(second.client, second.upstream);
  const auto ended = finish();
  EXPECT_EQ(ended["sessions_done"], 3U);
  EXPECT_GT(ended["accept_pauses"], 0U);
  EXPECT_EQ(linesWith(ended.log, "accepting pauses"), 1U);
}

TEST_P(MaxConnectionsTest, ManyWaitingClientsAreAllServed) {
  constexpr std::size_t kClients = 40;
  std::vector<Peer> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.push_back(dial(proxy_.address()));
    clients.back().send("word");
    clients.back().endWriting();
  }
  for (std::size_t i = 0; i < kClients; ++i) {  // in whatever order they come
    Peer upstream = origin_.accept();
    EXPECT_EQ(upstream.rest().bytes, "word");
    upstream.send("answer");
  }
  for (Peer& client : clients) EXPECT_EQ(client.rest().bytes, "answer");
  const auto ended = finish();
  EXPECT_EQ(ended["sessions_done"], kClients);
  EXPECT_GT(ended["accept_pauses"], 0U);
}

INSTANTIATE_TEST_SUITE_P(Relay, MaxConnectionsTest,
                         testing::ValuesIn(everyLaneUnder({kPlain, kRandom})), settingName);

// "accepting pauses until a session ends: ...; 24 of 24 sessions are open ..."
std::size_t sessionsOpenAtThePause(ProxyProcess& proxy) {
  const std::string line = proxy.waitForLog("accepting pauses until a session ends");
  std::size_t open = 0;
  std::size_t most = 0;
  const std::string counts = line.substr(line.find("; ") + 2);
  EXPECT_EQ(std::sscanf(counts.c_str(), "%zu of %zu sessions are open", &open, &most), 2) << line;
  EXPECT_EQ(open, most) << line;
  return open;
}

// However many --max-connections allows, the descriptors are budgeted at the start.
class DescriptorLimitTest : public testing::TestWithParam<Setting> {};

TEST_P(DescriptorLimitTest, ClientsWaitForDescriptors) {
  Listener origin;
  ProxyCommand command = GetParam().proxyTo(origin.address(), {"--max-connections", "1000"});
  command.descriptors = 100;
  ProxyProcess proxy(command);
  constexpr std::size_t kClients = 60;
  std::vector<Peer> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.push_back(dial(proxy.address()));
    clients.back().send("word");
    clients.back().endWriting();
  }
  const std::size_t open = sessionsOpenAtThePause(proxy);
  EXPECT_GT(open, 5U);
  EXPECT_LT(open, kClients);
  std::vector<Peer> upstreams;
  while (upstreams.size() < open) upstreams.push_back(origin.accept());
  EXPECT_TRUE(origin.isAloneFor(milliseconds(100)));
  for (std::size_t i = 0; i < kClients; ++i) {  // the end of each makes room for another
    if (i >= upstreams.size()) upstreams.push_back(origin.accept());
    EXPECT_EQ(upstreams[i].rest().bytes, "word");
    upstreams[i].close();
  }
  proxy.waitUntilIdle();
  const auto ended = proxy.stop();
  EXPECT_EQ(ended["sessions_done"], kClients);
  EXPECT_EQ(ended["connects_failed"], 0U);
}

INSTANTIATE_TEST_SUITE_P(Relay, DescriptorLimitTest, testing::ValuesIn(anyLane()), settingName);

// EMFILE where the budget does not foresee it, as when a library opens files of its own.
class NoDescriptorsTest : public testing::TestWithParam<Setting> {};

TEST_P(NoDescriptorsTest, AcceptingPausesAndNoSessionIsLost) {
  Listener origin;
  ProxyProcess proxy(GetParam().proxyTo(origin.address()));
  constexpr std::size_t kClients = 60;
  for (std::size_t i = 0; i < kClients / 2; ++i) {
    // Two at once, so that the end of one resumes the other.
    Peer first = dial(proxy.address());
    Peer second = dial(proxy.address());
    for (Peer* client : {&first, &second}) client->send("word");
    for (int turn = 0; turn < 2; ++turn) {
      Peer upstream = origin.accept();
      EXPECT_EQ(upstream.receive(4), "word");
      upstream.send("answer");
      upstream.close();
    }
    for (Peer* client : {&first, &second}) {
      client->endWriting();
      EXPECT_EQ(client->rest().bytes, "answer");
    }
  }
  proxy.waitUntilIdle();
  EXPECT_LT(proxy.vitals().cpu.count(), 2000 * static_cast<int>(support::kSlowness));
  const auto ended = proxy.stop();
  EXPECT_EQ(ended["sessions_done"], kClients);
  EXPECT_EQ(ended["connects_failed"], 0U);
  EXPECT_GT(ended["accept_pauses"], 0U);
  EXPECT_EQ(linesWith(ended.log, "accepting pauses"), 1U) << "said once a minute";
  EXPECT_GT(ended.faults.at("emfile"), 0U);
}

constexpr Faults kFewDescriptors{"FewDescriptors", "emfile=200,only=sockets", 1};
INSTANTIATE_TEST_SUITE_P(Relay, NoDescriptorsTest, testing::ValuesIn(everyLane(kFewDescriptors)),
                         settingName);

// No pipe to be had: the splice lane copies instead.
TEST(NoPipesTest, SpliceLaneCopies) {
  if (!socksplice::kZeroCopy) GTEST_SKIP() << "this build has no splice lane";
  if (support::kAddressSanitizer) GTEST_SKIP() << "its runtime makes pipes too, and must get them";
  const Setting setting{.lane = "splice", .faults = {"NoPipes", "emfile=1000,only=pipes", 1}};
  Listener origin;
  ProxyProcess proxy(setting.proxyTo(origin.address()));
  Joined session = join(proxy, origin);
  const std::string bytes = Pattern(1).bytes(0, std::size_t{100} * 1024);
  session.client.send(bytes);
  EXPECT_TRUE(session.upstream.receive(bytes.size()) == bytes);
  session.client.close();
  session.upstream.close();
  proxy.waitUntilIdle();
  const auto ended = proxy.stop();
  EXPECT_EQ(ended["bytes_spliced"], 0U);
  EXPECT_GT(ended["pipes_refused"], 0U);
}

}  // namespace
}  // namespace e2e
