// Durations of RFC 9111: whole seconds, saturating. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace proxy::cache {

using Seconds = std::chrono::seconds;

/// What every larger value means (RFC 9111, 1.2.2): 2^31.
inline constexpr Seconds kForever{std::int64_t{1} << 31};

/// Between 0 and kForever: a clock that went back makes nothing younger than it was.
[[nodiscard]] constexpr Seconds saturated(Seconds value) noexcept {
  return std::clamp(value, Seconds{0}, kForever);
}

}  // namespace proxy::cache
