// Classes of characters, in ASCII whatever the locale is. For this folder and the rooms that read
// fields of their own; pure.
#pragma once

#include <array>
#include <string_view>

namespace proxy::http {

[[nodiscard]] constexpr bool isDigit(char c) noexcept { return c >= '0' && c <= '9'; }

[[nodiscard]] constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

[[nodiscard]] constexpr bool isAlpha(char c) noexcept { return lower(c) >= 'a' && lower(c) <= 'z'; }

[[nodiscard]] constexpr bool isHexDigit(char c) noexcept {
  return isDigit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
}

/// A set of characters that is asked by one load.
class CharacterSet {
 public:
  constexpr CharacterSet(bool alphanumeric, std::string_view others) noexcept {
    for (unsigned i = 0; i < 128; ++i) {
      const char c = static_cast<char>(i);
      member_[i] =
          (alphanumeric && (isAlpha(c) || isDigit(c))) || others.find(c) != std::string_view::npos;
    }
  }
  [[nodiscard]] constexpr bool has(char c) const noexcept {
    return member_[static_cast<unsigned char>(c)];
  }

 private:
  std::array<bool, 256> member_{};
};

/// tchar (RFC 9110, 5.6.2).
inline constexpr CharacterSet kTokenCharacters(true, "!#$%&'*+-.^_`|~");

/// Without the optional white space around it (RFC 9110, 5.6.3).
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) noexcept {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace proxy::http
