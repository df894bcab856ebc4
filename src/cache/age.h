// The value of Age (RFC 9111, 5.1). Pure.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <string_view>

#include "cache/seconds.h"

namespace proxy::cache {

/// Digits, made in place: "0" to "2147483648".
class AgeText {
 public:
  explicit AgeText(Seconds age) noexcept {
    char* begin = digits_.data();
    const auto [end, error] = std::to_chars(begin, begin + digits_.size(), saturated(age).count());
    size_ = static_cast<std::size_t>(end - begin);
  }
  [[nodiscard]] std::string_view view() const noexcept { return {digits_.data(), size_}; }

 private:
  std::array<char, 10> digits_;
  std::size_t size_ = 0;
};

}  // namespace proxy::cache
