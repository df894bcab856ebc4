#include "cache/freshness.h"

#include <algorithm>
#include <optional>

#include "cache/lookup.h"
#include "cache/status.h"

namespace proxy::cache {
namespace {

// Where there is none that can be read, it is when the answer came (RFC 9110, 6.6.1).
http::Time dateOf(http::Fields fields, http::Time received) noexcept {
  std::optional<http::Time> date;
  for (const http::Field& field : fields) {
    if (field.known != http::Name::kDate) continue;
    const auto found = http::parseDate(field.value, received);
    if (found) date = std::min(date.value_or(*found), *found);
  }
  return date.value_or(received);
}

// The first member holds, and what is no number is ignored (RFC 9111, 5.1).
Seconds ageField(http::Fields fields) noexcept {
  Elements ages(fields, "age");
  if (!ages.next()) return Seconds{0};
  return parseSeconds(ages.element()).value_or(Seconds{0});
}

// RFC 9111, 4.2.3.
Seconds initialAge(http::Fields fields, http::Time date, const Transit& transit) noexcept {
  const Seconds apparent = saturated(transit.received - date);
  const Seconds delay = saturated(transit.received - transit.requested);
  return std::max(apparent, saturated(ageField(fields) + delay));
}

Seconds expiresLifetime(http::Fields fields, http::Time date, http::Time received) noexcept {
  const auto text = agreed(fields, "expires");
  const auto expires = text ? http::parseDate(*text, received) : std::nullopt;
  return expires ? saturated(*expires - date) : Seconds{0};
}

Seconds heuristicLifetime(http::Fields fields, http::Time date, http::Time received) noexcept {
  const auto text = agreed(fields, "last-modified");
  const auto modified = text ? http::parseDate(*text, received) : std::nullopt;
  if (!modified) return Seconds{0};
  return std::min(saturated(date - *modified) / 10, kHeuristicLimit);
}

}  // namespace

Seconds Freshness::age(http::Time now) const noexcept {
  return saturated(initialAge + saturated(now - received));
}

Freshness freshnessOf(const http::ResponseHead& head, const ResponseDirectives& directives,
                      bool hasQuery, const Transit& transit) noexcept {
  const http::Time date = dateOf(head.fields, transit.received);
  Freshness freshness;
  freshness.received = transit.received;
  freshness.initialAge = initialAge(head.fields, date, transit);
  if (directives.sMaxage) {
    freshness.source = LifetimeSource::kSMaxage;
    freshness.lifetime = *directives.sMaxage;
  } else if (directives.maxAge) {
    freshness.source = LifetimeSource::kMaxAge;
    freshness.lifetime = *directives.maxAge;
  } else if (!directives.targeted && has(head.fields, "expires")) {
    freshness.source = LifetimeSource::kExpires;
    freshness.lifetime = expiresLifetime(head.fields, date, transit.received);
  } else if (!hasQuery && classOf(head.status) == StatusClass::kHeuristic) {
    freshness.lifetime = heuristicLifetime(head.fields, date, transit.received);
    if (freshness.lifetime > Seconds{0}) freshness.source = LifetimeSource::kHeuristic;
  }
  return freshness;
}

}  // namespace proxy::cache
