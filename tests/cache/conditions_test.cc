#include "cache/conditions.h"

#include <string_view>

#include <gtest/gtest.h>

#include "cache/lines.h"

namespace proxy::cache {
namespace {

TEST(Conditions, AreJudged) {
  struct Row {
    std::string_view name;
    std::string_view request;
    std::string_view kept;
    bool notModified;
    std::string_view method = "GET";
    int status = 200;
  };
  constexpr std::string_view kBoth = "ETag: \"a\"\nLast-Modified: @-100\nDate: @0";
  constexpr Row kRows[] = {
      {"9110 13.2.2 none", "", kBoth, false},
      {"9110 13.1.2 the tag", "If-None-Match: \"a\"", kBoth, true},
      {"9110 13.1.2 HEAD", "If-None-Match: \"a\"", kBoth, true, "HEAD"},
      {"9110 13.1.2 another tag", "If-None-Match: \"b\"", kBoth, false},
      {"9110 13.1.2 one of a list", "If-None-Match: \"b\", \"a\"", kBoth, true},
      {"9110 13.1.2 one of several lines", "If-None-Match: \"b\"\nIf-None-Match: \"a\"", kBoth,
       true},
      {"9110 13.1.2 none of a list", "If-None-Match: \"b\", \"c\"", kBoth, false},
      {"9110 8.8.3.2 weakly", "If-None-Match: W/\"a\"", kBoth, true},
      {"9110 8.8.3.2 weakly, the other way", "If-None-Match: \"a\"", "ETag: W/\"a\"", true},
      {"9110 8.8.3.2 both weak", "If-None-Match: W/\"a\"", "ETag: W/\"a\"", true},
      {"9110 13.1.2 any", "If-None-Match: *", kBoth, true},
      {"9110 13.1.2 any, without a tag", "If-None-Match: *", "", true},
      {"9110 13.1.2 any, in a list", "If-None-Match: *, \"a\"", kBoth, false},
      {"9110 13.1.2 any, quoted", "If-None-Match: \"*\"", kBoth, false},
      {"9110 13.1.2 any, twice", "If-None-Match: *\nIf-None-Match: *", kBoth, false},
      {"9110 13.1.2 nothing to match", "If-None-Match: \"a\"", "Last-Modified: @-100", false},
      {"9110 13.1.2 empty", "If-None-Match:", kBoth, false},
      {"9110 13.1.2 malformed", "If-None-Match: a", kBoth, false},
      {"9110 13.1.2 behind a malformed one", "If-None-Match: b, \"a\"", kBoth, false},
      {"9110 13.1.2 unclosed", "If-None-Match: \"a", kBoth, false},
      {"9110 13.1.2 a comma in a tag", "If-None-Match: \"b,a\"", kBoth, false},
      {"9110 13.1.2 the kept tag is malformed", "If-None-Match: a", "ETag: a", false},
      {"9110 13.1.2 case counts", "If-None-Match: \"A\"", kBoth, false},
      {"9110 13.1.3 at its date", "If-Modified-Since: @-100", kBoth, true},
      {"9110 13.1.3 behind its date", "If-Modified-Since: @-99", kBoth, true},
      {"9110 13.1.3 before its date", "If-Modified-Since: @-101", kBoth, false},
      {"9110 13.1.3 HEAD", "If-Modified-Since: @-100", kBoth, true, "HEAD"},
      {"9110 5.6.7 in another form", "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT", kBoth,
       true},
      {"9110 13.1.3 malformed", "If-Modified-Since: now", kBoth, false},
      {"9110 13.1.3 with a length, as of old",
       "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT; length=5", kBoth, false},
      {"9110 13.1.3 two", "If-Modified-Since: @-100\nIf-Modified-Since: @-100", kBoth, false},
      {"9110 13.1.3 a malformed Last-Modified", "If-Modified-Since: @0", "Last-Modified: x", false},
      {"9111 4.3.2 without Last-Modified, at Date", "If-Modified-Since: @-5", "Date: @-5", true},
      {"9111 4.3.2 without Last-Modified, before Date", "If-Modified-Since: @-6", "Date: @-5",
       false},
      {"9111 4.3.2 without either, when it came", "If-Modified-Since: @0", "", true},
      {"9111 4.3.2 without either, before it came", "If-Modified-Since: @-1", "", false},
      {"9110 13.2.2 the tag goes first: modified", "If-None-Match: \"b\"\nIf-Modified-Since: @0",
       kBoth, false},
      {"9110 13.2.2 the tag goes first: not modified",
       "If-None-Match: \"a\"\nIf-Modified-Since: @-1000", kBoth, true},
      {"9110 13.1.3 a malformed tag hides the date", "If-None-Match: x\nIf-Modified-Since: @0",
       kBoth, false},
      {"9110 13.2.1 of a 404 nothing is judged", "If-None-Match: \"a\"", kBoth, false, "GET", 404},
      {"9110 13.2.1 nor of a 301", "If-None-Match: *", kBoth, false, "GET", 301},
      {"9110 13.2.1 nor of a 204, though it could be", "If-Modified-Since: @0", kBoth, false, "GET",
       204},
      {"9110 13.1.3 for no other method", "If-Modified-Since: @0", kBoth, false, "POST"},
  };
  for (const Row& row : kRows) {
    const Lines request(row.request);
    const Lines kept(row.kept);
    const Verdict verdict = judge(request.request(row.method), {row.status, kept, kNow});
    EXPECT_EQ(row.notModified, verdict == Verdict::kNotModified) << row.name;
  }
}

TEST(Conditions, MayBeTheOriginsMatter) {
  struct Row {
    std::string_view name;
    std::string_view request;
    bool needs;
  };
  constexpr Row kRows[] = {
      {"9110 13.1.1 If-Match", "If-Match: \"a\"", true},
      {"9110 13.1.1 If-Match: *", "if-match: *", true},
      {"9110 13.1.4 If-Unmodified-Since", "If-Unmodified-Since: @0", true},
      {"9110 13.1.4 a malformed one", "If-Unmodified-Since: x", true},
      {"9110 13.1.2 If-None-Match", "If-None-Match: \"a\"", false},
      {"9110 13.1.3 If-Modified-Since", "If-Modified-Since: @0", false},
      {"9110 13.1.5 If-Range", "If-Range: \"a\"", false},
  };
  for (const Row& row : kRows) EXPECT_EQ(row.needs, needsOrigin(Lines(row.request))) << row.name;
}

TEST(IfRange, LetsARangeApply) {
  struct Row {
    std::string_view name;
    std::string_view request;
    std::string_view kept;
    bool applies;
    std::string_view method = "GET";
    int status = 200;
  };
  constexpr std::string_view kBoth = "ETag: \"a\"\nLast-Modified: @-100\nDate: @0";
  constexpr Row kRows[] = {
      {"9110 14.2 no Range", "", kBoth, false},
      {"9110 14.2 Range", "Range: bytes=0-1", kBoth, true},
      {"9110 14.2 for GET only", "Range: bytes=0-1", kBoth, false, "HEAD"},
      {"9110 14.2 of a 200 only", "Range: bytes=0-1", kBoth, false, "GET", 404},
      {"9110 13.1.5 If-Range without Range", "If-Range: \"a\"", kBoth, false},
      {"9110 13.1.5 the tag", "Range: bytes=0-1\nIf-Range: \"a\"", kBoth, true},
      {"9110 13.1.5 another tag", "Range: bytes=0-1\nIf-Range: \"b\"", kBoth, false},
      {"9110 13.1.5 strongly", "Range: bytes=0-1\nIf-Range: W/\"a\"", kBoth, false},
      {"9110 13.1.5 strongly, the other way", "Range: bytes=0-1\nIf-Range: \"a\"", "ETag: W/\"a\"",
       false},
      {"9110 13.1.5 both weak", "Range: bytes=0-1\nIf-Range: W/\"a\"", "ETag: W/\"a\"", false},
      {"9110 13.1.5 no list", "Range: bytes=0-1\nIf-Range: \"a\", \"b\"", kBoth, false},
      {"9110 13.1.5 no asterisk", "Range: bytes=0-1\nIf-Range: *", kBoth, false},
      {"9110 13.1.5 two lines", "Range: bytes=0-1\nIf-Range: \"a\"\nIf-Range: \"a\"", kBoth, false},
      {"9110 13.1.5 empty", "Range: bytes=0-1\nIf-Range:", kBoth, false},
      {"9110 13.1.5 no tag is kept", "Range: bytes=0-1\nIf-Range: \"a\"", "", false},
      {"9110 13.1.5 its date", "Range: bytes=0-1\nIf-Range: @-100", kBoth, true},
      {"9110 13.1.5 a later date", "Range: bytes=0-1\nIf-Range: @-99", kBoth, false},
      {"9110 13.1.5 an earlier date", "Range: bytes=0-1\nIf-Range: @-101", kBoth, false},
      {"9110 13.1.5 no date is kept", "Range: bytes=0-1\nIf-Range: @-100", "Date: @0", false},
      {"9110 8.8.2.2 a weak date", "Range: bytes=0-1\nIf-Range: @-59",
       "Last-Modified: @-59\nDate: @0", false},
      {"9110 8.8.2.2 a date that is just strong", "Range: bytes=0-1\nIf-Range: @-60",
       "Last-Modified: @-60\nDate: @0", true},
      {"9110 8.8.2.2 a date without Date", "Range: bytes=0-1\nIf-Range: @-100",
       "Last-Modified: @-100", false},
  };
  for (const Row& row : kRows) {
    const Lines request(row.request);
    const Lines kept(row.kept);
    EXPECT_EQ(row.applies, rangeApplies(request.request(row.method), {row.status, kept, kNow}))
        << row.name;
  }
}

}  // namespace
}  // namespace proxy::cache
