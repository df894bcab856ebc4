// Header fields as a test writes them down.
#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/characters.h"
#include "http/date.h"
#include "http/field.h"
#include "http/head.h"

namespace proxy::cache {

/// Sun, 06 Nov 1994 08:49:37 GMT: the present of these tests.
inline constexpr http::Time kNow{std::chrono::seconds{784'111'777}};

inline http::Time later(std::int64_t seconds) { return kNow + std::chrono::seconds(seconds); }

inline std::string dateText(http::Time time) { return std::string(http::DateText().at(time)); }

/// Fields, one on each line. A value of "@60" is the date 60 seconds after kNow, "@-60" before.
class Lines {
 public:
  explicit Lines(std::string_view text) {
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      const std::size_t colon = line.find(':');
      names_.emplace_back(line.substr(0, colon));
      values_.push_back(valueOf(http::trimmed(line.substr(std::min(colon + 1, line.size())))));
    }
    for (std::size_t i = 0; i < names_.size(); ++i) {
      fields_.push_back({names_[i], values_[i], http::nameOf(names_[i])});
    }
  }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  [[nodiscard]] http::Fields fields() const { return fields_; }
  operator http::Fields() const { return fields_; }  // NOLINT: as if it were them

  [[nodiscard]] http::RequestHead request(std::string_view method = "GET") const {
    return {method, "/", http::Version::k11, fields_, {}};
  }
  [[nodiscard]] http::ResponseHead answer(int status = 200) const {
    return {status, {}, http::Version::k11, fields_, {}};
  }

 private:
  static std::string valueOf(std::string_view text) {
    if (!text.starts_with('@')) return std::string(text);
    std::int64_t seconds = 0;
    std::from_chars(text.data() + 1, text.data() + text.size(), seconds);
    constexpr std::int64_t kMost = 60'000'000'000;  // the years that can be written
    return dateText(later(std::clamp(seconds, -kMost, kMost)));
  }

  std::vector<std::string> names_;
  std::vector<std::string> values_;
  std::vector<http::Field> fields_;
};

}  // namespace proxy::cache
