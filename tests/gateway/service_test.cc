#include "gateway/service.h"

#include <string>

#include "gateway_fixture.h"
#include "support/pattern.h"

namespace proxy::gateway {
namespace {

using support::pattern;
using support::same;

class GatewayServiceTest : public GatewayFixture {
 protected:
  /// Both sides have agreed on another protocol.
  void upgrade(const std::string& fromClient = "", const std::string& fromUpstream = "") {
    clientComes();
    client_.say(get("/", "Connection: Upgrade\r\nUpgrade: x\r\n") + fromClient);
    runUntilAsked();
    upstreams_[0].say(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n" +
        fromUpstream);
    runUntil([&] { return client_.heard().find("\r\n\r\n") != std::string::npos; });
  }
};

INSTANTIATE_TEST_SUITE_P(Lanes, GatewayServiceTest, testing::ValuesIn(support::lanes()),
                         support::laneName);

TEST_P(GatewayServiceTest, RelaysWhatHasBecomeSomethingElse) {
  upgrade("from client", "from upstream");
  EXPECT_EQ(1U, service_->size());
  runUntil([&] {
    return upstreams_[0].heard().ends_with("\r\n\r\nfrom client") &&
           client_.heard().ends_with("\r\n\r\nfrom upstream");
  });
  const std::size_t heardUp = upstreams_[0].heard().size();
  const std::size_t heardDown = client_.heard().size();
  const std::string up = pattern(2'000'000, 1);
  const std::string down = pattern(2'000'000, 2);
  client_.say(up).thenEnd();
  upstreams_[0].say(down).thenEnd();
  runUntil([&] { return upstreams_[0].heardEnd() && client_.heardEnd(); });
  EXPECT_TRUE(same(up, upstreams_[0].heard().substr(heardUp)));
  EXPECT_TRUE(same(down, client_.heard().substr(heardDown)));
  runUntil([&] { return service_->size() == 0; });
  EXPECT_EQ(1U, worker_.sessionsEnded()) << "one client is one session";
}

TEST_P(GatewayServiceTest, CountsEachClientOnce) {
  for (std::size_t i = 0; i < 3; ++i) {
    clientComes();
    EXPECT_EQ(1U, service_->size());
    exchangeOnce(0, i + 1);
    client_.thenEnd();
    runUntilOver();
    EXPECT_EQ(i + 1, worker_.sessionsEnded());
  }
  EXPECT_EQ(3U, read(Metric::kRequests));
  EXPECT_EQ(1U, read(Metric::kConnectsTried));
}

TEST_P(GatewayServiceTest, DrainedItClosesWhatWaitsAndFinishesTheRest) {
  clientComes();
  exchangeOnce();
  client_.say(get("/last"));
  runUntilAsked(0, 2);
  service_->drain();
  runTurns(3);
  EXPECT_EQ(1U, service_->size());
  upstreams_[0].say(kOk);
  runUntilOver();
  EXPECT_EQ(2U, answers().size());
  EXPECT_TRUE(answers()[1].says("Connection: close"));
  // Nor does the upstream's connection wait for anything more.
  runUntil([&] { return upstreams_[0].heardEnd(); });
}

TEST_P(GatewayServiceTest, DrainedItClosesIdleUpstreams) {
  clientComes();
  exchangeOnce();
  runTurns(2);
  service_->drain();
  runUntil([&] { return upstreams_[0].heardEnd(); });
  runUntilOver();
  EXPECT_TRUE(client_.heardEnd());
}

TEST_P(GatewayServiceTest, DrainedItLetsUpgradedConnectionsEndByThemselves) {
  upgrade();
  service_->drain();
  runTurns(5);
  EXPECT_EQ(1U, service_->size());
  client_.say("still here");
  runUntil([&] { return upstreams_[0].heard().ends_with("still here"); });
  client_.thenEnd();
  upstreams_[0].thenEnd();
  runUntil([&] { return service_->size() == 0; });
}

TEST_P(GatewayServiceTest, AbortedItCutsEverybodyOff) {
  upgrade();
  support::Peer upgraded = std::exchange(client_, {});
  clientComes();
  client_.say(get("/"));
  runUntilAsked(1);
  EXPECT_EQ(2U, service_->size());
  service_->abort();
  EXPECT_EQ(0U, service_->size());
  runUntil([&] {
    upgraded.work();
    return upgraded.over() && client_.over() && upstreams_[0].over() && upstreams_[1].over();
  });
  EXPECT_EQ(2U, worker_.sessionsEnded());
  EXPECT_EQ(2U, read(Metric::kSessionsStopped));
}

}  // namespace
}  // namespace proxy::gateway
