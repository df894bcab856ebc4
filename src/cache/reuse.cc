#include "cache/reuse.h"

#include <algorithm>

#include "cache/validation.h"

namespace proxy::cache {
namespace {

// Nothing stale for a client that says how old or how fresh it wants it (RFC 9111, 5.2.1.1).
bool takesStale(const RequestDirectives& asked) noexcept {
  return !asked.noCache && !asked.minFresh && (!asked.maxAge || asked.maxStale);
}

/// kFresh if the request has no objection to its age.
Reason judgeAge(const Terms& terms, const RequestDirectives& asked, http::Time now) noexcept {
  const Freshness& freshness = terms.freshness;
  const bool reload = terms.immutable && freshness.isFresh(now);
  if (asked.maxAge && freshness.age(now) > *asked.maxAge && !reload) return Reason::kRequestMaxAge;
  if (asked.minFresh && freshness.remaining(now) < *asked.minFresh) return Reason::kRequestMinFresh;
  return Reason::kFresh;
}

Reason judgeStale(const Terms& terms, const RequestDirectives& asked, http::Time now) noexcept {
  const Seconds staleness = -terms.freshness.remaining(now);
  if (terms.neverStale) return Reason::kMustRevalidate;
  if (!takesStale(asked)) return Reason::kStale;
  if (terms.staleWhileRevalidate > Seconds{0} && staleness <= terms.staleWhileRevalidate) {
    return Reason::kStaleRevalidating;
  }
  return asked.maxStale && staleness <= *asked.maxStale ? Reason::kStaleAllowed : Reason::kStale;
}

Reason judge(const Terms& terms, const RequestDirectives& asked, http::Time now) noexcept {
  if (asked.noCache) return Reason::kRequestNoCache;
  if (terms.noCache) return Reason::kNoCache;
  if (!terms.freshness.isFresh(now)) {
    const Reason stale = judgeStale(terms, asked, now);
    if (info(stale).forward != Forward::kHit) return stale;
    const Reason objection = judgeAge(terms, asked, now);
    return objection == Reason::kFresh ? stale : objection;
  }
  return judgeAge(terms, asked, now);
}

}  // namespace

Terms termsOf(http::Fields fields, const ResponseDirectives& said,
              const Freshness& freshness) noexcept {
  Terms terms;
  terms.freshness = freshness;
  terms.staleWhileRevalidate = said.staleWhileRevalidate.value_or(Seconds{0});
  terms.staleIfError = said.staleIfError.value_or(Seconds{0});
  terms.saysStaleIfError = said.staleIfError.has_value();
  terms.noCache = said.noCache;
  terms.neverStale = said.mustRevalidate || said.proxyRevalidate || said.sMaxage.has_value();
  terms.immutable = said.immutable;
  terms.hasValidator = !validatorsOf(fields, freshness.received).empty();
  return terms;
}

Decision decide(const Terms& terms, const RequestDirectives& asked, http::Time now) noexcept {
  const Reason reason = judge(terms, asked, now);
  if (reason == Reason::kStaleRevalidating) return {Use::kServeRevalidate, reason};
  if (info(reason).forward == Forward::kHit) return {Use::kServe, reason};
  if (asked.onlyIfCached) return {Use::kRefuse, Reason::kOnlyIfCached};
  return {terms.hasValidator ? Use::kValidate : Use::kFetch, reason};
}

Decision decideMissed(Reason reason, const RequestDirectives& asked) noexcept {
  if (asked.onlyIfCached) return {Use::kRefuse, Reason::kOnlyIfCached};
  return {Use::kFetch, reason};
}

bool mayServeOnError(const Terms& terms, const RequestDirectives& asked, http::Time now) noexcept {
  const Freshness& freshness = terms.freshness;
  if (terms.noCache || asked.noCache) return false;
  if (freshness.isFresh(now)) return judgeAge(terms, asked, now) == Reason::kFresh;
  if (terms.neverStale || !takesStale(asked)) return false;
  Seconds allowed = terms.saysStaleIfError ? terms.staleIfError : Seconds{0};
  if (asked.staleIfError) {
    allowed = terms.saysStaleIfError ? std::min(allowed, *asked.staleIfError) : *asked.staleIfError;
  }
  if (allowed <= Seconds{0}) return false;
  return -freshness.remaining(now) <= allowed && judgeAge(terms, asked, now) == Reason::kFresh;
}

}  // namespace proxy::cache
