#include "cache/storing.h"

#include <string_view>

#include <gtest/gtest.h>

#include "cache/lines.h"

namespace proxy::cache {
namespace {

struct Row {
  std::string_view name;
  std::string_view answer;
  Reason reason;
  int status = 200;
  std::string_view request = "";
  std::string_view method = "GET";
};

std::string_view verdict(const Row& row) {
  const Lines request(row.request);
  const Lines answer(row.answer);
  const auto said = responseDirectives(answer);
  const auto freshness = freshnessOf(answer.answer(row.status), said, false, {kNow, kNow});
  return info(mayStore(request.request(row.method), requestDirectives(request),
                       answer.answer(row.status), said, freshness))
      .name;
}

constexpr auto kStored = Reason::kStored;

TEST(Storing, IsJudgedByTheRequest) {
  constexpr std::string_view kFresh = "Cache-Control: max-age=60";
  constexpr Row kRows[] = {
      {"9111 3 GET", kFresh, kStored},
      {"9111 2 HEAD has no body to keep", kFresh, Reason::kMethod, 200, "", "HEAD"},
      {"9110 9.3.3 POST", kFresh, Reason::kMethod, 200, "", "POST"},
      {"9110 9.3.4 PUT", kFresh, Reason::kMethod, 200, "", "PUT"},
      {"9110 9.3.7 OPTIONS", kFresh, Reason::kMethod, 200, "", "OPTIONS"},
      {"9111 3 an unknown method", kFresh, Reason::kMethod, 200, "", "FOO"},
      {"9110 9.1 methods have a case", kFresh, Reason::kMethod, 200, "", "get"},
      {"9110 9.3.1 GET with a body", kFresh, Reason::kRequestBody, 200, "Content-Length: 1"},
      {"9110 9.3.1 GET with a body in chunks", kFresh, Reason::kRequestBody, 200,
       "Transfer-Encoding: chunked"},
      {"9110 9.3.1 GET with no byte of a body", kFresh, kStored, 200, "Content-Length: 0"},
      {"9110 9.3.1 the same in more digits", kFresh, kStored, 200, "Content-Length: 000"},
      {"9111 5.2.1.5 the request's no-store", kFresh, Reason::kRequestNoStore, 200,
       "Cache-Control: no-store"},
      {"9111 5.2.1.5 against public too", "Cache-Control: public, max-age=60",
       Reason::kRequestNoStore, 200, "Cache-Control: no-store"},
      {"9111 5.2.1.4 the request's no-cache", kFresh, kStored, 200, "Cache-Control: no-cache"},
      {"9111 3.5 Authorization", kFresh, Reason::kAuthorization, 200, "Authorization: a"},
      {"9111 3.5 Authorization and public", "Cache-Control: max-age=60, public", kStored, 200,
       "Authorization: a"},
      {"9111 3.5 Authorization and s-maxage", "Cache-Control: s-maxage=60", kStored, 200,
       "Authorization: a"},
      {"9111 3.5 Authorization and a malformed s-maxage", "Cache-Control: s-maxage=x\nETag: \"a\"",
       Reason::kAuthorization, 200, "Authorization: a"},
      {"9213 2.1 Authorization and a malformed s-maxage, said again",
       "CDN-Cache-Control: s-maxage=x, s-maxage=60", kStored, 200, "Authorization: a"},
      {"9111 3.5 Authorization and must-revalidate", "Cache-Control: max-age=60, must-revalidate",
       kStored, 200, "Authorization: a"},
      {"9111 3.5 proxy-revalidate is not enough", "Cache-Control: max-age=60, proxy-revalidate",
       Reason::kAuthorization, 200, "Authorization: a"},
      {"9111 3.5 nor is Expires", "Expires: @60", Reason::kAuthorization, 200, "Authorization: a"},
      {"9111 3.5 nor is public=1", "Cache-Control: max-age=60, public=1", Reason::kAuthorization,
       200, "Authorization: a"},
      {"9111 3.5 in the targeted field",
       "CDN-Cache-Control: max-age=60, public\nCache-Control: private", kStored, 200,
       "Authorization: a"},
      {"9111 3.5 hidden by the targeted field",
       "CDN-Cache-Control: max-age=60\nCache-Control: public", Reason::kAuthorization, 200,
       "Authorization: a"},
      {"9111 3.5 private wins", "Cache-Control: max-age=60, public, private", Reason::kPrivate, 200,
       "Authorization: a"},
      {"9110 11.7.2 credentials for a proxy are another matter", kFresh, kStored, 200,
       "Proxy-Authorization: a"},
      {"9111 7.3 the request's cookies are the origin's matter", kFresh, kStored, 200,
       "Cookie: a=b"},
      {"9110 14.2 a 200 to a Range is whole", kFresh, kStored, 200, "Range: bytes=0-1"},
  };
  for (const Row& row : kRows) EXPECT_EQ(info(row.reason).name, verdict(row)) << row.name;
}

TEST(Storing, IsJudgedByTheStatus) {
  constexpr std::string_view kFresh = "Cache-Control: max-age=60";
  constexpr std::string_view kTagged = "ETag: \"a\"";
  constexpr Row kRows[] = {
      {"9110 15.1 200 with a validator", kTagged, kStored, 200},
      {"9110 15.1 204 with a validator", kTagged, kStored, 204},
      {"9110 15.1 301 with a validator", kTagged, kStored, 301},
      {"9110 15.1 404 with a validator", kTagged, kStored, 404},
      {"9111 3 302 with a validator only", kTagged, Reason::kNotExplicit, 302},
      {"9111 3 500 with a validator only", kTagged, Reason::kNotExplicit, 500},
      {"9111 3 an unknown status with a validator only", kTagged, Reason::kNotExplicit, 299},
      {"9111 3 302 that is public and has a validator", "Cache-Control: public\nETag: \"a\"",
       kStored, 302},
      {"9111 3 302 that is public and nothing else", "Cache-Control: public", Reason::kUseless,
       302},
      {"9111 3 201 with freshness", kFresh, kStored, 201},
      {"9111 3 302 with freshness", kFresh, kStored, 302},
      {"9111 3 302 with Expires", "Expires: @60", kStored, 302},
      {"9111 3 302 with s-maxage", "Cache-Control: s-maxage=60", kStored, 302},
      {"9111 3 307 with freshness", kFresh, kStored, 307},
      {"9111 3 403 with freshness", kFresh, kStored, 403},
      {"9111 3 500 with freshness", kFresh, kStored, 500},
      {"9111 3 503 with freshness", kFresh, kStored, 503},
      {"9111 3 an unknown status with freshness", kFresh, kStored, 299},
      {"9111 3 206", kFresh, Reason::kStatus, 206},
      {"9111 3 304", kFresh, Reason::kStatus, 304},
      {"9111 3 103", kFresh, Reason::kStatus, 103},
      {"9110 15.5.13 412", kFresh, Reason::kStatus, 412},
      {"9110 15.5.17 416", kFresh, Reason::kStatus, 416},
      {"6585 4 429", kFresh, Reason::kStatus, 429},
      {"9111 5.2.2.3 must-understand, understood", "Cache-Control: max-age=60, must-understand",
       kStored, 404},
      {"9111 5.2.2.3 it takes no-store away",
       "Cache-Control: max-age=60, must-understand, no-store", kStored, 404},
      {"9111 5.2.2.3 must-understand, unknown", "Cache-Control: max-age=60, must-understand",
       Reason::kNotUnderstood, 299},
      {"9111 5.2.2.3 with no-store, unknown",
       "Cache-Control: max-age=60, must-understand, no-store", Reason::kNotUnderstood, 299},
      {"9111 5.2.2.3 no excuse for 206", "Cache-Control: max-age=60, must-understand",
       Reason::kStatus, 206},
  };
  for (const Row& row : kRows) EXPECT_EQ(info(row.reason).name, verdict(row)) << row.name;
}

TEST(Storing, IsJudgedByTheAnswer) {
  constexpr Row kRows[] = {
      {"9111 5.2.2.5 no-store", "Cache-Control: no-store, max-age=60", Reason::kNoStore},
      {"9111 5.2.2.5 no-store against public",
       "Cache-Control: public, max-age=60\n"
       "Cache-Control: no-store",
       Reason::kNoStore},
      {"9111 5.2.2.5 no-store in capitals", "Cache-Control: NO-STORE, max-age=60",
       Reason::kNoStore},
      {"9111 5.2.2.5 behind an unclosed quote", "Cache-Control: max-age=60, x=\"y, no-store",
       Reason::kNoStore},
      {"9111 5.2.2.7 private", "Cache-Control: private, max-age=60", Reason::kPrivate},
      {"9111 5.2.2.7 private and s-maxage", "Cache-Control: private, s-maxage=60",
       Reason::kPrivate},
      {"9111 5.2.2.7 of some fields", "Cache-Control: private=\"x\", max-age=60", kStored},
      {"9111 5.2.2.7 of what is no name", "Cache-Control: private=\"x y\", max-age=60",
       Reason::kPrivate},
      {"9213 2.2 targeted no-store", "CDN-Cache-Control: no-store\nCache-Control: max-age=60",
       Reason::kNoStore},
      {"9213 2.2 no-store for others", "CDN-Cache-Control: max-age=60\nCache-Control: no-store",
       kStored},
      {"9213 2.1 malformed: no-store holds",
       "CDN-Cache-Control: max-age=60,\nCache-Control: no-store", Reason::kNoStore},
      {"9111 7.3 Set-Cookie", "Set-Cookie: a=b\nCache-Control: max-age=60", Reason::kSetCookie},
      {"9111 7.3 Set-Cookie and a validator", "Set-Cookie: a=b\nETag: \"a\"", Reason::kSetCookie},
      {"9111 7.3 Set-Cookie that is public", "Set-Cookie: a=b\nCache-Control: public, max-age=60",
       kStored},
      {"9111 7.3 Set-Cookie with s-maxage", "Set-Cookie: a=b\nCache-Control: s-maxage=60", kStored},
      {"9111 7.3 Set-Cookie with a malformed s-maxage",
       "Set-Cookie: a=b\nETag: \"a\"\nCache-Control: s-maxage=x", Reason::kSetCookie},
      {"9111 7.3 Set-Cookie with the targeted field",
       "Set-Cookie: a=b\nCDN-Cache-Control: max-age=60", kStored},
      {"9111 7.3 Set-Cookie that is not kept",
       "Set-Cookie: a=b\nCache-Control: private=\"set-cookie\", max-age=60", kStored},
      {"9111 7.3 Set-Cookie that is not reused",
       "Set-Cookie: a=b\nCache-Control: no-cache=\"Set-Cookie\", max-age=60", kStored},
      {"9111 4.1 Vary: *", "Vary: *\nCache-Control: max-age=60", Reason::kVaryAny},
      {"9111 4.1 Vary: * among others", "Vary: a\nVary: b, *\nCache-Control: max-age=60",
       Reason::kVaryAny},
      {"9111 4.1 a Vary that is no name", "Vary: a b\nCache-Control: max-age=60", Reason::kVaryAny},
      {"9111 4.1 Vary", "Vary: a, b\nCache-Control: max-age=60", kStored},
      {"9111 4.1 Vary by too many",
       "Vary: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q\nCache-Control: max-age=60", Reason::kVaryTooMany},
      {"9111 3 nothing is said", "", Reason::kUseless},
      {"9111 3 a validator", "ETag: \"a\"", kStored},
      {"9111 3 a weak validator", "ETag: W/\"a\"", kStored},
      {"9111 3 a date as validator", "Last-Modified: @-5", kStored},
      {"9111 3 a malformed validator", "ETag: a", Reason::kUseless},
      {"9111 3 a malformed date", "Last-Modified: now", Reason::kUseless},
      {"9111 3 public alone", "Cache-Control: public", Reason::kUseless},
      {"9111 5.2.2.4 no-cache and a validator", "Cache-Control: no-cache\nETag: \"a\"", kStored},
      {"9111 5.2.2.4 no-cache and none", "Cache-Control: no-cache, max-age=60", Reason::kUseless},
      {"9111 5.2.2.4 no-cache of some fields", "Cache-Control: no-cache=x, max-age=60", kStored},
      {"9111 4.2 stale from the start", "Cache-Control: max-age=0", Reason::kUseless},
      {"9111 4.2 stale from the start, with a validator", "Cache-Control: max-age=0\nETag: \"a\"",
       kStored},
      {"9111 4.2 a malformed max-age", "Cache-Control: max-age=x", Reason::kUseless},
      {"9111 5.3 a malformed Expires", "Expires: 0", Reason::kUseless},
      {"9111 4.2 it came stale", "Cache-Control: max-age=60\nAge: 60", Reason::kUseless},
      {"9111 4.2 it came just fresh", "Cache-Control: max-age=60\nAge: 59", kStored},
      {"5861 3 stale, and may be used so", "Cache-Control: max-age=0, stale-while-revalidate=9",
       kStored},
      {"5861 4 stale, and may stand in", "Cache-Control: max-age=0, stale-if-error=9", kStored},
      {"5861 3 stale, for no second", "Cache-Control: max-age=0, stale-while-revalidate=0",
       Reason::kUseless},
      {"9110 14.4 Content-Range in a 200 says nothing",
       "Content-Range: bytes 0-1/2\nCache-Control: max-age=60", kStored},
  };
  for (const Row& row : kRows) EXPECT_EQ(info(row.reason).name, verdict(row)) << row.name;
}

TEST(Storing, IsAskedAboutBeforeALookUp) {
  struct LookUp {
    std::string_view name;
    std::string_view method;
    std::string_view fields;
    Reason reason;
  };
  constexpr LookUp kRows[] = {
      {"9111 4 GET", "GET", "", kStored},
      {"9111 4 HEAD", "HEAD", "", kStored},
      {"9111 4 POST", "POST", "", Reason::kMethod},
      {"9111 4 DELETE", "DELETE", "", Reason::kMethod},
      {"9110 9.3.1 GET with a body", "GET", "Content-Length: 5", Reason::kRequestBody},
      {"9110 9.3.2 HEAD with a body", "HEAD", "Transfer-Encoding: chunked", Reason::kRequestBody},
  };
  for (const LookUp& row : kRows) {
    const Lines lines(row.fields);
    EXPECT_EQ(info(row.reason).name, info(mayLookUp(lines.request(row.method))).name) << row.name;
  }
}

}  // namespace
}  // namespace proxy::cache
