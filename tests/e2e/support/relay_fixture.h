// One proxy between 127.0.0.1 and an origin of the test, in every setting.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "e2e/support/setting.h"

namespace e2e {

/// What must add up at the end of every run, whatever happened.
inline void expectSums(const Setting& setting, const ProxyProcess::Ended& ended) {
  EXPECT_EQ(ended["sessions_accepted"], ended["sessions_ended"]);
  EXPECT_EQ(ended["sessions_ended"], ended["sessions_done"] + ended["sessions_reset"] +
                                         ended["sessions_refused"] + ended["sessions_idle"] +
                                         ended["sessions_stopped"]);
  EXPECT_LE(ended["connects_failed"], ended["connects_tried"]);
  EXPECT_LE(ended["bytes_spliced"], ended["bytes_from_clients"] + ended["bytes_from_upstreams"]);
  if (setting.lane == "copy") {
    EXPECT_EQ(ended["bytes_spliced"], 0U);
  }
  expectFaults(setting, ended);
}

class RelayTest : public testing::TestWithParam<Setting> {
 protected:
  explicit RelayTest(const std::vector<std::string>& more = {}, int originsReceiveBuffer = 0)
      : origin_("127.0.0.1:0", originsReceiveBuffer),
        proxy_(GetParam().proxyTo(origin_.address(), more)) {}

  [[nodiscard]] static std::size_t amount(std::size_t bytes) { return GetParam().amount(bytes); }

  Joined join(int receiveBuffer = 0) { return e2e::join(proxy_, origin_, receiveBuffer); }

  /// Waits until every session has ended by itself, and stops the proxy.
  ProxyProcess::Ended finish() {
    proxy_.waitUntilIdle();
    return stop();
  }

  ProxyProcess::Ended stop() {
    auto ended = proxy_.stop();
    expectSums(GetParam(), ended);
    return ended;
  }

  Listener origin_;
  ProxyProcess proxy_;
};

}  // namespace e2e
