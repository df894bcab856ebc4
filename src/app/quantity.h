// Sizes and durations as an operator writes them. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/expected.h"

namespace proxy::app {

/// `4096`, `64K`, `1M`, `2g` (powers of 1024) to bytes, from `least` to `most`; else a sentence.
[[nodiscard]] Expected<std::uint64_t> parseSize(std::string_view text, std::uint64_t least = 0,
                                                std::uint64_t most = UINT64_MAX);

/// `500ms`, `10s`, `5m`, `1h`, at most 1000h; else a sentence. The unit is never left out.
[[nodiscard]] Expected<std::chrono::milliseconds> parseDuration(std::string_view text);

/// A whole number from `least` to `most`; else a sentence.
[[nodiscard]] Expected<std::uint64_t> parseNumber(std::string_view text, std::uint64_t least,
                                                  std::uint64_t most);

/// `1M`, `64K`, `1000`: what parseSize() reads.
[[nodiscard]] std::string sizeText(std::uint64_t bytes);
/// `5s`, `1h`, `1500ms`: what parseDuration() reads.
[[nodiscard]] std::string durationText(std::chrono::milliseconds duration);

}  // namespace proxy::app
