#include "http/date.h"

#include <chrono>

#include <gtest/gtest.h>

namespace proxy::http {
namespace {

using std::chrono::seconds;

Time at(int year, unsigned month, unsigned day, int timeOfDay = 0) {
  return std::chrono::sys_days(std::chrono::year(year) / static_cast<int>(month) /
                               static_cast<int>(day)) +
         seconds(timeOfDay);
}

const Time kNow = at(2026, 11, 21, 53000);
constexpr int kMorning = 8 * 3600 + 49 * 60 + 37;

TEST(Date, IsReadInEachOfItsForms) {
  struct Row {
    std::string_view text;
    Time time;
  };
  const Row rows[] = {
      {"Sun, 06 Nov 1994 08:49:37 GMT", at(1994, 11, 6, kMorning)},
      {"Sunday, 06-Nov-94 08:49:37 GMT", at(1994, 11, 6, kMorning)},
      {"Sun Nov  6 08:49:37 1994", at(1994, 11, 6, kMorning)},
      {"Wed Nov 16 08:49:37 1994", at(1994, 11, 16, kMorning)},
      {"Wednesday, 16-Nov-94 08:49:37 GMT", at(1994, 11, 16, kMorning)},
      {"Mon, 06 Nov 1994 08:49:37 GMT", at(1994, 11, 6, kMorning)},  // it was a Sunday
      {"Thu, 01 Jan 1970 00:00:00 GMT", at(1970, 1, 1)},
      {"Wed, 31 Dec 1969 23:59:59 GMT", at(1970, 1, 1, -1)},
      {"Fri, 31 Dec 9999 23:59:59 GMT", at(9999, 12, 31, 86399)},
      {"Sat, 01 Jan 0000 00:00:00 GMT", at(0, 1, 1)},
      {"Tue, 29 Feb 2028 00:00:00 GMT", at(2028, 2, 29)},
      {"Sat, 31 Dec 2016 23:59:60 GMT", at(2017, 1, 1)},  // a leap second
  };
  for (const Row& row : rows) EXPECT_EQ(row.time, parseDate(row.text, kNow)) << row.text;
}

TEST(Date, OfTwoDigitsIsAtMostFiftyYearsAhead) {
  struct Row {
    std::string_view text;
    int year;
  };
  const Row rows[] = {
      {"Sunday, 01-Jan-00 00:00:00 GMT", 2000}, {"Sunday, 01-Jan-26 00:00:00 GMT", 2026},
      {"Sunday, 01-Jan-76 00:00:00 GMT", 2076}, {"Sunday, 01-Jan-77 00:00:00 GMT", 1977},
      {"Sunday, 01-Jan-99 00:00:00 GMT", 1999},
  };
  for (const Row& row : rows) EXPECT_EQ(at(row.year, 1, 1), parseDate(row.text, kNow)) << row.text;

  EXPECT_EQ(at(2076, 11, 21, 53000), parseDate("Sunday, 21-Nov-76 14:43:20 GMT", kNow));
  EXPECT_EQ(at(1976, 11, 21, 53001), parseDate("Sunday, 21-Nov-76 14:43:21 GMT", kNow));
  EXPECT_EQ(at(1976, 11, 22), parseDate("Sunday, 22-Nov-76 00:00:00 GMT", kNow));
  EXPECT_EQ(at(2100, 1, 1), parseDate("Friday, 01-Jan-00 00:00:00 GMT", at(2099, 1, 1)));
  EXPECT_EQ(at(2020, 2, 29), parseDate("Saturday, 29-Feb-20 00:00:00 GMT", at(2020, 2, 29)));
}

TEST(Date, IsRefused) {
  for (const std::string_view text : {
           "",
           "0",
           "Sun",
           "Sun,",
           "784111777",
           "1994-11-06T08:49:37Z",
           "Sun, 06 Nov 1994 08:49:37",
           "Sun, 06 Nov 1994 08:49:37 UTC",
           "Sun, 06 Nov 1994 08:49:37 gmt",
           "Sun, 06 Nov 1994 08:49:37 +0000",
           "Sun, 06 Nov 1994 08:49:37 GMT ",
           " Sun, 06 Nov 1994 08:49:37 GMT",
           "Sun, 6 Nov 1994 08:49:37 GMT",
           "Sun,06 Nov 1994 08:49:37 GMT",
           "Sun, 06-Nov-1994 08:49:37 GMT",
           "sun, 06 Nov 1994 08:49:37 GMT",
           "Son, 06 Nov 1994 08:49:37 GMT",
           "Sun, 06 nov 1994 08:49:37 GMT",
           "Sun, 06 anF 1994 08:49:37 GMT",
           "Sun, 06 No 1994 08:49:37 GMT",
           "Sun, 00 Nov 1994 08:49:37 GMT",
           "Sun, 31 Nov 1994 08:49:37 GMT",
           "Sun, 32 Dec 1994 08:49:37 GMT",
           "Mon, 29 Feb 2027 08:49:37 GMT",
           "Mon, 29 Feb 1900 08:49:37 GMT",
           "Sun, 06 Nov 94 08:49:37 GMT",
           "Sun, 06 Nov 19940 08:49:37 GMT",
           "Sun, 06 Nov -994 08:49:37 GMT",
           "Sun, 06 Nov 1994 24:00:00 GMT",
           "Sun, 06 Nov 1994 08:60:00 GMT",
           "Sun, 06 Nov 1994 08:49:61 GMT",
           "Sun, 06 Nov 1994 8:49:37 GMT",
           "Sun, 06 Nov 1994 08:49 GMT",
           "Sun, 06 Nov 1994 08.49.37 GMT",
           "Sun, 06-Nov-94 08:49:37 GMT",
           "Sunday, 06 Nov 1994 08:49:37 GMT",
           "Sunday, 6-Nov-94 08:49:37 GMT",
           "Sunday, 06-Nov-1994 08:49:37 GMT",
           "Sunday, 06-Nov-94 08:49:37",
           "Sunda, 06-Nov-94 08:49:37 GMT",
           "Saturday, 29-Feb-21 08:49:37 GMT",
           "Sun Nov 6 08:49:37 1994",
           "Sun Nov 06  08:49:37 1994",
           "Sun Nov   6 08:49:37 1994",
           "Sun Nov  6 08:49:37 1994 GMT",
           "Sun Nov  6 08:49:37 94",
           "Sun Nov  0 08:49:37 1994",
       }) {
    EXPECT_FALSE(parseDate(text, kNow)) << text;
  }
}

TEST(DateText, IsWritten) {
  DateText text;
  EXPECT_EQ("Sun, 06 Nov 1994 08:49:37 GMT", text.at(at(1994, 11, 6, kMorning)));
  EXPECT_EQ("Sun, 06 Nov 1994 08:49:38 GMT", text.at(at(1994, 11, 6, kMorning + 1)));
  EXPECT_EQ("Thu, 01 Jan 1970 00:00:00 GMT", text.at(Time{}));
  EXPECT_EQ("Wed, 31 Dec 1969 23:59:59 GMT", text.at(Time{} - seconds(1)));
  EXPECT_EQ("Fri, 31 Dec 9999 23:59:59 GMT", text.at(at(9999, 12, 31, 86399)));
}

TEST(DateText, IsKeptForItsSecond) {
  DateText text;
  const std::string_view first = text.at(kNow);
  EXPECT_EQ(first.data(), text.at(kNow).data());
  EXPECT_EQ("Thu, 01 Jan 1970 00:00:00 GMT", DateText().at(Time{})) << "also for the first of all";
}

TEST(DateText, IsReadBack) {
  DateText text;
  for (Time time = at(1890, 1, 1); time < at(2120, 1, 1); time += seconds(86400 * 17 + 12345)) {
    ASSERT_EQ(time, parseDate(text.at(time), kNow)) << text.at(time);
  }
}

}  // namespace
}  // namespace proxy::http
