#include "gateway/gateway.h"

#include <cerrno>
#include <string>

#include <gtest/gtest.h>

#include "core/log.h"
#include "support/loop_run.h"
#include "support/standard_error.h"

namespace proxy::gateway {
namespace {

struct NoRelay final : Gateway::Relay {
  void join(Upgraded /*connections*/) override { ADD_FAILURE(); }
};

class GatewayTest : public testing::Test {
 protected:
  NoRelay relay_;
  Worker worker_{0, {}};
  const Address one_ = *Address::literal("192.0.2.7", 80);
  const Address two_ = *Address::literal("192.0.2.8", 80);
};

TEST_F(GatewayTest, RemembersWhoFailedUntilItAnswersAgain) {
  Gateway gateway(worker_, {}, relay_);
  EXPECT_FALSE(gateway.isFailing(one_));
  gateway.unreached("one", one_, ECONNREFUSED);
  gateway.unreached("one", one_, ECONNREFUSED);
  EXPECT_TRUE(gateway.isFailing(one_));
  EXPECT_FALSE(gateway.isFailing(two_));
  EXPECT_EQ(2U, worker_.metrics().read(Metric::kConnectsFailed));
  gateway.answered(two_);
  EXPECT_TRUE(gateway.isFailing(one_));
  gateway.answered(one_);
  EXPECT_FALSE(gateway.isFailing(one_));
}

TEST_F(GatewayTest, LeavesOutWhoWasReachedAndSaidNothing) {
  Gateway gateway(worker_, {}, relay_);
  gateway.leaveOut("one", one_, "it did not answer in time");
  EXPECT_TRUE(gateway.isFailing(one_));
  EXPECT_FALSE(gateway.isFailing(two_));
  EXPECT_EQ(0U, worker_.metrics().read(Metric::kConnectsFailed));
  gateway.answered(one_);
  EXPECT_FALSE(gateway.isFailing(one_));
}

TEST_F(GatewayTest, ForgetsWhoFailedAfterAWhile) {
  Settings settings;
  settings.failTimeout = milliseconds(20);
  Gateway gateway(worker_, settings, relay_);
  gateway.unreached("one", one_, ECONNREFUSED);
  EXPECT_TRUE(gateway.isFailing(one_));
  EXPECT_TRUE(support::runUntil(worker_.loop(), [&] { return !gateway.isFailing(one_); }));
  settings.failTimeout = milliseconds(0);
  Gateway forgetful(worker_, settings, relay_);
  forgetful.unreached("one", one_, ECONNREFUSED);
  EXPECT_FALSE(forgetful.isFailing(one_));
}

TEST_F(GatewayTest, WarnsAFewTimesASecond) {
  support::StandardError captured;
  log::start(log::Level::kWarning);
  {
    Gateway gateway(worker_, {}, relay_);
    for (int i = 0; i < 100; ++i) gateway.unreached("one", one_, ECONNREFUSED);
  }
  EXPECT_TRUE(log::stop());
  captured.restore();
  const std::string text = captured.read();
  int lines = 0;
  for (std::size_t at = 0; (at = text.find("192.0.2.7:80", at)) != text.npos; ++at) ++lines;
  EXPECT_GE(lines, 5) << text;
  EXPECT_LT(lines, 50) << text;
  EXPECT_NE(std::string::npos, text.find("Connection refused")) << text;
}

}  // namespace
}  // namespace proxy::gateway
