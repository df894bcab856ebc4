// Points in time as HTTP writes them (RFC 9110, 5.6.7). Pure; fuzzed.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string_view>

namespace proxy::http {

using Time = std::chrono::sys_seconds;

/// Any of the three forms; a year of two digits is at most fifty years ahead of `now`.
[[nodiscard]] std::optional<Time> parseDate(std::string_view text, Time now) noexcept;

/// "Sun, 06 Nov 1994 08:49:37 GMT", made once a second and kept.
class DateText {
 public:
  [[nodiscard]] std::string_view at(Time now) noexcept;

 private:
  Time second_{};
  std::array<char, 29> text_{};
  bool made_ = false;
};

}  // namespace proxy::http
