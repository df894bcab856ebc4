#include "cache/validation.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "cache/lines.h"

namespace proxy::cache {
namespace {

TEST(Validators, AreThoseThatCanBeUsed) {
  struct Row {
    std::string_view name;
    std::string_view fields;
    std::string_view etag;
    bool dated;
  };
  constexpr Row kRows[] = {
      {"9110 8.8 none", "", "", false},
      {"9110 8.8.3 a strong tag", "ETag: \"a\"", "\"a\"", false},
      {"9110 8.8.3 a weak tag", "etag: W/\"a\"", "W/\"a\"", false},
      {"9110 8.8.3 a malformed tag", "ETag: a", "", false},
      {"9110 8.8.3 two that differ", "ETag: \"a\"\nETag: \"b\"", "", false},
      {"9110 8.8.3 two that agree", "ETag: \"a\"\nETag: \"a\"", "\"a\"", false},
      {"9110 8.8.3 a list", "ETag: \"a\", \"b\"", "", false},
      {"9110 8.8.2 a date", "Last-Modified: @-9", "", true},
      {"9110 8.8.2 no date", "Last-Modified: 9", "", false},
      {"9110 8.8.2 two that differ", "Last-Modified: @-9\nLast-Modified: @-8", "", false},
      {"9110 8.8 both", "Last-Modified: @-9\nETag: \"a\"", "\"a\"", true},
  };
  for (const Row& row : kRows) {
    const Lines lines(row.fields);
    const Validators found = validatorsOf(lines, kNow);
    EXPECT_EQ(row.etag, found.etag) << row.name;
    EXPECT_EQ(row.dated, !found.lastModified.empty()) << row.name;
    EXPECT_EQ(row.etag.empty() && !row.dated, found.empty()) << row.name;
  }
}

TEST(Conditions, AreAsked) {
  struct Row {
    std::string_view name;
    Validators selected;
    std::vector<std::string_view> others;
    std::string_view text;
  };
  const Row rows[] = {
      {"9111 4.3.1 none", {}, {}, ""},
      {"9111 4.3.1 a tag", {"\"a\"", ""}, {}, "If-None-Match: \"a\"\r\n"},
      {"9111 4.3.1 a date", {"", "D"}, {}, "If-Modified-Since: D\r\n"},
      {"9111 4.3.1 both",
       {"W/\"a\"", "D"},
       {},
       "If-None-Match: W/\"a\"\r\nIf-Modified-Since: D\r\n"},
      {"9111 4.3.1 other variants",
       {"\"a\"", ""},
       {"\"b\"", "", "W/\"c\""},
       "If-None-Match: \"a\", \"b\", W/\"c\"\r\n"},
      {"9111 4.3.1 other variants only", {}, {"\"b\""}, "If-None-Match: \"b\"\r\n"},
      {"9111 4.3.1 other variants without tags", {}, {"", ""}, ""},
  };
  for (const Row& row : rows) {
    std::string text;
    appendConditions(text, row.selected, row.others);
    EXPECT_EQ(row.text, text) << row.name;
  }
}

TEST(Conditions, OfTheClientStayHere) {
  for (const char* name : {"If-None-Match", "if-modified-since", "IF-RANGE", "Range"}) {
    EXPECT_TRUE(isWithheld(name)) << name;
  }
  for (const char* name : {"If-Match", "If-Unmodified-Since", "Accept", "Cache-Control", ""}) {
    EXPECT_FALSE(isWithheld(name)) << name;
  }
}

TEST(NotModified, IsAboutAnAnswer) {
  struct Row {
    std::string_view name;
    std::string_view notModified;
    std::string_view kept;
    bool asked;
    bool confirms;
  };
  constexpr Row kRows[] = {
      {"9111 4.3.4 the same strong tag", "ETag: \"a\"", "ETag: \"a\"", false, true},
      {"9111 4.3.4 another strong tag", "ETag: \"a\"", "ETag: \"b\"", true, false},
      {"9111 4.3.4 a strong tag for a weak one", "ETag: \"a\"", "ETag: W/\"a\"", true, false},
      {"9111 4.3.4 the same weak tag", "ETag: W/\"a\"", "ETag: W/\"a\"", false, true},
      {"9111 4.3.4 a weak tag for a strong one", "ETag: W/\"a\"", "ETag: \"a\"", false, true},
      {"9111 4.3.4 another weak tag", "ETag: W/\"a\"", "ETag: W/\"b\"", true, false},
      {"9111 4.3.4 a tag for none", "ETag: \"a\"", "Last-Modified: @-9", true, false},
      {"9111 4.3.4 a tag goes before the date", "ETag: \"a\"\nLast-Modified: @-9",
       "ETag: \"b\"\nLast-Modified: @-9", true, false},
      {"9111 4.3.4 a malformed tag", "ETag: a", "ETag: \"a\"", true, false},
      {"9111 4.3.4 the same date", "Last-Modified: @-9", "Last-Modified: @-9", false, true},
      {"9111 4.3.4 the same date in another form", "Last-Modified: Sun Nov  6 08:49:37 1994",
       "Last-Modified: @0", false, true},
      {"9111 4.3.4 another date", "Last-Modified: @-9", "Last-Modified: @-8", true, false},
      {"9111 4.3.4 a date for none", "Last-Modified: @-9", "ETag: \"a\"", true, false},
      {"9111 4.3.4 none, and one was asked for", "Date: @0", "ETag: \"a\"", true, true},
      {"9111 4.3.4 none, and several were asked for", "Date: @0", "ETag: \"a\"", false, false},
  };
  for (const Row& row : kRows) {
    const Lines kept(row.kept);
    EXPECT_EQ(row.confirms,
              confirms(Lines(row.notModified), validatorsOf(kept, kNow), row.asked, kNow))
        << row.name;
  }
}

}  // namespace
}  // namespace proxy::cache
