#include "http1/access_line.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proxy::http1 {
namespace {

using namespace std::literals;
using std::chrono::sys_days;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr AccessTime kTime = sys_days(std::chrono::year(2026) / 11 / 21) + 14h + 3min + 59s + 7ms;

AccessEntry anEntry() {
  AccessEntry entry;
  entry.client = "192.0.2.7";
  entry.method = "GET";
  entry.target = "/a?b=c";
  entry.version = "HTTP/1.1";
  entry.host = "example.org";
  entry.referer = "http://example.org/";
  entry.userAgent = "curl/8.0";
  entry.status = 200;
  entry.sent = 812;
  entry.bodySent = 612;
  entry.received = 5;
  entry.milliseconds = 12;
  entry.complete = true;
  entry.reused = true;
  entry.notes = {.upstream = "10.0.0.7:80",
                 .connectedAfter = 1,
                 .answeredAfter = 11,
                 .reused = false,
                 .attempts = 2};
  return entry;
}

std::string lineOf(AccessFormat format, const AccessEntry& entry, AccessTime time = kTime) {
  std::string line;
  appendLine(line, format, entry, time);
  return line;
}
std::string combined(const AccessEntry& entry, AccessTime time = kTime) {
  return lineOf(AccessFormat::kCombined, entry, time);
}
std::string json(const AccessEntry& entry, AccessTime time = kTime) {
  return lineOf(AccessFormat::kJson, entry, time);
}

// The fields of an entry that a client chooses.
constexpr std::array kTexts = {&AccessEntry::method, &AccessEntry::target,  &AccessEntry::version,
                               &AccessEntry::host,   &AccessEntry::referer, &AccessEntry::userAgent,
                               &AccessEntry::client};

TEST(AccessLine, CombinedIsApaches) {
  EXPECT_EQ(
      "192.0.2.7 - - [21/Nov/2026:14:03:59 +0000] \"GET /a?b=c HTTP/1.1\" 200 612 "
      "\"http://example.org/\" \"curl/8.0\"",
      combined(anEntry()));
}

TEST(AccessLine, JsonSaysAllThereIs) {
  EXPECT_EQ(
      R"({"time":"2026-11-21T14:03:59.007Z","client":"192.0.2.7","method":"GET",)"
      R"("host":"example.org","target":"/a?b=c","version":"HTTP/1.1","status":200,"sent":812,)"
      R"("received":5,"ms":12,"complete":true,"error":"","reused":true,)"
      R"("upstream":"10.0.0.7:80",)"
      R"("attempts":2,"connect_ms":1,"answer_ms":11,"upstream_reused":false,)"
      R"("referer":"http://example.org/","user_agent":"curl/8.0"})",
      json(anEntry()));
}

TEST(AccessLine, WhatDidNotComeToBeHasItsPlaceToo) {
  const AccessEntry nothing;
  EXPECT_EQ("- - - [21/Nov/2026:14:03:59 +0000] \"-\" 000 0 \"-\" \"-\"", combined(nothing));
  EXPECT_EQ(
      R"({"time":"2026-11-21T14:03:59.007Z","client":"","method":"","host":"","target":"",)"
      R"("version":"","status":0,"sent":0,"received":0,"ms":0,"complete":false,"error":"",)"
      R"("reused":false,)"
      R"("upstream":"","attempts":0,"connect_ms":null,"answer_ms":null,"upstream_reused":false,)"
      R"("referer":"","user_agent":""})",
      json(nothing));
}

TEST(AccessLine, WhatIsNoRequestIsShownAsItCame) {
  AccessEntry entry;
  entry.target = "GET /\x01 \"x";
  entry.status = 400;
  EXPECT_THAT(combined(entry), HasSubstr("] \"GET /\\x01 \\x22x\" 400 "));
  EXPECT_THAT(json(entry), HasSubstr(R"("method":"","host":"","target":"GET /\u0001 \"x",)"));
}

TEST(AccessLine, IsAddedToWhatIsThere) {
  for (const AccessFormat format : {AccessFormat::kCombined, AccessFormat::kJson}) {
    std::string line = "before ";
    appendLine(line, format, anEntry(), kTime);
    EXPECT_EQ("before " + lineOf(format, anEntry()), line);
  }
}

TEST(AccessLine, TimesAreUtcsWithAllTheirDigits) {
  struct Row {
    AccessTime time;
    std::string combined;
    std::string json;
  };
  const auto day = [](int y, unsigned m, unsigned d) {
    return AccessTime(sys_days(std::chrono::year(y) / std::chrono::month(m) / std::chrono::day(d)));
  };
  const std::vector<Row> rows = {
      {AccessTime(), "01/Jan/1970:00:00:00", "1970-01-01T00:00:00.000"},
      {day(2000, 2, 29) + 1ms, "29/Feb/2000:00:00:00", "2000-02-29T00:00:00.001"},
      {day(2026, 12, 31) + 24h - 1ms, "31/Dec/2026:23:59:59", "2026-12-31T23:59:59.999"},
      {day(2027, 1, 1), "01/Jan/2027:00:00:00", "2027-01-01T00:00:00.000"},
      {day(2028, 3, 1) + 9h + 8min + 7s + 60ms, "01/Mar/2028:09:08:07", "2028-03-01T09:08:07.060"},
      {day(9999, 9, 9), "09/Sep/9999:00:00:00", "9999-09-09T00:00:00.000"},
  };
  for (const Row& row : rows) {
    EXPECT_THAT(combined({}, row.time), HasSubstr("[" + row.combined + " +0000]"));
    EXPECT_THAT(json({}, row.time), HasSubstr("\"" + row.json + "Z\""));
  }
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  for (unsigned month = 1; month <= 12; ++month) {
    EXPECT_THAT(combined({}, day(2026, month, 5)),
                HasSubstr("[05/"s + kMonths[month - 1] + "/2026"));
  }
}

TEST(AccessLine, NumbersAreAsLargeAsTheyGet) {
  AccessEntry entry = anEntry();
  entry.sent = UINT64_MAX;
  entry.bodySent = UINT64_MAX;
  entry.received = UINT64_MAX;
  entry.milliseconds = INT64_MAX;
  entry.notes.answeredAfter = INT64_MAX;
  entry.notes.attempts = 255;
  EXPECT_THAT(combined(entry), HasSubstr(" 200 18446744073709551615 \""));
  for (const char* part :
       {"\"sent\":18446744073709551615,", "\"received\":18446744073709551615,",
        "\"ms\":9223372036854775807,", "\"answer_ms\":9223372036854775807,", "\"attempts\":255,"}) {
    EXPECT_THAT(json(entry), HasSubstr(part));
  }
}

TEST(AccessLine, HostileBytesAreEscapedAsEachFormatHasIt) {
  struct Row {
    std::string text;
    std::string combined;
    std::string json;
  };
  const std::vector<Row> rows = {
      {"plain ~!'<>{}%", "plain ~!'<>{}%", "plain ~!'<>{}%"},
      {"a\"b", "a\\x22b", "a\\\"b"},
      {"a\\b", "a\\x5Cb", "a\\\\b"},
      {"\\x22", "\\x5Cx22", "\\\\x22"},
      {"\" 200 0 \"-\" \"-", "\\x22 200 0 \\x22-\\x22 \\x22-", "\\\" 200 0 \\\"-\\\" \\\"-"},
      {"a\nb", "a\\x0Ab", "a\\u000ab"},
      {"a\r\nb", "a\\x0D\\x0Ab", "a\\u000d\\u000ab"},
      {"\t\x1b[2J\x7f", "\\x09\\x1B[2J\\x7F", "\\u0009\\u001b[2J\\u007f"},
      {"a\0b"s, "a\\x00b", "a\\u0000b"},
      // characters of UTF-8: é, €, 😀, and the last of all
      {"caf\xc3\xa9", "caf\\xC3\\xA9", "caf\xc3\xa9"},
      {"\xe2\x82\xac", "\\xE2\\x82\\xAC", "\xe2\x82\xac"},
      {"\xf0\x9f\x98\x80", "\\xF0\\x9F\\x98\\x80", "\xf0\x9f\x98\x80"},
      {"\xf4\x8f\xbf\xbf", "\\xF4\\x8F\\xBF\\xBF", "\xf4\x8f\xbf\xbf"},
      // some of them break lines or steer terminals
      {"\xc2\x85|", "\\xC2\\x85|", "\\u0085|"},
      {"\xc2\x9b|", "\\xC2\\x9B|", "\\u009b|"},
      {"\xc2\xa0", "\\xC2\\xA0", "\xc2\xa0"},
      {"\xe2\x80\xa8|", "\\xE2\\x80\\xA8|", "\\u2028|"},
      {"\xe2\x80\xa9|", "\\xE2\\x80\\xA9|", "\\u2029|"},
      {"\xe2\x80\xaa", "\\xE2\\x80\\xAA", "\xe2\x80\xaa"},
      // no UTF-8: byte by byte
      {"\xe9t\xe9", "\\xE9t\\xE9", "\\u00e9t\\u00e9"},
      {"\x80\xbf", "\\x80\\xBF", "\\u0080\\u00bf"},
      {"\xc3", "\\xC3", "\\u00c3"},
      {"\xc3\"", "\\xC3\\x22", "\\u00c3\\\""},
      {"\xe2\x82", "\\xE2\\x82", "\\u00e2\\u0082"},
      {"\xf0\x9f\x98\n", "\\xF0\\x9F\\x98\\x0A", "\\u00f0\\u009f\\u0098\\u000a"},
      {"\xc0\xaf", "\\xC0\\xAF", "\\u00c0\\u00af"},                  // too long a slash
      {"\xc1\xbf", "\\xC1\\xBF", "\\u00c1\\u00bf"},                  // too long
      {"\xe0\x9f\xbf", "\\xE0\\x9F\\xBF", "\\u00e0\\u009f\\u00bf"},  // too long
      {"\xf0\x8f\xbf\xbf", "\\xF0\\x8F\\xBF\\xBF", "\\u00f0\\u008f\\u00bf\\u00bf"},  // too long
      {"\xed\xa0\x80", "\\xED\\xA0\\x80", "\\u00ed\\u00a0\\u0080"},                  // a surrogate
      {"\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80", "\\u00f4\\u0090\\u0080\\u0080"},  // U+110000
      {"\xf5\xff", "\\xF5\\xFF", "\\u00f5\\u00ff"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(testing::PrintToString(row.text));
    AccessEntry entry = anEntry();
    entry.target = row.text;
    entry.referer = row.text;
    entry.userAgent = row.text;
    EXPECT_THAT(combined(entry), HasSubstr("\"GET " + row.combined + " HTTP/1.1\" 200 612 \"" +
                                           row.combined + "\" \"" + row.combined + "\""));
    EXPECT_THAT(json(entry), HasSubstr("\"target\":\"" + row.json + "\",\"version\""));
    EXPECT_THAT(json(entry),
                EndsWith("\"referer\":\"" + row.json + "\",\"user_agent\":\"" + row.json + "\"}"));
  }
}

// Whatever byte stands in whatever field.
TEST(AccessLine, NoByteForgesALineOrAField) {
  for (const auto field : kTexts) {
    for (int byte = 0; byte < 256; ++byte) {
      AccessEntry entry = anEntry();
      const std::string text = {'x', static_cast<char>(byte), 'y'};
      entry.*field = text;
      SCOPED_TRACE(byte);

      const std::string plain = combined(entry);
      EXPECT_EQ(6, std::count(plain.begin(), plain.end(), '"'));
      EXPECT_TRUE(
          std::all_of(plain.begin(), plain.end(), [](char c) { return c >= ' ' && c <= '~'; }));
      const std::string escaped = plain.find("\\x") != plain.npos ? "escaped" : "as it is";
      const bool stays = byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\';
      if (field != &AccessEntry::host) {
        EXPECT_EQ(stays ? "as it is" : "escaped", escaped);
      }

      const std::string object = json(entry);
      const auto quotes = [](std::string_view line) {  // those that are not escaped
        std::size_t count = 0;
        for (std::size_t i = 0; i < line.size(); ++i) {
          if (line[i] == '\\')
            ++i;
          else if (line[i] == '"')
            ++count;
        }
        return count;
      };
      EXPECT_EQ(quotes(json(anEntry())), quotes(object));
      EXPECT_TRUE(std::none_of(object.begin(), object.end(),
                               [](char c) { return static_cast<unsigned char>(c) < ' '; }));
      EXPECT_THAT(object, StartsWith("{\"time\":"));
      EXPECT_THAT(object, EndsWith("}"));
    }
  }
}

TEST(AccessLine, EqualTextsComeOfEqualFieldsOnly) {
  std::vector<std::string> texts;
  for (int byte = 0; byte < 256; ++byte) texts.push_back({static_cast<char>(byte)});
  for (const char* text : {"\\x22", "\\x5C", "\\x0A", "\\u000a", "\\\"", "\\\\", "-"}) {
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.emplace_back(text);
  }
  std::vector<std::string> lines;
  for (const std::string& text : texts) {
    AccessEntry entry;
    entry.referer = text;
    lines.push_back(combined(entry));
  }
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(lines.end(), std::adjacent_find(lines.begin(), lines.end()));
}

}  // namespace
}  // namespace proxy::http1
