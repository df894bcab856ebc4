// What is varied in every test that moves bytes: the lane, and what befalls the proxy's I/O.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "e2e/support/listener.h"
#include "e2e/support/proxy_process.h"
#include "socksplice/lane.h"
#include "support/build.h"

namespace e2e {

struct Faults {
  std::string_view name;
  std::string_view spec;  ///< FAULTIO
  std::size_t slowness;   ///< amounts are divided by it
};

inline constexpr Faults kPlain{"Plain", "", 1};
inline constexpr Faults kHalves{"Halves", "cut=halves", 8};
inline constexpr Faults kOneByte{"OneByte", "cut=one", 2048};
inline constexpr Faults kRandom{"Random", "cut=random,eintr=50,eagain=50", 8};

struct Setting {
  std::string lane;
  Faults faults = kPlain;

  /// So many bytes, or less where each of them costs more.
  [[nodiscard]] std::size_t amount(std::size_t bytes) const {
    return std::max<std::size_t>(16, bytes / faults.slowness / support::kSlowness);
  }

  /// A proxy from a free port of 127.0.0.1 to `remote`, with two threads unless `more` says -t.
  [[nodiscard]] ProxyCommand proxyTo(const std::string& remote,
                                     const std::vector<std::string>& more = {}) const {
    ProxyCommand command{.arguments = {"-l", "127.0.0.1:0", "-r", remote, "--lane", lane},
                         .faults = faults.spec};
    command.arguments.insert(command.arguments.end(), more.begin(), more.end());
    if (std::find(more.begin(), more.end(), "-t") == more.end()) {
      command.arguments.insert(command.arguments.end(), {"-t", "2"});
    }
    return command;
  }
};

inline void PrintTo(const Setting& setting, std::ostream* to) {
  *to << setting.lane << ' ' << setting.faults.name;
}

inline std::string settingName(const testing::TestParamInfo<Setting>& info) {
  std::string lane = info.param.lane;
  lane.front() = static_cast<char>(lane.front() - 'a' + 'A');
  return lane + std::string(info.param.faults.name);
}

inline std::vector<std::string> laneWords() {
  if (!socksplice::kZeroCopy) return {"auto", "copy"};
  return {"auto", "copy", "splice"};
}

inline std::vector<Setting> everyLane(Faults faults = kPlain) {
  std::vector<Setting> settings;
  for (const std::string& lane : laneWords()) settings.push_back({lane, faults});
  return settings;
}

inline std::vector<Setting> everyLaneUnder(std::initializer_list<Faults> each) {
  std::vector<Setting> settings;
  for (const Faults& faults : each) {
    for (const Setting& setting : everyLane(faults)) settings.push_back(setting);
  }
  return settings;
}

inline std::vector<Setting> everySetting() {
  return everyLaneUnder({kPlain, kHalves, kOneByte, kRandom});
}

/// For tests to which the lane makes no difference.
inline std::vector<Setting> anyLane() {
  return {{.lane = "auto", .faults = kPlain}, {.lane = "auto", .faults = kRandom}};
}

/// For tests that fill the kernel's buffers: these are megabytes, too much for a byte at a time.
inline std::vector<Setting> settingsForStreams() {
  return everyLaneUnder({kPlain, kHalves, kRandom});
}

/// Faults that were asked for did happen, if there was enough for them to befall.
inline void expectFaults(const Setting& setting, const ProxyProcess::Ended& ended) {
  if (setting.faults.spec.empty()) return;
  ASSERT_TRUE(ended.faults.contains("calls")) << "faultio left no report";
  if (ended["bytes_from_clients"] + ended["bytes_from_upstreams"] < 1000) return;
  EXPECT_GT(ended.faults.at("cuts") + ended.faults.at("eagain") + ended.faults.at("emfile"), 0U);
}

/// Both ends of a session.
struct Joined {
  Peer client;
  Peer upstream;
};

/// A session of its own through the proxy; while it is begun, no other may be.
inline Joined join(const ProxyProcess& proxy, Listener& origin, int receiveBuffer = 0) {
  Joined joined;
  joined.client = dial(proxy.address(), receiveBuffer);
  joined.upstream = origin.accept();
  return joined;
}

}  // namespace e2e
