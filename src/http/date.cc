#include "http/date.h"

#include <algorithm>
#include <cstddef>
#include <tuple>

#include "http/characters.h"

namespace proxy::http {
namespace {

using std::chrono::day;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::month;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr std::string_view kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// Takes a date apart from its front. What does not fit makes it fail, and then it stays failed.
class Scan {
 public:
  explicit Scan(std::string_view text) noexcept : rest_(text) {}

  void literal(std::string_view text) noexcept {
    failed_ = failed_ || !rest_.starts_with(text);
    if (!failed_) rest_.remove_prefix(text.size());
  }

  [[nodiscard]] int digits(std::size_t count) noexcept {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      failed_ = failed_ || rest_.empty() || !isDigit(rest_.front());
      if (failed_) return 0;
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }

  /// Which day of the week it is does not matter: the date says it.
  void dayName(std::size_t shortest) noexcept {
    for (const std::string_view name : kDays) {
      const std::string_view text = name.substr(0, shortest);
      if (!rest_.starts_with(text)) continue;
      rest_.remove_prefix(text.size());
      return;
    }
    failed_ = true;
  }

  [[nodiscard]] month monthName() noexcept {
    const std::size_t at = kMonths.find(rest_.substr(0, 3));
    failed_ = failed_ || rest_.size() < 3 || at % 3 != 0;
    if (failed_) return month(0);
    rest_.remove_prefix(3);
    return month(static_cast<unsigned>(at / 3 + 1));
  }

  /// 08:49:37; a second of 60 is a leap second (RFC 9110, 5.6.7).
  [[nodiscard]] seconds timeOfDay() noexcept {
    const int hour = digits(2);
    literal(":");
    const int minute = digits(2);
    literal(":");
    const int second = digits(2);
    failed_ = failed_ || hour > 23 || minute > 59 || second > 60;
    return hours(hour) + minutes(minute) + seconds(second);
  }

  [[nodiscard]] bool startsWith(char c) const noexcept { return rest_.starts_with(c); }
  [[nodiscard]] bool done() const noexcept { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

day dayOf(int number) noexcept { return day(static_cast<unsigned>(number)); }

std::optional<Time> timeAt(const Scan& scan, year_month_day date, seconds time) noexcept {
  if (!scan.done() || !date.ok()) return std::nullopt;
  return sys_days(date) + time;
}

// Sun, 06 Nov 1994 08:49:37 GMT
std::optional<Time> parseFixed(std::string_view text) noexcept {
  Scan scan(text);
  scan.dayName(3);
  scan.literal(", ");
  const day d = dayOf(scan.digits(2));
  scan.literal(" ");
  const month m = scan.monthName();
  scan.literal(" ");
  const year y(scan.digits(4));
  scan.literal(" ");
  const seconds time = scan.timeOfDay();
  scan.literal(" GMT");
  return timeAt(scan, y / m / d, time);
}

// Sun Nov  6 08:49:37 1994
std::optional<Time> parseAsctime(std::string_view text) noexcept {
  Scan scan(text);
  scan.dayName(3);
  scan.literal(" ");
  const month m = scan.monthName();
  scan.literal(" ");
  const bool padded = scan.startsWith(' ');
  if (padded) scan.literal(" ");
  const day d = dayOf(scan.digits(padded ? 1 : 2));
  scan.literal(" ");
  const seconds time = scan.timeOfDay();
  scan.literal(" ");
  const year y(scan.digits(4));
  return timeAt(scan, y / m / d, time);
}

using Instant = std::tuple<int, month, day, seconds>;

// The latest year with these two last digits that makes the date at most fifty years ahead.
year yearOf(int twoDigits, month m, day d, seconds time, Time now) noexcept {
  const auto today = std::chrono::floor<std::chrono::days>(now);
  const year_month_day date(today);
  const int current = static_cast<int>(date.year());
  const Instant limit(current + 50, date.month(), date.day(), now - today);
  int candidate = current - current % 100 + 100 + twoDigits;
  while (Instant(candidate, m, d, time) > limit) candidate -= 100;
  return year(candidate);
}

// Sunday, 06-Nov-94 08:49:37 GMT
std::optional<Time> parseRfc850(std::string_view text, Time now) noexcept {
  Scan scan(text);
  scan.dayName(std::string_view::npos);
  scan.literal(", ");
  const day d = dayOf(scan.digits(2));
  scan.literal("-");
  const month m = scan.monthName();
  scan.literal("-");
  const int twoDigits = scan.digits(2);
  scan.literal(" ");
  const seconds time = scan.timeOfDay();
  scan.literal(" GMT");
  if (!scan.done()) return std::nullopt;
  return timeAt(scan, yearOf(twoDigits, m, d, time, now) / m / d, time);
}

void put(char* at, int value, int width) noexcept {
  for (; width > 0; value /= 10) at[--width] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::optional<Time> parseDate(std::string_view text, Time now) noexcept {
  if (text.size() < 4) return std::nullopt;
  if (text[3] == ',') return parseFixed(text);
  if (text[3] == ' ') return parseAsctime(text);
  return parseRfc850(text, now);
}

std::string_view DateText::at(Time now) noexcept {
  const std::string_view text(text_.data(), text_.size());
  if (made_ && now == second_) return text;

  const auto today = std::chrono::floor<std::chrono::days>(now);
  const year_month_day date(today);
  const std::chrono::hh_mm_ss time(now - today);
  const std::string_view weekday = kDays[std::chrono::weekday(today).c_encoding()];
  const unsigned monthIndex = static_cast<unsigned>(date.month()) - 1;
  constexpr std::string_view kShape = "---, -- --- ---- --:--:-- GMT";
  std::copy(kShape.begin(), kShape.end(), text_.begin());
  std::copy_n(weekday.begin(), 3, text_.begin());
  put(&text_[5], static_cast<int>(static_cast<unsigned>(date.day())), 2);
  std::copy_n(kMonths.begin() + 3 * monthIndex, 3, text_.begin() + 8);
  put(&text_[12], static_cast<int>(date.year()), 4);
  put(&text_[17], static_cast<int>(time.hours().count()), 2);
  put(&text_[20], static_cast<int>(time.minutes().count()), 2);
  put(&text_[23], static_cast<int>(time.seconds().count()), 2);
  second_ = now;
  made_ = true;
  return text;
}

}  // namespace proxy::http
