// How long an answer is fresh, and how old it is (RFC 9111, 4.2). Pure: `now` is an argument.
#pragma once

#include <cstdint>

#include "cache/directives.h"
#include "cache/seconds.h"
#include "http/date.h"
#include "http/head.h"

namespace proxy::cache {

/// When our request went out and its answer came, by our clock.
struct Transit {
  http::Time requested;
  http::Time received;
};

enum class LifetimeSource : std::uint8_t {
  kNone,     ///< nothing says how long: 0
  kSMaxage,  ///< these three are explicit
  kMaxAge,
  kExpires,
  kHeuristic,
};

struct Freshness {
  Seconds lifetime{0};
  Seconds initialAge{0};  ///< corrected_initial_age (RFC 9111, 4.2.3)
  http::Time received{};
  LifetimeSource source = LifetimeSource::kNone;

  [[nodiscard]] bool isExplicit() const noexcept {
    return source != LifetimeSource::kNone && source != LifetimeSource::kHeuristic;
  }
  /// current_age; a clock that went back behind `received` adds nothing.
  [[nodiscard]] Seconds age(http::Time now) const noexcept;
  [[nodiscard]] bool isFresh(http::Time now) const noexcept { return lifetime > age(now); }
  /// For how long it is fresh; negative or 0: stale for as long.
  [[nodiscard]] Seconds remaining(http::Time now) const noexcept { return lifetime - age(now); }
};

/// The heuristic is a tenth of the time since Last-Modified, and at most this.
inline constexpr Seconds kHeuristicLimit{24 * 3600};

/// Conservative: several Expires that differ, or one that is no date, mean stale; of several Dates
/// the earliest holds; heuristics only for statuses that RFC 9110 names (not for `public` alone),
/// and none for a target with a query (RFC 9111, 4.2.2 leaves both to us).
[[nodiscard]] Freshness freshnessOf(const http::ResponseHead& head,
                                    const ResponseDirectives& directives, bool hasQuery,
                                    const Transit& transit) noexcept;

}  // namespace proxy::cache
