// Why a relay session ended.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/metrics.h"

namespace proxy::relay {

// id, how the log says it, which metric counts it
#define PROXY_CLOSE_REASONS(X)                                                       \
  X(kDone, "done", kSessionsDone)                                                    \
  X(kClientReset, "reset by the client", kSessionsReset)                             \
  X(kUpstreamReset, "reset by the upstream", kSessionsReset)                         \
  X(kRefused, "no remote could be reached", kSessionsRefused)                        \
  X(kStalled, "failed, and its last bytes were not taken in time", kSessionsStalled) \
  X(kExhausted, "the kernel watches no more sockets", kSessionsExhausted)            \
  X(kIdle, "idle for too long", kSessionsIdle)                                       \
  X(kStopped, "the program stopped", kSessionsStopped)

enum class CloseReason : std::uint8_t {
#define PROXY_CLOSE_REASON(id, text, metric) id,
  PROXY_CLOSE_REASONS(PROXY_CLOSE_REASON)
#undef PROXY_CLOSE_REASON
};

struct CloseReasonInfo {
  std::string_view text;
  Metric metric;
};

inline constexpr std::array kCloseReasons = {
#define PROXY_CLOSE_REASON(id, text, metric) CloseReasonInfo{text, Metric::metric},
    PROXY_CLOSE_REASONS(PROXY_CLOSE_REASON)
#undef PROXY_CLOSE_REASON
};

[[nodiscard]] constexpr const CloseReasonInfo& info(CloseReason reason) noexcept {
  return kCloseReasons[static_cast<std::size_t>(reason)];
}

}  // namespace proxy::relay
