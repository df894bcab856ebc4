// Why an answer came from the cache or not, and why it was kept or not: one table, from which the
// counters, the log and Cache-Status (RFC 9211) are made. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace proxy::cache {

/// The words of RFC 9211, 2.2; kHit and kNone are none of them.
enum class Forward : std::uint8_t {
  kHit,   ///< answered from the cache
  kNone,  ///< neither a hit nor forwarded, or not about forwarding
  kBypass,
  kMethod,
  kUriMiss,
  kVaryMiss,
  kRequest,
  kStale,
};

// id, forward, detail of Cache-Status (empty: nothing to add), metric, sentence
#define PROXY_CACHE_REASONS(X)                                                                    \
  /* Served. */                                                                                   \
  X(kFresh, kHit, "", "cache_hits", "It is kept, and fresh.")                                     \
  X(kStaleRevalidating, kHit, "stale-while-revalidate", "cache_hits_revalidating",                \
    "It is stale, and may be used while it is validated.")                                        \
  X(kStaleAllowed, kHit, "max-stale", "cache_hits_stale",                                         \
    "It is stale, and the client takes it so.")                                                   \
  X(kStaleOnError, kStale, "stale-if-error", "cache_stale_on_error",                              \
    "It is stale, and the upstream failed.")                                                      \
  /* Not served. */                                                                               \
  X(kMiss, kUriMiss, "", "cache_misses", "Nothing is kept under this URI.")                       \
  X(kVaryMiss, kVaryMiss, "", "cache_vary_misses",                                                \
    "What is kept under this URI answers requests with other fields.")                            \
  X(kStale, kStale, "", "cache_stale", "What is kept is stale.")                                  \
  X(kMustRevalidate, kStale, "must-revalidate", "cache_must_revalidate",                          \
    "What is kept is stale, and may not be used so whatever the client takes.")                   \
  X(kNoCache, kStale, "no-cache", "cache_no_cache", "What is kept is validated before each use.") \
  X(kRequestNoCache, kRequest, "request-no-cache", "cache_request_no_cache",                      \
    "The client wants it validated.")                                                             \
  X(kRequestMaxAge, kRequest, "request-max-age", "cache_request_max_age",                         \
    "What is kept is older than the client takes.")                                               \
  X(kRequestMinFresh, kRequest, "request-min-fresh", "cache_request_min_fresh",                   \
    "What is kept is not fresh for as long as the client wants.")                                 \
  X(kOnlyIfCached, kNone, "only-if-cached", "cache_only_if_cached",                               \
    "The client takes nothing but what is kept, and that cannot be used.")                        \
  X(kPrecondition, kRequest, "precondition", "cache_preconditions",                               \
    "The request has a condition that only the origin can judge.")                                \
  X(kRemembered, kBypass, "uncacheable", "cache_remembered",                                      \
    "Its last answer was not to be kept, so nobody waits for this one.")                          \
  /* Neither looked up nor kept. */                                                               \
  X(kMethod, kMethod, "", "cache_methods", "Only answers to GET are kept.")                       \
  X(kRequestBody, kBypass, "request-body", "cache_request_bodies", "The request has a body.")     \
  X(kNoKey, kBypass, "no-key", "cache_no_key", "The request names no host, or a foreign scheme.") \
  /* Kept, or not kept. */                                                                        \
  X(kStored, kNone, "", "cache_stored", "It is kept.")                                            \
  X(kStatus, kNone, "status", "cache_not_stored_status",                                          \
    "An answer with this status is not kept.")                                                    \
  X(kNotUnderstood, kNone, "must-understand", "cache_not_stored_not_understood",                  \
    "It may be kept by those who understand its status.")                                         \
  X(kNoStore, kNone, "no-store", "cache_not_stored_no_store", "The upstream wants it not kept.")  \
  X(kRequestNoStore, kNone, "request-no-store", "cache_not_stored_request_no_store",              \
    "The client wants it not kept.")                                                              \
  X(kPrivate, kNone, "private", "cache_not_stored_private", "It is for one user only.")           \
  X(kAuthorization, kNone, "authorization", "cache_not_stored_authorization",                     \
    "The request was authorized, and the answer is not said to be for others.")                   \
  X(kSetCookie, kNone, "set-cookie", "cache_not_stored_set_cookie",                               \
    "It sets a cookie, and is not said to be for others.")                                        \
  X(kVaryAny, kNone, "vary", "cache_not_stored_vary", "No two requests have the same answer.")    \
  X(kVaryTooMany, kNone, "vary-too-many", "cache_not_stored_vary_too_many",                       \
    "It varies by more fields than are looked at.")                                               \
  X(kNotExplicit, kNone, "no-freshness", "cache_not_stored_not_explicit",                         \
    "Nothing says how long it is fresh, which its status asks for.")                              \
  X(kUseless, kNone, "useless", "cache_not_stored_useless",                                       \
    "It is stale at once, and has nothing to be validated with.")                                 \
  X(kTooLarge, kNone, "too-large", "cache_not_stored_too_large",                                  \
    "Its body is larger than is kept of one answer.")                                             \
  X(kNoRoom, kNone, "no-room", "cache_not_stored_no_room", "There was no room for it.")           \
  X(kCutOff, kNone, "cut-off", "cache_not_stored_cut_off", "It did not come to its end.")

enum class Reason : std::uint8_t {
#define PROXY_CACHE_REASON(id, forward, detail, metric, text) id,
  PROXY_CACHE_REASONS(PROXY_CACHE_REASON)
#undef PROXY_CACHE_REASON
};

struct ReasonInfo {
  std::string_view name;  ///< as in the enumeration, without its k
  Forward forward;
  std::string_view detail;  ///< a token, each another
  std::string_view metric;  ///< the counter's name, each another
  std::string_view text;    ///< a sentence
};

inline constexpr std::array kReasons = {
#define PROXY_CACHE_REASON(id, forward, detail, metric, text) \
  ReasonInfo{std::string_view(#id).substr(1), Forward::forward, detail, metric, text},
    PROXY_CACHE_REASONS(PROXY_CACHE_REASON)
#undef PROXY_CACHE_REASON
};

[[nodiscard]] constexpr const ReasonInfo& info(Reason reason) noexcept {
  return kReasons[static_cast<std::size_t>(reason)];
}

/// As RFC 9211 writes it; empty for kHit and kNone.
[[nodiscard]] constexpr std::string_view tokenOf(Forward forward) noexcept {
  constexpr std::array<std::string_view, 8> kTokens = {"",         "",          "bypass",  "method",
                                                       "uri-miss", "vary-miss", "request", "stale"};
  return kTokens[static_cast<std::size_t>(forward)];
}

}  // namespace proxy::cache
