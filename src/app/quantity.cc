#include "app/quantity.h"

#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "core/format.h"

namespace proxy::app {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// The largest first.
constexpr std::array<Unit, 7> kSizes = {{{"G", 1 << 30},
                                         {"g", 1 << 30},
                                         {"M", 1 << 20},
                                         {"m", 1 << 20},
                                         {"K", 1 << 10},
                                         {"k", 1 << 10},
                                         {"", 1}}};
constexpr std::array<Unit, 4> kDurations = {
    {{"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::uint64_t kLongestMs = 1000ULL * 3'600'000;

// The number in front, and whatever stands behind it.
std::optional<std::uint64_t> takeNumber(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

template <std::size_t N>
std::optional<std::uint64_t> parseWith(const std::array<Unit, N>& units, std::string_view text) {
  const auto number = takeNumber(text);
  if (!number) return std::nullopt;
  for (const Unit& unit : units) {
    if (unit.name != text) continue;
    if (*number > std::numeric_limits<std::uint64_t>::max() / unit.factor) return std::nullopt;
    return *number * unit.factor;
  }
  return std::nullopt;
}

template <std::size_t N>
std::string textWith(const std::array<Unit, N>& units, std::uint64_t value) {
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.factor == 0) {
      return fmt::format("{}{}", value / unit.factor, unit.name);
    }
  }
  return fmt::format("0{}", units.back().name);
}

}  // namespace

Expected<std::uint64_t> parseSize(std::string_view text, std::uint64_t least, std::uint64_t most) {
  const auto size = parseWith(kSizes, text);
  if (!size) return unexpected(std::string("a size is a number of bytes, like 4096, 64K or 1M"));
  if (*size < least && most == UINT64_MAX) {
    return unexpected(fmt::format("it must be at least {}", sizeText(least)));
  }
  if (*size < least || *size > most) {
    return unexpected(fmt::format("it must be from {} to {}", sizeText(least), sizeText(most)));
  }
  return *size;
}

Expected<std::chrono::milliseconds> parseDuration(std::string_view text) {
  const auto ms = parseWith(kDurations, text);
  if (!ms || *ms > kLongestMs) {
    return unexpected(std::string(
        "a duration is a number with its unit, like 500ms, 10s, 5m or 1h, at most 1000h"));
  }
  return std::chrono::milliseconds(*ms);
}

Expected<std::uint64_t> parseNumber(std::string_view text, std::uint64_t least,
                                    std::uint64_t most) {
  const auto number = takeNumber(text);
  if (!number || !text.empty() || *number < least || *number > most) {
    return unexpected(fmt::format("it must be a whole number from {} to {}", least, most));
  }
  return *number;
}

std::string sizeText(std::uint64_t bytes) { return textWith(kSizes, bytes); }

std::string durationText(std::chrono::milliseconds duration) {
  return textWith(kDurations, static_cast<std::uint64_t>(duration.count()));
}

}  // namespace proxy::app
