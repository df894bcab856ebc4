// Remotes that refuse, do not answer, or cannot be found.
#include <cerrno>

#include "e2e/support/relay_fixture.h"

namespace e2e {
namespace {

class ConnectTest : public testing::TestWithParam<Setting> {};

// The client's reset comes long before the time-out of a connection.
TEST_P(ConnectTest, ClientOfARefusedSessionIsResetPromptly) {
  const ClosedPort nobody;
  ProxyProcess proxy(GetParam().proxyTo(nobody.address(), {"--connect-timeout", "1h"}));
  Peer client = dial(proxy.address());
  EXPECT_EQ(client.rest().error, ECONNRESET);
  EXPECT_EQ(proxy.waitForLog("Connection refused").find(nobody.address()) != std::string::npos,
            true);
  proxy.waitUntilIdle();
  const auto ended = proxy.stop();
  EXPECT_EQ(ended["sessions_refused"], 1U);
  EXPECT_EQ(ended["sessions_ended"], 1U);
  EXPECT_EQ(ended["connects_tried"], 1U);
  EXPECT_EQ(ended["connects_failed"], 1U);
}

TEST_P(ConnectTest, RemoteThatDoesNotAnswerTimesOut) {
  const SilentPort silent;
  ProxyProcess proxy(GetParam().proxyTo(silent.address(), {"--connect-timeout", "300ms"}));
  const Stopwatch watch;
  Peer client = dial(proxy.address());
  client.send("hello");
  EXPECT_EQ(client.rest().error, ECONNRESET);
  EXPECT_GE(watch.elapsed(), milliseconds(300 - 10)) << "it was given up too early";
  proxy.waitForLog("Connection timed out");
  proxy.waitUntilIdle();
  const auto ended = proxy.stop();
  EXPECT_EQ(ended["sessions_refused"], 1U);
  EXPECT_EQ(ended["connects_tried"], 1U);
  EXPECT_EQ(ended["connects_failed"], 1U);
  EXPECT_EQ(ended["bytes_from_clients"], 0U);
}

TEST_P(ConnectTest, NextRemoteServesWhenOneRefusesAndOneDoesNotAnswer) {
  const ClosedPort nobody;
  const SilentPort silent;
  Listener origin;
  ProxyProcess proxy(GetParam().proxyTo(
      nobody.address(),
      {"-r", silent.address(), "-r", origin.address(), "--connect-timeout", "200ms"}));
  constexpr std::size_t kClients = 6;
  for (std::size_t i = 0; i < kClients; ++i) {
    Joined session = join(proxy, origin);
    session.client.send("hello");
    EXPECT_EQ(session.upstream.receive(5), "hello");
    session.client.close();
    session.upstream.close();
  }
  proxy.waitUntilIdle();
  const auto ended = proxy.stop();
  expectSums(GetParam(), ended);
  EXPECT_EQ(ended["sessions_done"], kClients);
  EXPECT_EQ(ended["sessions_refused"], 0U);
  EXPECT_EQ(ended["connects_tried"] - ended["connects_failed"], kClients);
  EXPECT_EQ(ended["bytes_from_clients"], 5 * kClients);
}

TEST_P(ConnectTest, ClientThatGivesUpWhileConnectingIsForgotten) {
  const SilentPort silent;
  ProxyProcess proxy(GetParam().proxyTo(silent.address(), {"--connect-timeout", "200ms"}));
  Peer client = dial(proxy.address());
  client.reset();
  proxy.waitForLog("Connection timed out");
  proxy.waitUntilIdle();
  EXPECT_EQ(proxy.stop()["sessions_refused"], 1U);
}

TEST_P(ConnectTest, FailuresAreLoggedAFewTimesAndCountedAlways) {
  const ClosedPort nobody;
  ProxyProcess proxy(GetParam().proxyTo(nobody.address()));
  constexpr std::size_t kClients = 200;
  for (std::size_t i = 0; i < kClients; ++i) {
    Peer client = dial(proxy.address());
    EXPECT_EQ(client.rest().error, ECONNRESET);
  }
  proxy.waitUntilIdle();
  const auto ended = proxy.stop();
  EXPECT_EQ(ended["sessions_refused"], kClients);
  EXPECT_EQ(ended["connects_failed"], kClients);
  EXPECT_GT(linesWith(ended.log, "Connection refused"), 0U);
  EXPECT_LT(linesWith(ended.log, "Connection refused"), 50U);
}

INSTANTIATE_TEST_SUITE_P(Relay, ConnectTest, testing::ValuesIn(everyLaneUnder({kPlain, kRandom})),
                         settingName);

}  // namespace
}  // namespace e2e
