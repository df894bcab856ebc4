#include "cache/directives.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "cache/lines.h"

namespace proxy::cache {
namespace {

TEST(DeltaSeconds, AreDigitsAndNothingElse) {
  struct Row {
    std::string_view name;
    std::string_view text;
    std::int64_t seconds;  ///< -1: none
  };
  constexpr Row kRows[] = {
      {"9111 1.2.2 zero", "0", 0},
      {"9111 1.2.2 a number", "60", 60},
      {"9111 1.2.2 leading zeros", "000060", 60},
      {"9111 1.2.2 many leading zeros", "0000000000000000000000000000000000001", 1},
      {"9111 1.2.2 the largest", "2147483648", 2147483648},
      {"9111 1.2.2 just below", "2147483647", 2147483647},
      {"9111 1.2.2 above saturates", "2147483649", 2147483648},
      {"9111 1.2.2 beyond 32 bits", "4294967296", 2147483648},
      {"9111 1.2.2 beyond 64 bits", "18446744073709551617", 2147483648},
      {"9111 1.2.2 far beyond", "99999999999999999999999999999999999999999999999", 2147483648},
      {"9111 1.2.2 empty", "", -1},
      {"9111 1.2.2 negative", "-1", -1},
      {"9111 1.2.2 plus", "+1", -1},
      {"9111 1.2.2 fraction", "1.5", -1},
      {"9111 1.2.2 letters", "abc", -1},
      {"9111 1.2.2 letters behind", "60s", -1},
      {"9111 1.2.2 hexadecimal", "0x10", -1},
      {"9111 1.2.2 blank in front", " 1", -1},
      {"9111 1.2.2 blank behind", "1 ", -1},
      {"9111 1.2.2 exponent", "1e3", -1},
      {"9111 1.2.2 letter behind an overflow", "99999999999999999999x", -1},
  };
  for (const Row& row : kRows) {
    const auto found = parseSeconds(row.text);
    EXPECT_EQ(row.seconds, found ? found->count() : -1) << row.name;
  }
}

void say(std::string& out, bool flag, std::string_view name) {
  if (flag) out.append(out.empty() ? "" : " ").append(name);
}

void say(std::string& out, const std::optional<Seconds>& value, std::string_view name) {
  if (!value) return;
  out.append(out.empty() ? "" : " ").append(name).append("=");
  out.append(*value == kForever ? "forever" : std::to_string(value->count()));
}

std::string text(const RequestDirectives& d) {
  std::string out;
  say(out, d.noCache, "no-cache");
  say(out, d.noStore, "no-store");
  say(out, d.onlyIfCached, "only-if-cached");
  say(out, d.maxAge, "max-age");
  say(out, d.minFresh, "min-fresh");
  say(out, d.maxStale, "max-stale");
  say(out, d.staleIfError, "sie");
  return out;
}

std::string text(const ResponseDirectives& d) {
  std::string out;
  say(out, d.targeted, "targeted");
  say(out, d.noStore, "no-store");
  say(out, d.noCache, "no-cache");
  say(out, !d.noCacheFields.empty(), "no-cache-fields");
  say(out, d.isPrivate, "private");
  say(out, !d.privateFields.empty(), "private-fields");
  say(out, d.isPublic, "public");
  say(out, d.mustRevalidate, "must-revalidate");
  say(out, d.proxyRevalidate, "proxy-revalidate");
  say(out, d.mustUnderstand, "must-understand");
  say(out, d.immutable, "immutable");
  say(out, d.maxAge, "max-age");
  say(out, d.sMaxage, "s-maxage");
  say(out, d.staleWhileRevalidate, "swr");
  say(out, d.staleIfError, "sie");
  return out;
}

struct Row {
  std::string_view name;
  std::string_view fields;
  std::string_view directives;
};

TEST(RequestDirectives, AreRead) {
  constexpr Row kRows[] = {
      {"9111 5.2 none", "", ""},
      {"9111 5.2 empty", "Cache-Control:", ""},
      {"9111 5.2.1.1 max-age", "Cache-Control: max-age=60", "max-age=60"},
      {"9111 5.2.1.1 max-age quoted", "Cache-Control: max-age=\"60\"", "max-age=60"},
      {"9111 5.2.1.1 max-age without a number", "Cache-Control: max-age", "max-age=0"},
      {"9111 5.2.1.1 malformed max-age", "Cache-Control: max-age=x", "max-age=0"},
      {"9111 5.2.1.1 the smallest of two", "Cache-Control: max-age=60, max-age=5", "max-age=5"},
      {"9111 5.2.1.2 max-stale", "Cache-Control: max-stale=60", "max-stale=60"},
      {"9111 5.2.1.2 max-stale of any age", "Cache-Control: max-stale", "max-stale=forever"},
      {"9111 5.2.1.2 malformed max-stale permits nothing", "Cache-Control: max-stale=x", ""},
      {"9111 5.2.1.2 max-stale with an empty argument", "Cache-Control: max-stale=", ""},
      {"9111 5.2.1.2 negative max-stale", "Cache-Control: max-stale=-1", ""},
      {"9111 5.2.1.2 the smallest of two", "Cache-Control: max-stale, max-stale=9", "max-stale=9"},
      {"9111 5.2.1.3 min-fresh", "Cache-Control: min-fresh=60", "min-fresh=60"},
      {"9111 5.2.1.3 malformed min-fresh", "Cache-Control: min-fresh=x", "min-fresh=forever"},
      {"9111 5.2.1.3 min-fresh without a number", "Cache-Control: min-fresh", "min-fresh=forever"},
      {"9111 5.2.1.3 the largest of two", "Cache-Control: min-fresh=9, min-fresh=3", "min-fresh=9"},
      {"9111 5.2.1.4 no-cache", "Cache-Control: no-cache", "no-cache"},
      {"9111 5.2.1.4 no-cache with an argument", "Cache-Control: no-cache=a", "no-cache"},
      {"9111 5.2.1.5 no-store", "Cache-Control: no-store", "no-store"},
      {"9111 5.2.1.6 no-transform is for others", "Cache-Control: no-transform", ""},
      {"9111 5.2.1.7 only-if-cached", "Cache-Control: only-if-cached", "only-if-cached"},
      {"5861 4 stale-if-error", "Cache-Control: stale-if-error=9", "sie=9"},
      {"5861 4 malformed stale-if-error", "Cache-Control: stale-if-error=?", "sie=0"},
      {"9111 5.2 any case", "CACHE-CONTROL: Max-AGE=1, NO-cache", "no-cache max-age=1"},
      {"9111 5.2 several lines", "Cache-Control: no-store\nA: b\ncache-control: no-cache",
       "no-cache no-store"},
      {"9111 5.2.3 unknown ones", "Cache-Control: x, y=1, z=\"a,no-cache,b\"", ""},
      {"9111 5.2 directives of answers mean nothing",
       "Cache-Control: s-maxage=5, private, must-revalidate", ""},
      {"9111 5.4 Pragma", "Pragma: no-cache", "no-cache"},
      {"9111 5.4 Pragma in a list", "Pragma: x, NO-CACHE", "no-cache"},
      {"9111 5.4 Pragma with something else", "Pragma: x", ""},
      {"9111 5.4 Pragma with an argument", "Pragma: no-cache=1", ""},
      {"9111 5.4 Cache-Control hides Pragma", "Pragma: no-cache\nCache-Control: max-age=9",
       "max-age=9"},
      {"9111 5.4 an empty Cache-Control as well", "Pragma: no-cache\nCache-Control:", ""},
      {"9213 2 is about answers", "CDN-Cache-Control: no-store", ""},
      {"9111 4.2.1 an unclosed quote hides nothing", "Cache-Control: x=\"a, no-cache", "no-cache"},
      {"9111 4.2.1 blanks for commas", "Cache-Control: max-age=5 no-store", "no-store max-age=0"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(row.directives, text(requestDirectives(Lines(row.fields)))) << row.name;
  }
}

TEST(ResponseDirectives, AreRead) {
  constexpr Row kRows[] = {
      {"9111 5.2.2 none", "", ""},
      {"9111 5.2.2 empty", "Cache-Control:", ""},
      {"9111 5.2.2 empty elements", "Cache-Control: , ,, ,max-age=1,,", "max-age=1"},
      {"9111 5.2.2 tabs", "Cache-Control:\tmax-age=1\t,\tpublic\t", "public max-age=1"},
      {"9111 5.2.2 any case", "cache-CONTROL: MAX-age=1, PUBLIC", "public max-age=1"},
      {"9111 5.2.2 several lines", "Cache-Control: max-age=1\nCache-Control: public",
       "public max-age=1"},
      {"9111 5.2.2.1 max-age", "Cache-Control: max-age=60", "max-age=60"},
      {"9111 5.2.2.1 max-age of nothing", "Cache-Control: max-age=0", "max-age=0"},
      {"9111 5.2 quoted seconds", "Cache-Control: max-age=\"60\"", "max-age=60"},
      {"9111 5.2 single quotes are none", "Cache-Control: max-age='60'", "max-age=0"},
      {"9111 1.2.2 overflow", "Cache-Control: max-age=99999999999999999999", "max-age=forever"},
      {"9111 4.2.1 no number", "Cache-Control: max-age=x", "max-age=0"},
      {"9111 4.2.1 negative", "Cache-Control: max-age=-1", "max-age=0"},
      {"9111 4.2.1 fraction", "Cache-Control: max-age=3600.5", "max-age=0"},
      {"9111 4.2.1 empty argument", "Cache-Control: max-age=", "max-age=0"},
      {"9111 4.2.1 empty quoted argument", "Cache-Control: max-age=\"\"", "max-age=0"},
      {"9111 4.2.1 no argument", "Cache-Control: max-age", "max-age=0"},
      {"9111 4.2.1 blank before the equals sign", "Cache-Control: max-age =60", "max-age=0"},
      {"9111 4.2.1 blank behind the equals sign", "Cache-Control: max-age= 60", "max-age=0"},
      {"9111 4.2.1 blank in a quoted number", "Cache-Control: max-age=\" 60\"", "max-age=0"},
      {"9111 4.2.1 escape in a quoted number", "Cache-Control: max-age=\"6\\0\"", "max-age=0"},
      {"9111 4.2.1 two equals signs", "Cache-Control: max-age=60=60", "max-age=0"},
      {"9111 4.2.1 something behind the number", "Cache-Control: max-age=60 x", "max-age=0"},
      {"9111 4.2.1 a semicolon", "Cache-Control: max-age=60; x", "max-age=0"},
      {"9111 4.2.1 something behind the quote", "Cache-Control: max-age=\"60\"x", "max-age=0"},
      {"9111 4.2.1 twice the same", "Cache-Control: max-age=60, max-age=60", "max-age=60"},
      {"9111 4.2.1 the smaller one behind", "Cache-Control: max-age=60, max-age=5", "max-age=5"},
      {"9111 4.2.1 the smaller one in front", "Cache-Control: max-age=5, max-age=60", "max-age=5"},
      {"9111 4.2.1 the smaller one on another line",
       "Cache-Control: max-age=60\nCache-Control: max-age=5", "max-age=5"},
      {"9111 4.2.1 a malformed one beside a valid one", "Cache-Control: max-age=60, max-age=x",
       "max-age=0"},
      {"9111 5.2.2.10 s-maxage", "Cache-Control: s-maxage=5", "s-maxage=5"},
      {"9111 5.2.2.10 s-maxage beside max-age", "Cache-Control: s-maxage=5, max-age=9",
       "max-age=9 s-maxage=5"},
      {"9111 5.2.2.10 malformed s-maxage", "Cache-Control: s-maxage=x", "s-maxage=0"},
      {"9111 5.2.2.2 must-revalidate", "Cache-Control: must-revalidate", "must-revalidate"},
      {"9111 5.2.2.2 with an argument", "Cache-Control: must-revalidate=1", "must-revalidate"},
      {"9111 5.2.2.3 must-understand", "Cache-Control: must-understand, no-store",
       "no-store must-understand"},
      {"9111 5.2.2.3 with an argument it permits nothing",
       "Cache-Control: must-understand=1, no-store", "no-store"},
      {"9111 5.2.2.4 no-cache", "Cache-Control: no-cache", "no-cache"},
      {"9111 5.2.2.4 of some fields", "Cache-Control: no-cache=\"a, b\"", "no-cache-fields"},
      {"9111 5.2.2.4 of one field, as a token", "Cache-Control: no-cache=a", "no-cache-fields"},
      {"9111 5.2.2.4 of both kinds", "Cache-Control: no-cache=\"a\", no-cache",
       "no-cache no-cache-fields"},
      {"9111 5.2.2.4 of no field", "Cache-Control: no-cache=\"\"", "no-cache"},
      {"9111 5.2.2.4 of an empty list", "Cache-Control: no-cache=\" , \"", "no-cache"},
      {"9111 5.2.2.4 without argument behind the sign", "Cache-Control: no-cache=", "no-cache"},
      {"9111 5.2.2.4 of what is no name", "Cache-Control: no-cache=\"a b\"", "no-cache"},
      {"9111 5.2.2.4 unclosed", "Cache-Control: no-cache=\"a, max-age=5", "no-cache max-age=5"},
      {"9111 5.2.2.4 escaped", "Cache-Control: no-cache=\"\\a\"", "no-cache"},
      {"9111 5.2.2.4 a fifth list is about the whole",
       "Cache-Control: no-cache=a, no-cache=b, no-cache=c, no-cache=d, no-cache=e",
       "no-cache no-cache-fields"},
      {"9111 5.2.2.5 no-store", "Cache-Control: no-store", "no-store"},
      {"9111 5.2.2.5 with an argument", "Cache-Control: no-store=\"x\"", "no-store"},
      {"9111 5.2.2.5 with a blank behind", "Cache-Control: no-store =x", "no-store"},
      {"9111 5.2.2.6 no-transform is for others", "Cache-Control: no-transform", ""},
      {"9111 5.2.2.7 private", "Cache-Control: private", "private"},
      {"9111 5.2.2.7 of some fields", "Cache-Control: private=\"Set-Cookie\"", "private-fields"},
      {"9111 5.2.2.7 of what is no name", "Cache-Control: private=\"Set-Cookie;\"", "private"},
      {"9111 5.2.2.7 with quotes inside", "Cache-Control: private=\"\\\"a\\\"\"", "private"},
      {"9111 5.2.2.8 proxy-revalidate", "Cache-Control: proxy-revalidate", "proxy-revalidate"},
      {"9111 5.2.2.9 public", "Cache-Control: public", "public"},
      {"9111 5.2.2.9 with an argument it permits nothing", "Cache-Control: public=1", ""},
      {"9111 5.2.2.9 misspelt", "Cache-Control: publicly", ""},
      {"9111 4.2.1 private and public", "Cache-Control: private, public", "private public"},
      {"8246 2 immutable", "Cache-Control: max-age=9, immutable", "immutable max-age=9"},
      {"8246 2 with an argument", "Cache-Control: immutable=1", ""},
      {"5861 3 stale-while-revalidate", "Cache-Control: stale-while-revalidate=9", "swr=9"},
      {"5861 3 malformed permits nothing", "Cache-Control: stale-while-revalidate", "swr=0"},
      {"5861 3 the smaller one",
       "Cache-Control: stale-while-revalidate=9, "
       "stale-while-revalidate=3",
       "swr=3"},
      {"5861 4 stale-if-error", "Cache-Control: stale-if-error=9", "sie=9"},
      {"9111 5.2.3 unknown ones", "Cache-Control: x, y=1, z=\"a,b\", max-age=1", "max-age=1"},
      {"9111 5.2.3 within an unknown one's quotes", "Cache-Control: x=\"private, no-store\"", ""},
      {"9111 5.2.3 escaped quotes", "Cache-Control: x=\"\\\", no-store, \\\"\"", ""},
      {"9111 4.2.1 unclosed: what follows holds", "Cache-Control: x=\"a, no-store, max-age=5",
       "no-store max-age=5"},
      {"9111 4.2.1 unclosed behind a backslash", "Cache-Control: x=\"a\\, private", "private"},
      {"9111 4.2.1 quote in a token hides nothing", "Cache-Control: max-age=1\", no-store, x=\"",
       "no-store max-age=0"},
      {"9111 4.2.1 quote in front of a name", "Cache-Control: \"no-store\", private", "private"},
      {"9111 4.2.1 blanks for commas forbid", "Cache-Control: no-cache no-store",
       "no-store no-cache"},
      {"9111 4.2.1 blanks for commas permit nothing", "Cache-Control: public max-age=60", ""},
      {"9111 4.2.1 semicolons for commas", "Cache-Control: max-age=60;private",
       "private max-age=0"},
      {"9111 4.2.1 semicolon behind a flag", "Cache-Control: no-store;", "no-store"},
      {"9111 4.2.1 bytes beyond ASCII", "Cache-Control: max-age=\xd9\xa1\xd9\xa2", "max-age=0"},
      {"9111 5.4 Pragma means nothing in an answer", "Pragma: no-cache", ""},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(row.directives, text(responseDirectives(Lines(row.fields)))) << row.name;
  }
}

TEST(ResponseDirectives, AreTakenFromTheTargetedField) {
  constexpr Row kRows[] = {
      {"9213 2.2 it replaces Cache-Control",
       "Cache-Control: no-store\nCDN-Cache-Control: max-age=60", "targeted max-age=60"},
      {"9213 2.2 nothing is inherited",
       "Cache-Control: max-age=60, public\nCDN-Cache-Control: no-cache", "targeted no-cache"},
      {"9213 2.2 empty is as if absent",
       "Cache-Control: max-age=5\nCDN-Cache-Control:", "max-age=5"},
      {"9213 2.1 malformed is as if absent",
       "Cache-Control: max-age=5\nCDN-Cache-Control: max-age=60, &", "max-age=5"},
      {"9213 2.1 an upper-case key is malformed",
       "Cache-Control: max-age=5\nCDN-Cache-Control: Max-Age=60", "max-age=5"},
      {"9213 2.1 a trailing comma is malformed",
       "Cache-Control: max-age=5\nCDN-Cache-Control: max-age=60,", "max-age=5"},
      {"9213 2.1 one malformed line spoils the others",
       "Cache-Control: max-age=5\nCDN-Cache-Control: max-age=60\nCDN-Cache-Control: =",
       "max-age=5"},
      {"9213 2.1 an empty line among others",
       "Cache-Control: max-age=5\nCDN-Cache-Control: max-age=60\nCDN-Cache-Control:", "max-age=5"},
      {"9213 2.1 malformed and no Cache-Control", "CDN-Cache-Control: max-age=", ""},
      {"9213 2.1 sixteen digits are malformed",
       "Cache-Control: max-age=5\nCDN-Cache-Control: max-age=1234567890123456", "max-age=5"},
      {"9213 2.1 fifteen digits saturate", "CDN-Cache-Control: max-age=999999999999999",
       "targeted max-age=forever"},
      {"9213 2.1 a string is no integer", "CDN-Cache-Control: max-age=\"60\"",
       "targeted max-age=0"},
      {"9213 2.1 a token is no integer", "CDN-Cache-Control: max-age=x", "targeted max-age=0"},
      {"9213 2.1 a decimal is no integer", "CDN-Cache-Control: max-age=1.5", "targeted max-age=0"},
      {"9213 2.1 a negative integer", "CDN-Cache-Control: max-age=-5", "targeted max-age=0"},
      {"9213 2.1 true is no integer", "CDN-Cache-Control: max-age", "targeted max-age=0"},
      {"9213 2.1 false is no integer", "CDN-Cache-Control: max-age=?0", "targeted max-age=0"},
      {"9213 2.1 a flag", "CDN-Cache-Control: no-store", "targeted no-store"},
      {"9213 2.1 a flag that is true", "CDN-Cache-Control: no-store=?1", "targeted no-store"},
      {"9213 2.1 a flag that is false", "CDN-Cache-Control: no-store=?0, max-age=1",
       "targeted max-age=1"},
      {"9213 2.1 a forbidding flag with a value", "CDN-Cache-Control: no-store=1",
       "targeted no-store"},
      {"9213 2.1 a permitting flag with a value", "CDN-Cache-Control: public=1", "targeted"},
      {"9213 2.1 a list of names", "CDN-Cache-Control: private=\"set-cookie, a\"",
       "targeted private-fields"},
      {"9213 2.1 a list of names that is none", "CDN-Cache-Control: private=(a b)",
       "targeted private"},
      {"9213 2.1 parameters mean nothing", "CDN-Cache-Control: max-age=60;a=1;b, public;no-store",
       "targeted public max-age=60"},
      {"8941 3.2 the last of a name holds", "CDN-Cache-Control: max-age=5, max-age=60",
       "targeted max-age=60"},
      {"8941 3.2 the last of a name holds for flags", "CDN-Cache-Control: no-store, no-store=?0",
       "targeted"},
      {"8941 3.2 the last of a name holds for lists", "CDN-Cache-Control: private=\"a\", private",
       "targeted private"},
      {"8941 4.2 lines are one dictionary",
       "CDN-Cache-Control: max-age=60\nCDN-Cache-Control: public", "targeted public max-age=60"},
      {"9213 3.1 all at once",
       "CDN-Cache-Control: max-age=60, s-maxage=9, stale-while-revalidate=3, stale-if-error=4",
       "targeted max-age=60 s-maxage=9 swr=3 sie=4"},
      {"9213 2.1 unknown members", "CDN-Cache-Control: x=(1 2), y=:aGk=:, max-age=1",
       "targeted max-age=1"},
      {"9213 3.2 another's target", "Surrogate-Control: no-store\nCache-Control: max-age=1",
       "max-age=1"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(row.directives, text(responseDirectives(Lines(row.fields)))) << row.name;
  }
}

TEST(FieldNames, AreFoundInAnyCase) {
  const Lines lines("Cache-Control: private=\"Set-Cookie, x-a\", private=b, no-cache=\"c\"");
  const ResponseDirectives said = responseDirectives(lines);
  for (const char* name : {"set-cookie", "SET-COOKIE", "X-A", "b"}) {
    EXPECT_TRUE(said.privateFields.has(name)) << name;
  }
  for (const char* name : {"", "set", "cookie", "c", "set-cookie, x-a"}) {
    EXPECT_FALSE(said.privateFields.has(name)) << name;
  }
  EXPECT_TRUE(said.noCacheFields.has("C"));
  EXPECT_FALSE(said.noCacheFields.has("b"));
}

}  // namespace
}  // namespace proxy::cache
