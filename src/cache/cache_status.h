// What Cache-Status tells a client (RFC 9211): why its answer came from the cache, or did not.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cache/reason.h"
#include "cache/seconds.h"

namespace proxy::cache {

struct CacheStatus {
  Reason served = Reason::kMiss;     ///< hit, or fwd
  Reason stored = Reason::kStored;   ///< kStored: nothing is said; else why it was not kept
  bool isStored = false;             ///< what was forwarded is kept now
  bool collapsed = false;            ///< it waited for another client's fetch
  std::optional<int> forwardStatus;  ///< of the upstream's answer
  std::optional<Seconds> ttl;        ///< Freshness::remaining(), may be negative
  std::string_view key;              ///< only for those who ask; empty: not said
};

/// Appends the member: `name; hit; ttl=30`, `name; fwd=stale; fwd-status=304; stored`. As a field
/// line of its own, behind those that the upstream's caches wrote, it is the list's last (RFC 9211,
/// 2). Its detail is why the answer was not kept, or else what `served` adds to hit or fwd.
void appendCacheStatus(std::string& out, std::string_view name, const CacheStatus& status);

}  // namespace proxy::cache
