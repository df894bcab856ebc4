// As many open sessions as the descriptors allow: each is served, and costs next to nothing.
#include <sys/resource.h>

#include <algorithm>
#include <iostream>

#include "e2e/support/relay_fixture.h"

namespace e2e {
namespace {

constexpr std::size_t kSessions = 9000;
constexpr std::size_t kFewest = 100;  // with less of them, this test would show nothing

// Both ends of every session are ours.
std::size_t sessionsWithin(std::size_t descriptors) { return (descriptors - 100) / 2; }

std::size_t raiseOwnLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

// "20000 descriptors allow 9655 sessions and 312 pipes"
std::size_t sessionsAllowed(ProxyProcess& proxy) {
  const std::string line = proxy.waitForLog("descriptors allow ");
  constexpr std::string_view kAllow = "allow ";
  return std::stoul(line.substr(line.find(kAllow) + kAllow.size()));
}

void exchangeWord(std::vector<Joined>& sessions, const std::string& word) {
  for (Joined& session : sessions) session.client.send(word);
  for (Joined& session : sessions) {
    EXPECT_EQ(session.upstream.receive(word.size()), word);
    session.upstream.send(word);
  }
  for (Joined& session : sessions) EXPECT_EQ(session.client.receive(word.size()), word);
}

class ManySessionsTest : public testing::TestWithParam<Setting> {};

TEST_P(ManySessionsTest, AllAreServedAtOnce) {
  const std::size_t own = raiseOwnLimit();
  Listener origin;
  ProxyProcess proxy(GetParam().proxyTo(origin.address()));
  const std::size_t count =
      std::min({kSessions / support::kSlowness, sessionsWithin(own), sessionsAllowed(proxy)});
  if (count < kSessions) std::cout << "only " << count << " sessions in this build or system\n";
  ASSERT_GE(count, kFewest) << "raise RLIMIT_NOFILE";

  std::vector<Joined> sessions;
  sessions.push_back(join(proxy, origin));
  exchangeWord(sessions, "warm");
  const std::size_t before = proxy.vitals().residentKiB;
  while (sessions.size() < count) sessions.push_back(join(proxy, origin));
  exchangeWord(sessions, "hello");
  const double growth = static_cast<double>(proxy.vitals().residentKiB - before);
  const double each = growth / static_cast<double>(count);
  std::cout << "a session costs " << each << " KiB of resident memory\n";
  if (!support::kSanitized && GetParam().faults.spec.empty()) {
    EXPECT_LT(each, 1.5);
  }

  exchangeWord(sessions, "once more");
  for (Joined& session : sessions) session.client.close();
  for (Joined& session : sessions) {
    EXPECT_EQ(session.upstream.rest().error, 0);
    session.upstream.close();
  }
  proxy.waitUntilIdle();
  const auto ended = proxy.stop();
  expectSums(GetParam(), ended);
  EXPECT_EQ(ended["sessions_done"], count);
  EXPECT_EQ(ended["bytes_from_clients"], 4 + 14 * count);
  EXPECT_EQ(ended["bytes_from_upstreams"], 4 + 14 * count);
  EXPECT_EQ(ended["accept_pauses"], 0U);
}

INSTANTIATE_TEST_SUITE_P(Relay, ManySessionsTest,
                         testing::ValuesIn(everyLaneUnder({kPlain, kRandom})), settingName);

}  // namespace
}  // namespace e2e
