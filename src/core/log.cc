#include "core/log.h"

#include <array>
#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include <spdlog/async.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>

namespace proxy::log {

namespace {

constexpr std::size_t kQueuedLines = 8192;
constexpr std::chrono::seconds kLastLines{1};

struct LevelEntry {
  Level level;
  std::string_view name;
  spdlog::level::level_enum sink;
};

constexpr std::array<LevelEntry, 5> kLevels = {{
    {Level::kDebug, "debug", spdlog::level::debug},
    {Level::kInfo, "info", spdlog::level::info},
    {Level::kWarning, "warning", spdlog::level::warn},
    {Level::kError, "error", spdlog::level::err},
    {Level::kOff, "off", spdlog::level::off},
}};

const LevelEntry& entry(Level level) { return kLevels[static_cast<std::size_t>(level)]; }

// Set before the threads start and cleared after they ended.
std::shared_ptr<spdlog::logger> logger;

}  // namespace

std::vector<std::string_view> levelNames() {
  std::vector<std::string_view> names;
  for (const LevelEntry& it : kLevels) names.push_back(it.name);
  return names;
}

std::optional<Level> levelNamed(std::string_view name) {
  for (const LevelEntry& it : kLevels) {
    if (it.name == name) return it.level;
  }
  return std::nullopt;
}

std::string_view nameOf(Level level) { return entry(level).name; }

void start(Level level) {
  spdlog::init_thread_pool(kQueuedLines, 1);
  auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>();
  logger = std::make_shared<spdlog::async_logger>("proxy", sink, spdlog::thread_pool(),
                                                  spdlog::async_overflow_policy::overrun_oldest);
  logger->set_level(spdlog::level::trace);  // detail::lowest decides
  logger->flush_on(spdlog::level::trace);
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v", spdlog::pattern_time_type::utc);
  detail::lowest = level;
}

std::uint64_t dropped() {
  const auto pool = spdlog::thread_pool();
  return pool ? pool->overrun_counter() : 0;
}

bool stop() {
  if (!logger) return true;
  if (const auto lines = dropped(); lines > 0) {
    warning("{} log lines were dropped because stderr was not read fast enough", lines);
  }
  detail::lowest = Level::kOff;
  std::promise<void> done;
  auto written = done.get_future();
  // The logger goes when its thread has ended.
  std::thread closer([done = std::move(done), last = std::move(logger)]() mutable {
    spdlog::shutdown();
    last.reset();
    done.set_value();
  });
  if (written.wait_for(kLastLines) != std::future_status::ready) {
    closer.detach();
    return false;
  }
  closer.join();
  return true;
}

void detail::write(Level level, std::string_view line) {
  if (logger) logger->log(entry(level).sink, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace proxy::log
