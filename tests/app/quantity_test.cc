#include "app/quantity.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace proxy::app {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kSizeSentence = "a size is a number of bytes, like 4096, 64K or 1M";
constexpr const char* kDurationSentence =
    "a duration is a number with its unit, like 500ms, 10s, 5m or 1h, at most 1000h";

TEST(Quantity, ReadsSizes) {
  struct Row {
    const char* text;
    std::uint64_t bytes;
  };
  constexpr Row kRows[] = {
      {"0", 0},
      {"1", 1},
      {"4096", 4096},
      {"0064K", 65536},
      {"64K", 65536},
      {"1M", 1048576},
      {"2G", 2147483648},
      {"64k", 65536},
      {"1m", 1048576},
      {"2g", 2147483648},
      {"18446744073709551615", 18446744073709551615U},
      {"17179869183G", 18446744072635809792U},
  };
  for (const Row& row : kRows) EXPECT_EQ(row.bytes, parseSize(row.text)) << row.text;
}

TEST(Quantity, SaysWhatASizeIs) {
  for (const char* text : {"", "K", "-1", "+1", " 1", "1 ", "1KB", "1KiB", "1.5M", "1T", "0x10",
                           "1MM", "18446744073709551616", "17179869184G", "many"}) {
    const auto size = parseSize(text);
    ASSERT_FALSE(size) << text;
    EXPECT_EQ(kSizeSentence, size.error()) << text;
  }
}

TEST(Quantity, ReadsSizesWithinBounds) {
  EXPECT_EQ(4096U, parseSize("4K", 4096, 65536));
  EXPECT_EQ(65536U, parseSize("64K", 4096, 65536));
  for (const char* text : {"0", "4095", "65537", "1G"}) {
    const auto size = parseSize(text, 4096, 65536);
    ASSERT_FALSE(size) << text;
    EXPECT_EQ("it must be from 4K to 64K", size.error()) << text;
  }
  EXPECT_EQ("it must be at least 4K", parseSize("4095", 4096).error());
}

TEST(Quantity, ReadsDurations) {
  struct Row {
    const char* text;
    milliseconds duration;
  };
  const std::vector<Row> rows = {
      {"0ms", milliseconds(0)},
      {"1ms", milliseconds(1)},
      {"500ms", milliseconds(500)},
      {"0s", seconds(0)},
      {"10s", seconds(10)},
      {"90s", seconds(90)},
      {"5m", minutes(5)},
      {"1h", hours(1)},
      {"1000h", hours(1000)},
      {"60000m", hours(1000)},
      {"3600000000ms", hours(1000)},
  };
  for (const Row& row : rows) EXPECT_EQ(row.duration, parseDuration(row.text)) << row.text;
}

TEST(Quantity, SaysWhatADurationIs) {
  for (const char* text :
       {"", "10", "s", "-1s", "+1s", " 1s", "1 s", "1sec", "1S", "1.5s", "1d", "1us", "1001h",
        "60001m", "99999999999999999999s", "18446744073709551615h", "soon"}) {
    const auto duration = parseDuration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_EQ(kDurationSentence, duration.error()) << text;
  }
}

TEST(Quantity, ReadsNumbersWithinBounds) {
  EXPECT_EQ(1U, parseNumber("1", 1, 8));
  EXPECT_EQ(8U, parseNumber("8", 1, 8));
  EXPECT_EQ(7U, parseNumber("007", 1, 8));
  for (const char* text :
       {"", "0", "9", "-1", "+1", "1x", " 1", "1 ", "1.0", "99999999999999999999", "one"}) {
    const auto number = parseNumber(text, 1, 8);
    ASSERT_FALSE(number) << text;
    EXPECT_EQ("it must be a whole number from 1 to 8", number.error()) << text;
  }
}

TEST(Quantity, WritesSizesAsItReadsThem) {
  struct Row {
    std::uint64_t bytes;
    const char* text;
  };
  constexpr Row kRows[] = {{0, "0"},        {1, "1"},           {1000, "1000"},
                           {1024, "1K"},    {1536, "1536"},     {65536, "64K"},
                           {1048576, "1M"}, {1049600, "1025K"}, {3221225472, "3G"}};
  for (const Row& row : kRows) {
    EXPECT_EQ(row.text, sizeText(row.bytes));
    EXPECT_EQ(row.bytes, parseSize(row.text));
  }
}

TEST(Quantity, WritesDurationsAsItReadsThem) {
  struct Row {
    milliseconds duration;
    const char* text;
  };
  const std::vector<Row> rows = {
      {milliseconds(0), "0ms"}, {milliseconds(1), "1ms"}, {milliseconds(1500), "1500ms"},
      {seconds(5), "5s"},       {seconds(90), "90s"},     {minutes(2), "2m"},
      {hours(1), "1h"},         {hours(1000), "1000h"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(row.text, durationText(row.duration));
    EXPECT_EQ(row.duration, parseDuration(row.text));
  }
}

}  // namespace
}  // namespace proxy::app
