// Bytes whose every stretch is unlike any other, so that what is lost, repeated or overtaken shows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace support {

/// The first `size` bytes of stream `seed`.
inline std::string pattern(std::size_t size, std::uint64_t seed = 1) {
  std::string bytes(size, '\0');
  std::uint64_t state = seed * 0x9E3779B97F4A7C15ULL + 1;
  for (std::size_t at = 0; at < size; at += sizeof state) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    std::memcpy(bytes.data() + at, &state, std::min(sizeof state, size - at));
  }
  return bytes;
}

/// Says where two byte strings part instead of printing megabytes.
inline testing::AssertionResult same(std::string_view wanted, std::string_view got) {
  if (wanted == got) return testing::AssertionSuccess();
  const auto [one, two] = std::mismatch(wanted.begin(), wanted.end(), got.begin(), got.end());
  return testing::AssertionFailure()
         << wanted.size() << " bytes were wanted and " << got.size() << " came; they part at byte "
         << one - wanted.begin() << (two == got.end() ? ", where the latter ends" : "");
}

/// The same for what has not arrived in full.
inline testing::AssertionResult beginsWith(std::string_view whole, std::string_view got) {
  return same(whole.substr(0, got.size()), got);
}

}  // namespace support
