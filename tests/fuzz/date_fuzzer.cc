// A date that is written, in any form, is read as the same second; and one that is read and written
// is read again as the same.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

#include "core/check.h"
#include "fuzz/input.h"
#include "http/date.h"

namespace proxy::http {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kFirst = -62'167'219'200;  // 0000-01-01
constexpr std::int64_t kLast = 253'402'300'799;   // 9999-12-31

Time timeOf(std::uint64_t number) {
  constexpr auto kSpan = static_cast<std::uint64_t>(kLast - kFirst + 1);
  return Time(seconds(kFirst + static_cast<std::int64_t>(number % kSpan)));
}

// "Sun, 06 Nov 1994 08:49:37 GMT" in the two older forms.
std::string asctimeOf(const std::string& fixed) {
  std::string day = fixed.substr(5, 2);
  if (day[0] == '0') day[0] = ' ';
  return fixed.substr(0, 3) + ' ' + fixed.substr(8, 3) + ' ' + day + ' ' + fixed.substr(17, 8) +
         ' ' + fixed.substr(12, 4);
}

std::string rfc850Of(const std::string& fixed) {
  return "Sunday, " + fixed.substr(5, 2) + '-' + fixed.substr(8, 3) + '-' + fixed.substr(14, 2) +
         fixed.substr(16);
}

void checkWritten(Time time) {
  DateText text;
  const std::string fixed(text.at(time));
  CHECK(parseDate(fixed, Time{}) == time);
  CHECK(parseDate(fixed, time) == time);
  CHECK(parseDate(asctimeOf(fixed), Time{}) == time);
  CHECK(parseDate(rfc850Of(fixed), time) == time);
  const Time later = time + seconds(49LL * 365 * 86400);
  CHECK(parseDate(rfc850Of(fixed), later) == time);
}

void checkRead(std::string_view text, Time now) {
  const auto time = parseDate(text, now);
  if (!time) return;
  // A leap second behind the last year is the first of one that cannot be written.
  if (time->time_since_epoch().count() > kLast) return;
  CHECK(time->time_since_epoch().count() >= kFirst - 100LL * 366 * 86400);
  if (text[3] != ',' && text[3] != ' ') {
    CHECK(*time - now <= seconds(50LL * 366 * 86400 + 1));
    CHECK(now - *time <= seconds(51LL * 366 * 86400));
  }
  if (time->time_since_epoch().count() < kFirst) return;
  DateText written;
  CHECK(parseDate(written.at(*time), now) == time);
}

}  // namespace
}  // namespace proxy::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  proxy::Input input(data, size);
  const proxy::http::Time now = proxy::http::timeOf(input.number());
  proxy::http::checkWritten(now);
  proxy::http::checkRead(input.rest(), now);
  return 0;
}
