#include "cache/reuse.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <gtest/gtest.h>

#include "cache/lines.h"

namespace proxy::cache {
namespace {

Terms termsOf(std::string_view text) {
  const Lines lines(text);
  const auto said = responseDirectives(lines);
  return termsOf(lines, said, freshnessOf(lines.answer(), said, false, {kNow, kNow}));
}

std::string_view nameOf(Use use) {
  constexpr std::string_view kNames[] = {"serve", "serve, revalidate", "validate", "fetch",
                                         "refuse"};
  return kNames[static_cast<std::size_t>(use)];
}

struct Row {
  std::string_view name;
  std::string_view answer;
  std::string_view request;
  std::int64_t now;
  Use use;
  Reason reason;
};

void check(const Row& row) {
  const Decision found =
      decide(termsOf(row.answer), requestDirectives(Lines(row.request)), later(row.now));
  EXPECT_EQ(nameOf(row.use), nameOf(found.use)) << row.name;
  EXPECT_EQ(info(row.reason).name, info(found.reason).name) << row.name;
}

constexpr auto kServe = Use::kServe;
constexpr auto kServeRevalidate = Use::kServeRevalidate;
constexpr auto kValidate = Use::kValidate;
constexpr auto kFetch = Use::kFetch;
constexpr auto kRefuse = Use::kRefuse;
using R = Reason;

TEST(Reuse, OfWhatIsFreshOrStale) {
  constexpr std::string_view k60 = "Cache-Control: max-age=60";
  constexpr std::string_view k60Tagged = "Cache-Control: max-age=60\nETag: \"a\"";
  constexpr Row kRows[] = {
      {"9111 4.2 fresh", k60, "", 0, kServe, R::kFresh},
      {"9111 4.2 fresh for a second more", k60, "", 59, kServe, R::kFresh},
      {"9111 4.2 stale", k60, "", 60, kFetch, R::kStale},
      {"9111 4.3 stale, with a tag", k60Tagged, "", 60, kValidate, R::kStale},
      {"9111 4.3 stale, with a date", "Cache-Control: max-age=60\nLast-Modified: @-9", "", 60,
       kValidate, R::kStale},
      {"9111 4.2 nothing but a tag", "ETag: \"a\"", "", 0, kValidate, R::kStale},
      {"9111 4.2.2 by a guess", "Last-Modified: @-1000", "", 99, kServe, R::kFresh},
      {"9111 4.2.2 beyond the guess", "Last-Modified: @-1000", "", 100, kValidate, R::kStale},
      {"9111 5.2.2.4 no-cache", "Cache-Control: no-cache, max-age=60\nETag: \"a\"", "", 0,
       kValidate, R::kNoCache},
      {"9111 5.2.2.4 no-cache of some fields", "Cache-Control: no-cache=\"a\", max-age=60", "", 0,
       kServe, R::kFresh},
      {"9111 5.2.2.2 must-revalidate, fresh", "Cache-Control: max-age=60, must-revalidate", "", 59,
       kServe, R::kFresh},
      {"9111 5.2.2.2 must-revalidate, stale",
       "Cache-Control: max-age=60, must-revalidate\nETag: \"a\"", "", 60, kValidate,
       R::kMustRevalidate},
      {"9111 5.2.2.8 proxy-revalidate, stale", "Cache-Control: max-age=60, proxy-revalidate", "",
       60, kFetch, R::kMustRevalidate},
      {"9111 5.2.2.10 s-maxage, stale", "Cache-Control: s-maxage=60", "", 60, kFetch,
       R::kMustRevalidate},
      {"9111 4.2.3 it came old", "Cache-Control: max-age=60\nAge: 50", "", 10, kFetch, R::kStale},
      {"9111 4.2.3 a clock that went back", k60, "", -1000, kServe, R::kFresh},
      {"5861 3 stale-while-revalidate, fresh",
       "Cache-Control: max-age=60, stale-while-revalidate=9", "", 59, kServe, R::kFresh},
      {"5861 3 at once", "Cache-Control: max-age=60, stale-while-revalidate=9", "", 60,
       kServeRevalidate, R::kStaleRevalidating},
      {"5861 3 its last second", "Cache-Control: max-age=60, stale-while-revalidate=9", "", 69,
       kServeRevalidate, R::kStaleRevalidating},
      {"5861 3 too late", "Cache-Control: max-age=60, stale-while-revalidate=9", "", 70, kFetch,
       R::kStale},
      {"5861 3 for no second", "Cache-Control: max-age=60, stale-while-revalidate=0", "", 60,
       kFetch, R::kStale},
      {"5861 3 malformed", "Cache-Control: max-age=60, stale-while-revalidate=x", "", 60, kFetch,
       R::kStale},
      {"5861 3 without end", "Cache-Control: max-age=60, stale-while-revalidate=99999999999", "",
       100000, kServeRevalidate, R::kStaleRevalidating},
      {"9111 4.2.4 must-revalidate forbids it",
       "Cache-Control: max-age=60, stale-while-revalidate=9, must-revalidate", "", 60, kFetch,
       R::kMustRevalidate},
      {"9111 4.2.4 s-maxage forbids it", "Cache-Control: s-maxage=60, stale-while-revalidate=9", "",
       60, kFetch, R::kMustRevalidate},
      {"9111 4.2.4 no-cache forbids it", "Cache-Control: no-cache, stale-while-revalidate=9", "", 0,
       kFetch, R::kNoCache},
      {"9213 2.2 the targeted field allows it",
       "CDN-Cache-Control: max-age=60, stale-while-revalidate=9\nCache-Control: s-maxage=1", "", 60,
       kServeRevalidate, R::kStaleRevalidating},
      {"5861 4 stale-if-error is for errors", "Cache-Control: max-age=60, stale-if-error=9", "", 60,
       kFetch, R::kStale},
  };
  for (const Row& row : kRows) check(row);
}

TEST(Reuse, IsUpToTheClientToo) {
  constexpr std::string_view k60 = "Cache-Control: max-age=60";
  constexpr std::string_view k60Tagged = "Cache-Control: max-age=60\nETag: \"a\"";
  constexpr std::string_view kLate = "Cache-Control: max-age=60, stale-while-revalidate=9";
  constexpr Row kRows[] = {
      {"9111 5.2.1.1 young enough", k60, "Cache-Control: max-age=10", 10, kServe, R::kFresh},
      {"9111 5.2.1.1 too old", k60, "Cache-Control: max-age=10", 11, kFetch, R::kRequestMaxAge},
      {"9111 5.2.1.1 too old, with a tag", k60Tagged, "Cache-Control: max-age=10", 11, kValidate,
       R::kRequestMaxAge},
      {"9111 5.2.1.1 max-age=0 at once", k60, "Cache-Control: max-age=0", 0, kServe, R::kFresh},
      {"9111 5.2.1.1 max-age=0 a second later", k60, "Cache-Control: max-age=0", 1, kFetch,
       R::kRequestMaxAge},
      {"9111 5.2.1.1 malformed", k60, "Cache-Control: max-age=x", 1, kFetch, R::kRequestMaxAge},
      {"9111 5.2.1.1 it came old", "Cache-Control: max-age=60\nAge: 11",
       "Cache-Control: max-age=10", 0, kFetch, R::kRequestMaxAge},
      {"9111 5.2.1.1 older than an hour is fine", k60, "Cache-Control: max-age=3600", 59, kServe,
       R::kFresh},
      {"9111 5.2.1.1 it makes nothing fresh", k60, "Cache-Control: max-age=3600", 60, kFetch,
       R::kStale},
      {"9111 5.2.1.1 max-age wants nothing stale", kLate, "Cache-Control: max-age=3600", 60, kFetch,
       R::kStale},
      {"9111 5.2.1.2 stale, and taken so", k60, "Cache-Control: max-stale=5", 65, kServe,
       R::kStaleAllowed},
      {"9111 5.2.1.2 too stale", k60, "Cache-Control: max-stale=5", 66, kFetch, R::kStale},
      {"9111 5.2.1.2 as stale as it may be", k60, "Cache-Control: max-stale", 100000, kServe,
       R::kStaleAllowed},
      {"9111 5.2.1.2 malformed", k60, "Cache-Control: max-stale=x", 61, kFetch, R::kStale},
      {"9111 5.2.1.2 fresh is fresh", k60, "Cache-Control: max-stale=5", 9, kServe, R::kFresh},
      {"9111 5.2.2.2 must-revalidate wins", "Cache-Control: max-age=60, must-revalidate",
       "Cache-Control: max-stale", 60, kFetch, R::kMustRevalidate},
      {"9111 5.2.2.8 proxy-revalidate wins", "Cache-Control: max-age=60, proxy-revalidate",
       "Cache-Control: max-stale", 60, kFetch, R::kMustRevalidate},
      {"9111 5.2.2.10 s-maxage wins", "Cache-Control: s-maxage=60", "Cache-Control: max-stale", 60,
       kFetch, R::kMustRevalidate},
      {"9111 5.2.2.4 no-cache wins", "Cache-Control: no-cache\nETag: \"a\"",
       "Cache-Control: max-stale", 0, kValidate, R::kNoCache},
      {"9111 5.2.1.2 with max-age: young and stale enough", k60,
       "Cache-Control: max-age=65, max-stale=5", 65, kServe, R::kStaleAllowed},
      {"9111 5.2.1.2 with max-age: too old", k60, "Cache-Control: max-age=62, max-stale=5", 63,
       kFetch, R::kRequestMaxAge},
      {"5861 3 with max-stale it is validated all the same", kLate, "Cache-Control: max-stale", 60,
       kServeRevalidate, R::kStaleRevalidating},
      {"9111 5.2.1.3 fresh for long enough", k60, "Cache-Control: min-fresh=10", 50, kServe,
       R::kFresh},
      {"9111 5.2.1.3 not for long enough", k60, "Cache-Control: min-fresh=10", 51, kFetch,
       R::kRequestMinFresh},
      {"9111 5.2.1.3 malformed", k60, "Cache-Control: min-fresh=x", 0, kFetch, R::kRequestMinFresh},
      {"9111 5.2.1.3 min-fresh=0", k60, "Cache-Control: min-fresh=0", 59, kServe, R::kFresh},
      {"9111 5.2.1.3 nothing stale", k60, "Cache-Control: min-fresh=0, max-stale", 60, kFetch,
       R::kStale},
      {"9111 5.2.1.3 nothing stale to be validated", kLate, "Cache-Control: min-fresh=1", 60,
       kFetch, R::kStale},
      {"9111 5.2.1.4 no-cache", k60, "Cache-Control: no-cache", 0, kFetch, R::kRequestNoCache},
      {"9111 5.2.1.4 no-cache, with a tag", k60Tagged, "Cache-Control: no-cache", 0, kValidate,
       R::kRequestNoCache},
      {"9111 5.2.1.4 no-cache, stale", k60Tagged, "Cache-Control: no-cache", 90, kValidate,
       R::kRequestNoCache},
      {"9111 5.2.1.4 no-cache and max-stale", kLate, "Cache-Control: no-cache, max-stale", 60,
       kFetch, R::kRequestNoCache},
      {"9111 5.4 Pragma", k60, "Pragma: no-cache", 0, kFetch, R::kRequestNoCache},
      {"9111 5.2.1.5 no-store does not forbid it", k60, "Cache-Control: no-store", 0, kServe,
       R::kFresh},
      {"9111 5.2.1.7 only-if-cached, fresh", k60, "Cache-Control: only-if-cached", 0, kServe,
       R::kFresh},
      {"9111 5.2.1.7 only-if-cached, stale", k60Tagged, "Cache-Control: only-if-cached", 60,
       kRefuse, R::kOnlyIfCached},
      {"9111 5.2.1.7 only-if-cached, stale and taken so", k60,
       "Cache-Control: only-if-cached, max-stale", 60, kServe, R::kStaleAllowed},
      {"9111 5.2.1.7 only-if-cached and no-cache", k60, "Cache-Control: only-if-cached, no-cache",
       0, kRefuse, R::kOnlyIfCached},
      {"9111 5.2.1.7 only-if-cached and must-revalidate",
       "Cache-Control: max-age=60, must-revalidate", "Cache-Control: only-if-cached", 60, kRefuse,
       R::kOnlyIfCached},
      {"8246 2 immutable: a reload asks for nothing", "Cache-Control: max-age=60, immutable",
       "Cache-Control: max-age=0", 30, kServe, R::kFresh},
      {"8246 2 immutable: stale is stale", "Cache-Control: max-age=60, immutable",
       "Cache-Control: max-age=0", 60, kFetch, R::kStale},
      {"8246 2 immutable: no-cache asks", "Cache-Control: max-age=60, immutable",
       "Cache-Control: no-cache", 30, kFetch, R::kRequestNoCache},
      {"8246 2 immutable: min-fresh asks", "Cache-Control: max-age=60, immutable",
       "Cache-Control: min-fresh=31", 30, kFetch, R::kRequestMinFresh},
  };
  for (const Row& row : kRows) check(row);
}

TEST(Reuse, OfNothing) {
  const Lines lines("Cache-Control: only-if-cached");
  EXPECT_EQ(kRefuse, decideMissed(R::kMiss, requestDirectives(lines)).use);
  EXPECT_EQ(R::kOnlyIfCached, decideMissed(R::kMiss, requestDirectives(lines)).reason);
  EXPECT_EQ(kFetch, decideMissed(R::kVaryMiss, {}).use);
  EXPECT_EQ(R::kVaryMiss, decideMissed(R::kVaryMiss, {}).reason);
}

TEST(Reuse, OnError) {
  struct OnError {
    std::string_view name;
    std::string_view answer;
    std::string_view request;
    std::int64_t now;
    bool may;
  };
  constexpr std::string_view k60 = "Cache-Control: max-age=60, stale-if-error=9";
  constexpr OnError kRows[] = {
      {"5861 4 at once", k60, "", 60, true},
      {"5861 4 the last second", k60, "", 69, true},
      {"5861 4 too late", k60, "", 70, false},
      {"5861 4 not said", "Cache-Control: max-age=60", "", 60, false},
      {"5861 4 for no second", "Cache-Control: max-age=60, stale-if-error=0", "", 60, false},
      {"5861 4 malformed", "Cache-Control: max-age=60, stale-if-error=x", "", 60, false},
      {"5861 4 said by the client", "Cache-Control: max-age=60", "Cache-Control: stale-if-error=5",
       65, true},
      {"5861 4 said by the client, too late", "Cache-Control: max-age=60",
       "Cache-Control: stale-if-error=5", 66, false},
      {"5861 4 said by both, the client's is smaller", k60, "Cache-Control: stale-if-error=5", 66,
       false},
      {"5861 4 said by both, the answer's is smaller", k60, "Cache-Control: stale-if-error=50", 70,
       false},
      {"5861 4 the client wants none", k60, "Cache-Control: stale-if-error=0", 60, false},
      {"9111 4.2.4 must-revalidate", "Cache-Control: max-age=60, stale-if-error=9, must-revalidate",
       "", 60, false},
      {"9111 4.2.4 s-maxage", "Cache-Control: s-maxage=60, stale-if-error=9", "", 60, false},
      {"9111 4.2.4 no-cache", "Cache-Control: no-cache, stale-if-error=9", "", 0, false},
      {"9111 5.2.1.4 the client's no-cache", k60, "Cache-Control: no-cache", 60, false},
      {"9111 5.2.1.1 the client's max-age", k60, "Cache-Control: max-age=100", 60, false},
      {"9111 5.2.1.1 the client's max-age, fresh", k60, "Cache-Control: max-age=100", 30, true},
      {"9111 5.2.1.1 the client's max-age, passed", k60, "Cache-Control: max-age=10", 30, false},
      {"9111 5.2.1.2 the client's max-age and max-stale", k60,
       "Cache-Control: max-age=100, max-stale", 60, true},
      {"9111 5.2.1.3 the client's min-fresh", k60, "Cache-Control: min-fresh=1", 60, false},
      {"5861 4 fresh meanwhile", k60, "", 30, true},
  };
  for (const OnError& row : kRows) {
    EXPECT_EQ(row.may, mayServeOnError(termsOf(row.answer), requestDirectives(Lines(row.request)),
                                       later(row.now)))
        << row.name;
  }
  for (const int status : {500, 502, 503, 504}) EXPECT_TRUE(isError(status)) << status;
  for (const int status : {200, 404, 499, 501, 505}) EXPECT_FALSE(isError(status)) << status;
}

}  // namespace
}  // namespace proxy::cache
