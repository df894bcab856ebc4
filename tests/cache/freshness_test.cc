#include "cache/freshness.h"

#include <cstdint>
#include <string_view>

#include <gtest/gtest.h>

#include "cache/lines.h"

namespace proxy::cache {
namespace {

constexpr auto kNone = LifetimeSource::kNone;
constexpr auto kSMaxage = LifetimeSource::kSMaxage;
constexpr auto kMaxAge = LifetimeSource::kMaxAge;
constexpr auto kExpires = LifetimeSource::kExpires;
constexpr auto kHeuristic = LifetimeSource::kHeuristic;

Freshness freshnessOf(std::string_view text, int status = 200, bool hasQuery = false,
                      const Transit& transit = {kNow, kNow}) {
  const Lines lines(text);
  return freshnessOf(lines.answer(status), responseDirectives(lines), hasQuery, transit);
}

TEST(Freshness, HasALifetime) {
  struct Row {
    std::string_view name;
    std::string_view fields;
    std::int64_t lifetime;
    LifetimeSource source;
  };
  constexpr Row kRows[] = {
      {"9111 4.2.1 nothing is said", "", 0, kNone},
      {"9111 4.2.1 max-age", "Cache-Control: max-age=60", 60, kMaxAge},
      {"9111 4.2.1 max-age of nothing", "Cache-Control: max-age=0", 0, kMaxAge},
      {"9111 5.2.2.10 s-maxage wins over max-age", "Cache-Control: max-age=9, s-maxage=60", 60,
       kSMaxage},
      {"9111 5.2.2.10 a smaller s-maxage too", "Cache-Control: max-age=60, s-maxage=9", 9,
       kSMaxage},
      {"9111 5.2.2.10 a malformed s-maxage too", "Cache-Control: max-age=60, s-maxage=x", 0,
       kSMaxage},
      {"9111 5.2.2.10 s-maxage wins over Expires", "Cache-Control: s-maxage=9\nExpires: @60", 9,
       kSMaxage},
      {"9111 5.3 max-age wins over Expires", "Cache-Control: max-age=9\nExpires: @60", 9, kMaxAge},
      {"9111 5.3 max-age wins over an Expires that has passed",
       "Cache-Control: max-age=9\nExpires: @-60", 9, kMaxAge},
      {"9111 5.3 a malformed max-age wins over Expires", "Cache-Control: max-age=x\nExpires: @60",
       0, kMaxAge},
      {"9111 4.2.1 Expires without Date counts from its coming", "Expires: @60", 60, kExpires},
      {"9111 4.2.1 Expires less Date", "Date: @-10\nExpires: @60", 70, kExpires},
      {"9111 4.2.1 Expires less a Date ahead of our clock", "Date: @30\nExpires: @60", 30,
       kExpires},
      {"9111 4.2.1 Expires that has passed", "Date: @0\nExpires: @-60", 0, kExpires},
      {"9111 4.2.1 Expires at its Date", "Date: @0\nExpires: @0", 0, kExpires},
      {"9110 6.6.1 a Date that is none", "Date: yesterday\nExpires: @60", 60, kExpires},
      {"9111 4.2.1 Expires far ahead", "Expires: Fri, 31 Dec 9999 23:59:59 GMT", 2147483648,
       kExpires},
      {"9111 5.3 Expires: 0 means stale", "Expires: 0", 0, kExpires},
      {"9111 5.3 Expires: -1 means stale", "Expires: -1", 0, kExpires},
      {"9111 5.3 an empty Expires", "Expires:", 0, kExpires},
      {"9111 5.3 an Expires in another time zone", "Expires: Sun, 06 Nov 1994 09:49:37 CET", 0,
       kExpires},
      {"9111 5.3 an Expires without a zone", "Expires: Sun, 06 Nov 1994 09:49:37", 0, kExpires},
      {"9111 5.3 a malformed Expires leaves no heuristic", "Expires: 0\nLast-Modified: @-1000", 0,
       kExpires},
      {"9110 5.6.7 Expires in the form of RFC 850", "Expires: Sunday, 06-Nov-94 08:50:37 GMT", 60,
       kExpires},
      {"9110 5.6.7 Expires in the form of asctime", "Expires: Sun Nov  6 08:50:37 1994", 60,
       kExpires},
      {"9111 4.2.1 two Expires that differ", "Expires: @60\nExpires: @90", 0, kExpires},
      {"9111 4.2.1 two Expires that agree", "Expires: @60\nExpires: @60", 60, kExpires},
      {"9213 2.2 the targeted field wins over Expires",
       "CDN-Cache-Control: max-age=9\nExpires: @60", 9, kMaxAge},
      {"9213 2.2 the targeted field hides Expires", "CDN-Cache-Control: public\nExpires: @60", 0,
       kNone},
      {"9213 2.1 a malformed targeted field hides nothing",
       "CDN-Cache-Control: public,\nExpires: @60", 60, kExpires},
      {"9213 2.2 the targeted field leaves the heuristic",
       "CDN-Cache-Control: public\nCache-Control: max-age=5\nDate: @0\nLast-Modified: @-1000", 100,
       kHeuristic},
      {"9111 4.2.2 a tenth of the time since Last-Modified", "Date: @0\nLast-Modified: @-1000", 100,
       kHeuristic},
      {"9111 4.2.2 without Date", "Last-Modified: @-1000", 100, kHeuristic},
      {"9111 4.2.2 counted from Date", "Date: @-500\nLast-Modified: @-1000", 50, kHeuristic},
      {"9111 4.2.2 a day at most", "Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT", 86400,
       kHeuristic},
      {"9111 4.2.2 just below a day", "Last-Modified: @-863990", 86399, kHeuristic},
      {"9111 4.2.2 modified in the future", "Last-Modified: @1000", 0, kNone},
      {"9111 4.2.2 modified just now", "Last-Modified: @-9", 0, kNone},
      {"9111 4.2.2 a malformed Last-Modified", "Last-Modified: yesterday", 0, kNone},
      {"9111 4.2.2 two Last-Modified that differ", "Last-Modified: @-1000\nLast-Modified: @-2000",
       0, kNone},
      {"9111 4.2.2 an ETag says nothing of age", "ETag: \"a\"", 0, kNone},
      {"9111 4.2.1 no-cache leaves the lifetime", "Cache-Control: no-cache, max-age=60", 60,
       kMaxAge},
      {"9111 1.2.2 overflow", "Cache-Control: max-age=99999999999", 2147483648, kMaxAge},
  };
  for (const Row& row : kRows) {
    const Freshness freshness = freshnessOf(row.fields);
    EXPECT_EQ(row.lifetime, freshness.lifetime.count()) << row.name;
    EXPECT_EQ(row.source, freshness.source) << row.name;
    const bool isExplicit = row.source != kNone && row.source != kHeuristic;
    EXPECT_EQ(isExplicit, freshness.isExplicit()) << row.name;
  }
}

TEST(Freshness, IsGuessedForSomeStatusesWithoutAQueryOnly) {
  struct Row {
    std::string_view name;
    int status;
    bool hasQuery;
    bool guessed;
  };
  constexpr Row kRows[] = {
      {"9110 15.1 200", 200, false, true},
      {"9111 4.2.2 200 with a query", 200, true, false},
      {"9110 15.1 203", 203, false, true},
      {"9110 15.1 204", 204, false, true},
      {"9110 15.1 206", 206, false, false},
      {"9110 15.1 300", 300, false, true},
      {"9110 15.1 301", 301, false, true},
      {"9110 15.1 302", 302, false, false},
      {"9110 15.1 303", 303, false, false},
      {"9110 15.1 307", 307, false, false},
      {"9110 15.1 308", 308, false, true},
      {"9110 15.1 404", 404, false, true},
      {"9111 4.2.2 404 with a query", 404, true, false},
      {"9110 15.1 403", 403, false, false},
      {"9110 15.1 405", 405, false, true},
      {"9110 15.1 410", 410, false, true},
      {"9110 15.1 414", 414, false, true},
      {"7725 3 451", 451, false, true},
      {"9110 15.1 500", 500, false, false},
      {"9110 15.1 501", 501, false, true},
      {"9110 15.1 503", 503, false, false},
      {"9110 15.1 unknown", 299, false, false},
  };
  for (const Row& row : kRows) {
    const Freshness freshness = freshnessOf("Last-Modified: @-1000", row.status, row.hasQuery);
    EXPECT_EQ(row.guessed ? 100 : 0, freshness.lifetime.count()) << row.name;
  }
  EXPECT_EQ(60, freshnessOf("Cache-Control: max-age=60", 302, true).lifetime.count())
      << "9111 4.2.1 what is explicit holds for any";
  EXPECT_EQ(0, freshnessOf("Cache-Control: public\nLast-Modified: @-1000", 302).lifetime.count())
      << "9111 4.2.2 public alone makes no heuristic";
}

TEST(Freshness, HasAnAgeFromTheStart) {
  struct Row {
    std::string_view name;
    std::string_view fields;
    std::int64_t requested;  ///< seconds before it came
    std::int64_t age;
  };
  constexpr Row kRows[] = {
      {"9111 4.2.3 nothing is said", "", 0, 0},
      {"9111 4.2.3 the delay counts", "", 7, 7},
      {"9111 4.2.3 apparent age", "Date: @-30", 0, 30},
      {"9111 4.2.3 apparent age beyond the delay", "Date: @-30", 7, 30},
      {"9111 4.2.3 the delay beyond the apparent age", "Date: @-3", 7, 7},
      {"9111 4.2.3 a Date ahead of our clock", "Date: @30", 0, 0},
      {"9111 4.2.3 Age and delay", "Age: 10", 7, 17},
      {"9111 4.2.3 the larger of Age and apparent age", "Age: 10\nDate: @-30", 0, 30},
      {"9111 4.2.3 the larger of apparent age and Age", "Age: 40\nDate: @-30", 0, 40},
      {"9111 4.2.3 they are not added", "Age: 30\nDate: @-30", 5, 35},
      {"9111 4.2.3 of two Dates the earlier", "Date: @-5\nDate: @-30", 0, 30},
      {"9111 4.2.3 of two Dates the valid one", "Date: x\nDate: @-30", 0, 30},
      {"9110 6.6.1 a malformed Date", "Date: 1994-11-06", 0, 0},
      {"9111 5.1 a malformed Age is ignored", "Age: x", 3, 3},
      {"9111 5.1 a negative Age is ignored", "Age: -5", 0, 0},
      {"9111 5.1 a fraction is ignored", "Age: 5.5", 0, 0},
      {"9111 5.1 a quoted Age is ignored", "Age: \"5\"", 0, 0},
      {"9111 5.1 an Age with a parameter is ignored", "Age: 5;a", 0, 0},
      {"9111 5.1 the first of a list", "Age: 5, 10", 0, 5},
      {"9111 5.1 the first of several lines", "Age: 5\nAge: 10", 0, 5},
      {"9111 5.1 a malformed first hides the others", "Age: x, 10", 0, 0},
      {"9111 5.1 an empty line is no member", "Age:\nAge: 10", 0, 10},
      {"9111 1.2.2 overflow", "Age: 99999999999999999999", 0, 2147483648},
      {"9111 1.2.2 overflow and delay", "Age: 2147483648", 9, 2147483648},
      {"9111 4.2.3 a clock that went back meanwhile", "Age: 5", -100, 5},
      {"9111 4.2.3 a Date long ago", "Date: Thu, 01 Jan 1970 00:00:00 GMT", 0, 784111777},
      {"9111 4.2.3 a Date before all", "Date: Sat, 01 Jan 0000 00:00:00 GMT", 0, 2147483648},
  };
  for (const Row& row : kRows) {
    const Transit transit{later(-row.requested), kNow};
    EXPECT_EQ(row.age, freshnessOf(row.fields, 200, false, transit).initialAge.count()) << row.name;
  }
}

TEST(Freshness, Passes) {
  struct Row {
    std::string_view name;
    std::string_view fields;
    std::int64_t now;
    std::int64_t age;
    std::int64_t remaining;
  };
  constexpr Row kRows[] = {
      {"9111 4.2 at once", "Cache-Control: max-age=60", 0, 0, 60},
      {"9111 4.2 the last second", "Cache-Control: max-age=60", 59, 59, 1},
      {"9111 4.2 stale at its lifetime", "Cache-Control: max-age=60", 60, 60, 0},
      {"9111 4.2 stale behind it", "Cache-Control: max-age=60", 100, 100, -40},
      {"9111 4.2.3 it came with an age", "Cache-Control: max-age=60\nAge: 50", 9, 59, 1},
      {"9111 4.2.3 it came stale", "Cache-Control: max-age=60\nAge: 70", 0, 70, -10},
      {"9111 4.2.3 Date counts", "Cache-Control: max-age=60\nDate: @-50", 10, 60, 0},
      {"9111 4.2.1 Expires in our time", "Expires: @60\nDate: @0", 59, 59, 1},
      {"9111 4.2.1 Expires by a clock that is behind", "Expires: @-40\nDate: @-100", 0, 100, -40},
      {"9111 4.2.1 Expires by a clock that is ahead", "Expires: @160\nDate: @100", 59, 59, 1},
      {"9111 4.2.3 a clock that went back", "Cache-Control: max-age=60\nAge: 5", -1000, 5, 55},
      {"9111 1.2.2 the longest lifetime ends", "Cache-Control: max-age=2147483648", 2147483648,
       2147483648, 0},
      {"9111 1.2.2 the largest age stays", "Cache-Control: max-age=60\nAge: 2147483648", 9,
       2147483648, -2147483588},
  };
  for (const Row& row : kRows) {
    const Freshness freshness = freshnessOf(row.fields);
    EXPECT_EQ(row.age, freshness.age(later(row.now)).count()) << row.name;
    EXPECT_EQ(row.remaining, freshness.remaining(later(row.now)).count()) << row.name;
    EXPECT_EQ(row.remaining > 0, freshness.isFresh(later(row.now))) << row.name;
  }
}

}  // namespace
}  // namespace proxy::cache
