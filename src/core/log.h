// The program's log: one line an event on stderr, written by a thread of its own. Any thread may
// log; none ever waits for it: when the reader of stderr does not keep up, the oldest lines are
// dropped and counted.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/format.h"

namespace proxy::log {

enum class Level : std::uint8_t { kDebug, kInfo, kWarning, kError, kOff };

/// The names, the most talkative first: "debug", "info", "warning", "error", "off".
[[nodiscard]] std::vector<std::string_view> levelNames();
[[nodiscard]] std::optional<Level> levelNamed(std::string_view name);
[[nodiscard]] std::string_view nameOf(Level level);

/// Before this, and after stop(), nothing is written.
void start(Level level);
/// Writes what is queued, and says how many lines were dropped. False if the reader of stderr did
/// not take it within a second: then the log's thread still waits for it, and the process should
/// _Exit().
[[nodiscard]] bool stop();
/// Lines dropped since start().
[[nodiscard]] std::uint64_t dropped();

namespace detail {
inline std::atomic<Level> lowest{Level::kOff};
void write(Level level, std::string_view line);
}  // namespace detail

[[nodiscard]] inline bool enabled(Level level) noexcept {
  return level >= detail::lowest.load(std::memory_order_relaxed);
}

template <class... Values>
void write(Level level, fmt::format_string<Values...> text, Values&&... values) {
  if (enabled(level)) detail::write(level, fmt::format(text, std::forward<Values>(values)...));
}

template <class... Values>
void debug(fmt::format_string<Values...> text, Values&&... values) {
  write(Level::kDebug, text, std::forward<Values>(values)...);
}
template <class... Values>
void info(fmt::format_string<Values...> text, Values&&... values) {
  write(Level::kInfo, text, std::forward<Values>(values)...);
}
template <class... Values>
void warning(fmt::format_string<Values...> text, Values&&... values) {
  write(Level::kWarning, text, std::forward<Values>(values)...);
}
template <class... Values>
void error(fmt::format_string<Values...> text, Values&&... values) {
  write(Level::kError, text, std::forward<Values>(values)...);
}

}  // namespace proxy::log
