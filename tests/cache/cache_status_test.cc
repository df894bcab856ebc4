#include "cache/cache_status.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace proxy::cache {
namespace {

using R = Reason;

CacheStatus served(Reason reason) {
  CacheStatus status;
  status.served = reason;
  return status;
}

CacheStatus hit(Reason reason, std::int64_t ttl) {
  CacheStatus status = served(reason);
  status.ttl = Seconds{ttl};
  return status;
}

CacheStatus fetched(Reason reason, int answer, bool isStored) {
  CacheStatus status = served(reason);
  status.forwardStatus = answer;
  status.isStored = isStored;
  return status;
}

CacheStatus notStored(Reason reason, Reason stored) {
  CacheStatus status = served(reason);
  status.stored = stored;
  return status;
}

CacheStatus collapsed() {
  CacheStatus status = served(R::kMiss);
  status.collapsed = true;
  return status;
}

CacheStatus withKey(std::string_view key) {
  CacheStatus status = hit(R::kFresh, 5);
  status.key = key;
  return status;
}

TEST(CacheStatus, IsWritten) {
  struct Row {
    std::string_view name;
    CacheStatus status;
    std::string_view text;
  };
  const Row rows[] = {
      {"9211 2.1 a hit", hit(R::kFresh, 376), "proxy; hit; ttl=376"},
      {"9211 2.4 a stale hit", hit(R::kStaleRevalidating, -5),
       "proxy; hit; ttl=-5; detail=stale-while-revalidate"},
      {"9211 2.4 a hit that the client takes", hit(R::kStaleAllowed, 0),
       "proxy; hit; ttl=0; detail=max-stale"},
      {"9211 2.4 as stale as can be", hit(R::kStaleAllowed, -2147483648),
       "proxy; hit; ttl=-2147483648; detail=max-stale"},
      {"9211 2.2 nothing kept", served(R::kMiss), "proxy; fwd=uri-miss"},
      {"9211 2.2 another variant", served(R::kVaryMiss), "proxy; fwd=vary-miss"},
      {"9211 2.2 stale", served(R::kStale), "proxy; fwd=stale"},
      {"9211 2.2 a method", served(R::kMethod), "proxy; fwd=method"},
      {"9211 2.2 passed by", served(R::kRequestBody), "proxy; fwd=bypass; detail=request-body"},
      {"9211 2.2 remembered", served(R::kRemembered), "proxy; fwd=bypass; detail=uncacheable"},
      {"9211 2.2 the client's wish", served(R::kRequestNoCache),
       "proxy; fwd=request; detail=request-no-cache"},
      {"9211 2.2 the answer's wish", served(R::kMustRevalidate),
       "proxy; fwd=stale; detail=must-revalidate"},
      {"9211 2.3 validated", fetched(R::kStale, 304, true),
       "proxy; fwd=stale; fwd-status=304; stored"},
      {"9211 2.3 an error, and it stood in", fetched(R::kStaleOnError, 503, false),
       "proxy; fwd=stale; fwd-status=503; detail=stale-if-error"},
      {"9211 2.5 stored", fetched(R::kMiss, 200, true),
       "proxy; fwd=uri-miss; fwd-status=200; stored"},
      {"9211 2.6 collapsed", collapsed(), "proxy; fwd=uri-miss; collapsed"},
      {"9211 2.7 a key", withKey("http://h/a"), "proxy; hit; ttl=5; key=\"http://h/a\""},
      {"9211 2.7 a key with a quote", withKey("http://h/\"\\"),
       "proxy; hit; ttl=5; key=\"http://h/\\\"\\\\\""},
      {"9211 2.7 a key with what no string has", withKey("http://h/\n\x80?"),
       "proxy; hit; ttl=5; key=\"http://h/?\""},
      {"9211 2.8 why it is not kept", notStored(R::kMiss, R::kPrivate),
       "proxy; fwd=uri-miss; detail=private"},
      {"9211 2.8 that goes first", notStored(R::kMustRevalidate, R::kNoStore),
       "proxy; fwd=stale; detail=no-store"},
      {"9211 2 neither", served(R::kOnlyIfCached), "proxy; detail=only-if-cached"},
  };
  for (const Row& row : rows) {
    std::string text;
    appendCacheStatus(text, "proxy", row.status);
    EXPECT_EQ(row.text, text) << row.name;
  }
}

TEST(CacheStatus, SaysWhose) {
  struct Row {
    std::string_view name;
    std::string_view cache;
    std::string_view text;
  };
  constexpr Row kRows[] = {
      {"8941 3.3.4 a token", "edge-1.example", "edge-1.example; fwd=uri-miss"},
      {"8941 3.3.3 with a blank", "edge 1", "\"edge 1\"; fwd=uri-miss"},
      {"8941 3.3.4 with a digit in front", "1edge", "\"1edge\"; fwd=uri-miss"},
      {"8941 3.3.3 with a quote", "a\"b", "\"a\\\"b\"; fwd=uri-miss"},
      {"8941 3.3.3 nobody's", "", "\"\"; fwd=uri-miss"},
  };
  for (const Row& row : kRows) {
    std::string text = "X: ";
    appendCacheStatus(text, row.cache, served(R::kMiss));
    EXPECT_EQ("X: " + std::string(row.text), text) << row.name;
  }
}

TEST(CacheStatus, HasOneWordForEachReason) {
  for (std::size_t i = 0; i < kReasons.size(); ++i) {
    std::string text;
    appendCacheStatus(text, "proxy", served(static_cast<Reason>(i)));
    const bool isHit = kReasons[i].forward == Forward::kHit;
    const bool forwarded = !tokenOf(kReasons[i].forward).empty();
    EXPECT_EQ(isHit, text.find("; hit") != std::string::npos) << text;
    EXPECT_EQ(forwarded, text.find("; fwd=") != std::string::npos) << text;
  }
}

}  // namespace
}  // namespace proxy::cache
