// Why a relay session ended.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/log.h"
#include "core/metrics.h"

namespace proxy::relay {

// id, at which level and how the log says it, which metric counts it
#define PROXY_CLOSE_REASONS(X)                                                                 \
  X(kDone, kDebug, "done", kSessionsDone)                                                      \
  X(kClientReset, kDebug, "reset by the client", kSessionsReset)                               \
  X(kUpstreamReset, kDebug, "reset by the upstream", kSessionsReset)                           \
  X(kRefused, kDebug, "no remote could be reached", kSessionsRefused)                          \
  X(kStalled, kWarning, "failed, and its last bytes were not taken in time", kSessionsStalled) \
  X(kExhausted, kWarning, "the kernel watches no more sockets", kSessionsExhausted)            \
  X(kIdle, kDebug, "idle for too long", kSessionsIdle)                                         \
  X(kStopped, kDebug, "the program stopped", kSessionsStopped)

enum class CloseReason : std::uint8_t {
#define PROXY_CLOSE_REASON(id, level, text, metric) id,
  PROXY_CLOSE_REASONS(PROXY_CLOSE_REASON)
#undef PROXY_CLOSE_REASON
};

struct CloseReasonInfo {
  log::Level level;
  std::string_view text;
  Metric metric;
};

inline constexpr std::array kCloseReasons = {
#define PROXY_CLOSE_REASON(id, level, text, metric) \
  CloseReasonInfo{log::Level::level, text, Metric::metric},
    PROXY_CLOSE_REASONS(PROXY_CLOSE_REASON)
#undef PROXY_CLOSE_REASON
};

[[nodiscard]] constexpr const CloseReasonInfo& info(CloseReason reason) noexcept {
  return kCloseReasons[static_cast<std::size_t>(reason)];
}

}  // namespace proxy::relay
