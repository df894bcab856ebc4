#include "cache/ranges.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "cache/lines.h"

namespace proxy::cache {
namespace {

constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();

/// "whole", "416", or each span as first+size.
std::string ask(http::Fields request, std::uint64_t length) {
  const Ranges ranges(request, length);
  if (ranges.answer() == RangeAnswer::kWhole) return ranges.spans().empty() ? "whole" : "?";
  if (ranges.answer() == RangeAnswer::kUnsatisfiable) return ranges.spans().empty() ? "416" : "?";
  std::string text;
  for (const Span& span : ranges.spans()) {
    if (!text.empty()) text += ' ';
    text += std::to_string(span.first) + '+' + std::to_string(span.size);
  }
  return text;
}

TEST(Ranges, AreFoundInABody) {
  struct Row {
    std::string_view name;
    std::string_view range;
    std::string_view spans;
    std::uint64_t length = 1000;
  };
  constexpr Row kRows[] = {
      {"9110 14.1.2 the first 500", "bytes=0-499", "0+500"},
      {"9110 14.1.2 the second 500", "bytes=500-999", "500+500"},
      {"9110 14.1.2 the last 500", "bytes=-500", "500+500"},
      {"9110 14.1.2 from 500 on", "bytes=500-", "500+500"},
      {"9110 14.1.2 all", "bytes=0-", "0+1000"},
      {"9110 14.1.2 one byte", "bytes=0-0", "0+1"},
      {"9110 14.1.2 the last byte", "bytes=-1", "999+1"},
      {"9110 14.1.2 the last byte by its place", "bytes=999-999", "999+1"},
      {"9110 14.1.2 the first and the last", "bytes=0-0,-1", "0+1 999+1"},
      {"9110 14.1.2 beyond the end", "bytes=900-2000", "900+100"},
      {"9110 14.1.2 a suffix beyond the start", "bytes=-2000", "0+1000"},
      {"9110 14.1.2 leading zeros", "bytes=000-0009", "0+10"},
      {"9110 14.1 any case", "BYTES=0-9", "0+10"},
      {"9110 14.1.1 several", "bytes=0-9,20-29,40-49", "0+10 20+10 40+10"},
      {"9110 14.2 in the order asked for", "bytes=40-49,0-9", "40+10 0+10"},
      {"9110 5.6.1 white space", "bytes=0-9 , 20-29\t,\t40-49", "0+10 20+10 40+10"},
      {"9110 5.6.1 empty members", "bytes=,0-9,, 20-29,", "0+10 20+10"},
      {"9110 15.3.7.2 next to each other", "bytes=0-9,10-19", "0+10 10+10"},
      {"9110 14.1.2 those outside are left out", "bytes=0-9,1000-,2000-3000", "0+10"},
      {"9110 14.1.2 an empty suffix is left out", "bytes=0-9,-0", "0+10"},
      {"9110 15.5.17 behind the end", "bytes=1000-", "416"},
      {"9110 15.5.17 far behind the end", "bytes=5000-6000", "416"},
      {"9110 15.5.17 all of them", "bytes=1000-1001,5000-", "416"},
      {"9110 15.5.17 an empty suffix", "bytes=-0", "416"},
      {"9110 14.1.2 a place beyond 64 bits", "bytes=99999999999999999999-", "416"},
      {"9110 14.1.2 an end beyond 64 bits", "bytes=0-99999999999999999999", "0+1000"},
      {"9110 14.1.2 a suffix beyond 64 bits", "bytes=-99999999999999999999", "0+1000"},
      {"9110 14.1.2 both beyond 64 bits", "bytes=99999999999999999999-99999999999999999999", "416"},
      {"9110 14.1.2 the largest number", "bytes=18446744073709551615-", "416"},
      {"9110 14.1.2 one less than nothing", "bytes=0-18446744073709551615", "0+1000"},
      {"9110 14.1.2 the end of the largest body", "bytes=-1", "18446744073709551614+1", kLargest},
      {"9110 14.1.2 all of the largest body", "bytes=0-", "0+18446744073709551615", kLargest},
      {"9110 14.2 of a body of one byte", "bytes=0-0", "0+1", 1},
      {"9110 14.2 behind a body of one byte", "bytes=1-1", "416", 1},
      {"9110 14.2 of an empty body", "bytes=0-", "whole", 0},
      {"9110 14.2 a suffix of an empty body", "bytes=-5", "whole", 0},
      {"9110 14.1.1 last before first", "bytes=9-0", "whole"},
      {"9110 14.1.1 last before first, behind a valid one", "bytes=0-9,30-20", "whole"},
      {"9110 14.1.1 last before first, outside", "bytes=5000-4000", "whole"},
      {"9110 14.1.1 nothing", "bytes=", "whole"},
      {"9110 14.1.1 commas", "bytes=,,", "whole"},
      {"9110 14.1.1 a dash", "bytes=-", "whole"},
      {"9110 14.1.1 no dash", "bytes=5", "whole"},
      {"9110 14.1.1 two dashes", "bytes=0-1-2", "whole"},
      {"9110 14.1.1 a negative number", "bytes=--5", "whole"},
      {"9110 14.1.1 a plus", "bytes=+0-5", "whole"},
      {"9110 14.1.1 letters", "bytes=a-b", "whole"},
      {"9110 14.1.1 hexadecimal", "bytes=0x0-0x9", "whole"},
      {"9110 14.1.1 blanks within", "bytes=0 - 9", "whole"},
      {"9110 14.1.1 quoted", "bytes=\"0-9\"", "whole"},
      {"9110 14.1.1 an unclosed quote", "bytes=0-9,\"20-29", "whole"},
      {"9110 14.1.1 malformed behind a valid one", "bytes=0-9,x", "whole"},
      {"9110 14.1 another unit", "items=0-9", "whole"},
      {"9110 14.1 no unit", "0-9", "whole"},
      {"9110 14.1 no equals sign", "bytes 0-9", "whole"},
      {"9110 14.1 a blank before the equals sign", "bytes =0-9", "whole"},
      {"9110 14.1 a longer unit", "kbytes=0-9", "whole"},
      {"9110 17.15 a byte twice", "bytes=0-9,9-19", "whole"},
      {"9110 17.15 a byte twice, the later part first", "bytes=9-19,0-9", "whole"},
      {"9110 17.15 all twice", "bytes=0-,0-", "whole"},
      {"9110 17.15 one within another", "bytes=0-99,10-19", "whole"},
      {"9110 17.15 one around another", "bytes=10-19,0-99", "whole"},
      {"9110 17.15 a suffix that overlaps", "bytes=500-,-600", "whole"},
      {"9110 17.15 sixteen",
       "bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,"
       "24-24,26-26,28-28,30-30",
       "0+1 2+1 4+1 6+1 8+1 10+1 12+1 14+1 16+1 18+1 20+1 22+1 24+1 26+1 28+1 30+1"},
      {"9110 17.15 seventeen",
       "bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,"
       "22-22,24-24,26-26,28-28,30-30,32-32",
       "whole"},
  };
  for (const Row& row : kRows) {
    const Lines request(std::string("Range: ").append(row.range));
    EXPECT_EQ(row.spans, ask(request, row.length)) << row.name;
  }
  EXPECT_EQ("whole", ask({}, 1000)) << "9110 14.2 no Range";
  EXPECT_EQ("whole", ask(Lines("Range: bytes=0-9\nRange: bytes=20-29"), 1000))
      << "9110 5.3 two lines";
}

TEST(ContentRange, IsWritten) {
  struct Row {
    std::string_view name;
    Span span;
    std::uint64_t length;
    std::string_view text;
  };
  constexpr Row kRows[] = {
      {"9110 14.4 the first 500", {0, 500}, 1234, "bytes 0-499/1234"},
      {"9110 14.4 the last 500", {734, 500}, 1234, "bytes 734-1233/1234"},
      {"9110 14.4 one byte", {0, 1}, 1, "bytes 0-0/1"},
      {"9110 14.4 the largest",
       {0, kLargest},
       kLargest,
       "bytes 0-18446744073709551614/18446744073709551615"},
  };
  for (const Row& row : kRows) {
    std::string text;
    appendContentRange(text, row.span, row.length);
    EXPECT_EQ(row.text, text) << row.name;
  }
  std::string text;
  appendUnsatisfied(text, 47022);
  EXPECT_EQ("bytes */47022", text) << "9110 15.5.17";
}

std::string written(const Multipart& parts, std::span<const Span> spans, std::string_view body) {
  std::string out;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    parts.appendHead(out, i);
    out.append(body.substr(spans[i].first, spans[i].size));
  }
  parts.appendEnd(out);
  return out;
}

TEST(Multipart, IsWritten) {
  constexpr Span kSpans[] = {{0, 3}, {8, 2}};
  const Multipart parts(kSpans, "B", "text/plain", 10);
  const std::string out = written(parts, kSpans, "0123456789");
  EXPECT_EQ(
      "\r\n--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-2/10\r\n\r\n012"
      "\r\n--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 8-9/10\r\n\r\n89"
      "\r\n--B--\r\n",
      out);
  EXPECT_EQ(out.size(), parts.size());
  std::string type;
  appendMultipartType(type, "B");
  EXPECT_EQ("multipart/byteranges; boundary=B", type);
}

TEST(Multipart, IsAsLongAsItSays) {
  struct Row {
    std::string_view name;
    Span first;
    Span second;
    std::size_t length;
    std::string_view type;
  };
  constexpr Row kRows[] = {
      {"9110 14.6 digits", {0, 9}, {99, 1}, 100, "a/b"},
      {"9110 14.6 more digits", {9, 1}, {10, 90}, 100, "a/b"},
      {"9110 14.6 across a power of ten", {9, 2}, {99, 2}, 101, "a/b"},
      {"9110 14.6 across a thousand", {998, 2}, {1000, 1}, 1001, "a/b"},
      {"9110 14.6 no type", {0, 1}, {2, 1}, 3, ""},
      {"9110 14.6 a type with parameters", {0, 1}, {2, 1}, 3, "a/b; c=\"d\""},
  };
  for (const Row& row : kRows) {
    const Span spans[] = {row.first, row.second};
    const Multipart parts(spans, "some-boundary", row.type, row.length);
    const std::string body(row.length, 'x');
    EXPECT_EQ(written(parts, spans, body).size(), parts.size()) << row.name;
  }
}

}  // namespace
}  // namespace proxy::cache
