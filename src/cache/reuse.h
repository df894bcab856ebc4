// Whether a kept answer may be used for a request (RFC 9111, 4 and 5.2; RFC 5861). Pure: `now` is
// an argument.
#pragma once

#include <cstdint>

#include "cache/directives.h"
#include "cache/freshness.h"
#include "cache/reason.h"
#include "http/date.h"
#include "http/field.h"

namespace proxy::cache {

/// What is remembered of an answer for this: plain values, no views.
struct Terms {
  Freshness freshness;
  Seconds staleWhileRevalidate{0};
  Seconds staleIfError{0};
  bool saysStaleIfError = false;
  bool noCache = false;
  bool neverStale = false;  ///< must-revalidate, proxy-revalidate or s-maxage (RFC 9111, 4.2.4)
  bool immutable = false;
  bool hasValidator = false;
};

[[nodiscard]] Terms termsOf(http::Fields fields, const ResponseDirectives& said,
                            const Freshness& freshness) noexcept;

enum class Use : std::uint8_t {
  kServe,            ///< as it is
  kServeRevalidate,  ///< as it is, and it is validated behind the client's back
  kValidate,         ///< ask the upstream with its validators first
  kFetch,            ///< ask the upstream for another
  kRefuse,           ///< 504: the client takes nothing but what is kept (RFC 9111, 5.2.1.7)
};

struct Decision {
  Use use;
  Reason reason;
};

/// For an answer that the request's URI and fields select.
///
/// Conservative: must-revalidate, proxy-revalidate and s-maxage forbid stale use even where the
/// same answer says stale-while-revalidate (RFC 9111, 4.2.4); a client that gives a max-age and no
/// max-stale, or a min-fresh, gets nothing stale. A request's no-store does not keep it from what
/// is kept already (RFC 9111, 5.2.1.5). Of a fresh immutable answer a request's max-age asks for no
/// validation, its no-cache does (RFC 8246, 2).
[[nodiscard]] Decision decide(const Terms& terms, const RequestDirectives& asked,
                              http::Time now) noexcept;

/// For a request that selects nothing; `reason` is kMiss or kVaryMiss.
[[nodiscard]] Decision decideMissed(Reason reason, const RequestDirectives& asked) noexcept;

/// Whether the answer may stand in for one of 500, 502, 503 or 504, or for none at all (RFC 5861,
/// 4). Conservative: if the answer and the request both say stale-if-error the smaller one holds.
[[nodiscard]] bool mayServeOnError(const Terms& terms, const RequestDirectives& asked,
                                   http::Time now) noexcept;

/// The statuses that are errors to that end.
[[nodiscard]] constexpr bool isError(int status) noexcept {
  return status == 500 || (status >= 502 && status <= 504);
}

}  // namespace proxy::cache
