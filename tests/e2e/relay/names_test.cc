// Remotes given by name, asked for at a name server of the test.
#include <csignal>
#include <memory>

#include "e2e/support/dns_server.h"
#include "e2e/support/relay_fixture.h"

namespace e2e {
namespace {

std::string portOf(const Listener& listener) {
  return std::string(":").append(std::to_string(listener.port()));
}

// An origin at the same port of another loopback address.
Listener neighbourOf(const Listener& listener) { return Listener("127.0.0.2" + portOf(listener)); }

void converse(Joined& session) {
  session.client.send("question");
  EXPECT_EQ(session.upstream.receive(8), "question");
  session.upstream.send("answer");
  EXPECT_EQ(session.client.receive(6), "answer");
}

class NamesTest : public testing::TestWithParam<Setting> {
 protected:
  [[nodiscard]] ProxyCommand proxyTo(const std::string& remote,
                                     std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--dns-servers", names_.address()});
    return GetParam().proxyTo(remote, more);
  }

  DnsServer names_;
};

TEST_P(NamesTest, RemoteIsFoundByItsName) {
  Listener origin;
  names_.set("origin.test", {"127.0.0.1"});
  ProxyProcess proxy(proxyTo("origin.test" + portOf(origin)));
  {
    Joined session = join(proxy, origin);
    converse(session);
  }
  EXPECT_EQ(linesWith(proxy.log(), "origin.test" + portOf(origin) + " (" + origin.address() + ")"),
            1U);
  const auto ended = proxy.stop();
  EXPECT_EQ(ended["bytes_from_clients"], 8U);
  EXPECT_EQ(ended["bytes_from_upstreams"], 6U);
}

TEST_P(NamesTest, SecondAddressOfANameServesWhenTheFirstRefuses) {
  Listener origin("127.0.0.2:0");
  names_.set("origin.test", {"127.0.0.1", "127.0.0.2"});
  ProxyProcess proxy(proxyTo("origin.test" + portOf(origin), {"-t", "1"}));
  for (int i = 0; i < 4; ++i) {
    Joined session = join(proxy, origin);
    converse(session);
  }
  proxy.waitUntilIdle();
  const auto ended = proxy.stop();
  EXPECT_EQ(ended["sessions_done"], 4U);
  EXPECT_EQ(ended["connects_tried"], 6U) << "they take turns in being tried first";
  EXPECT_EQ(ended["connects_failed"], 2U);
}

TEST_P(NamesTest, HangUpTakesNewSessionsToTheNewAddress) {
  Listener before;
  Listener after = neighbourOf(before);
  names_.set("origin.test", {"127.0.0.1"});
  ProxyProcess proxy(proxyTo("origin.test" + portOf(before)));
  auto old = std::make_unique<Joined>(join(proxy, before));
  converse(*old);

  names_.set("origin.test", {"127.0.0.2"});
  proxy.tell(SIGHUP, "SIGHUP: resolving");
  proxy.waitForLog("the remotes' addresses changed");
  for (int i = 0; i < 4; ++i) {
    Joined session = join(proxy, after);
    converse(session);
  }
  converse(*old);  // goes on where it was
  old.reset();
  EXPECT_TRUE(before.isAloneFor(milliseconds(0)));
  EXPECT_EQ(proxy.stop()["names_failed"], 0U);
}

TEST_P(NamesTest, AfterAFailedLookUpTheKnownAddressesStayInUse) {
  Listener origin;
  names_.set("origin.test", {"127.0.0.1"});
  ProxyProcess proxy(proxyTo("origin.test" + portOf(origin)));
  names_.remove("origin.test");
  proxy.tell(SIGHUP, "SIGHUP: resolving");
  proxy.waitForLog("its last known addresses stay in use");
  {
    Joined session = join(proxy, origin);
    converse(session);
  }
  EXPECT_EQ(proxy.stop()["names_failed"], 1U);
}

TEST_P(NamesTest, ShortAnswersAreAskedForAgain) {
  Listener before;
  Listener after = neighbourOf(before);
  names_.set("origin.test", {"127.0.0.1"}, std::chrono::seconds(1));
  ProxyProcess proxy(proxyTo("origin.test" + portOf(before)));
  names_.set("origin.test", {"127.0.0.2"});
  proxy.waitForLog("the remotes' addresses changed");
  {
    Joined session = join(proxy, after);
    converse(session);
  }
  proxy.stop();
}

TEST_P(NamesTest, UnknownNameAtTheStartIsOneSentence) {
  const auto ended = run(proxyTo("nobody.test:80").command(""));
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.err,
            "proxy: -r (--remote) \"nobody.test:80\": there is no such name, neither in the hosts "
            "file nor in DNS\n");
  EXPECT_EQ(ended.out, "");
}

// The faults befall what the sessions move; datagrams, and so the questions to the name server, are
// left alone.
INSTANTIATE_TEST_SUITE_P(Relay, NamesTest, testing::ValuesIn(anyLane()), settingName);

}  // namespace
}  // namespace e2e
