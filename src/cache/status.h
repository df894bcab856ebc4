// What a status says about keeping its answer (RFC 9111, 3; RFC 9110, 15.1). Pure.
#pragma once

#include <cstdint>

namespace proxy::cache {

enum class StatusClass : std::uint8_t {
  kNever,     ///< it answers this one request: its range, its conditions, its sender's haste
  kUnknown,   ///< nobody registered it: kept if its freshness is explicit, not with must-understand
  kExplicit,  ///< kept if its freshness is explicit
  kHeuristic,  ///< kept, and with a Last-Modified fresh for a while, if nothing is said
};

/// Conservative: besides 206 and 304 also 226, which needs instance manipulations (RFC 3229), 412,
/// 416 and 417, which speak of a request's own fields, and 428, 429, 431 and 511, which RFC 6585
/// forbids to keep, are kNever.
[[nodiscard]] StatusClass classOf(int status) noexcept;

}  // namespace proxy::cache
