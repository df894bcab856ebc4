// The bytes of a test's stream: known at every offset, so that a receiver sees at once which byte
// is lost, doubled or another stream's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace e2e {

class Pattern {
 public:
  explicit Pattern(std::uint64_t seed) : start_(mix(seed) % kBlock) {}

  /// Some of the bytes from `offset` on, at least one.
  [[nodiscard]] std::string_view from(std::uint64_t offset) const {
    return std::string_view(block()).substr((start_ + offset) % kBlock);
  }

  [[nodiscard]] std::string bytes(std::uint64_t offset, std::size_t count) const {
    std::string bytes;
    while (bytes.size() < count) {
      bytes += from(offset + bytes.size()).substr(0, count - bytes.size());
    }
    return bytes;
  }

  /// Where `bytes`, which should be those from `offset` on, differ first.
  [[nodiscard]] std::optional<std::uint64_t> firstWrong(std::uint64_t offset,
                                                        std::string_view bytes) const {
    for (std::size_t done = 0; done < bytes.size();) {
      const auto right = from(offset + done).substr(0, bytes.size() - done);
      const auto here = bytes.substr(done, right.size());
      if (std::memcmp(here.data(), right.data(), right.size()) != 0) {
        const auto wrong = std::mismatch(here.begin(), here.end(), right.begin()).first;
        return offset + done + static_cast<std::uint64_t>(wrong - here.begin());
      }
      done += right.size();
    }
    return std::nullopt;
  }

 private:
  // A prime, so that no multiple of a buffer's size leads back to the same bytes.
  static constexpr std::size_t kBlock = 1'048'583;

  // SplitMix64.
  static std::uint64_t mix(std::uint64_t state) {
    std::uint64_t z = state + 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }

  static const std::string& block() {
    static const std::string block = [] {
      std::string bytes(kBlock, '\0');
      for (std::size_t i = 0; i < kBlock; ++i) bytes[i] = static_cast<char>(mix(i) & 0xFFU);
      return bytes;
    }();
    return block;
  }

  std::uint64_t start_;
};

}  // namespace e2e
