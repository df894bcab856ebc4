#include "core/log.h"

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/build.h"
#include "support/child.h"
#include "support/eventually.h"
#include "support/standard_error.h"

// The thread sanitizer does not see how the library, which was built without it, counts references.
extern "C" const char* __tsan_default_suppressions() { return "race:spdlog::details::thread_pool"; }

namespace proxy {
namespace {

using support::StandardError;
using testing::ElementsAre;
using testing::MatchesRegex;

const std::string kTime = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z ";

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> found;
  std::size_t from = 0;
  for (std::size_t at = 0; (at = text.find('\n', from)) != std::string::npos; from = at + 1) {
    found.push_back(text.substr(from, at - from));
  }
  return found;
}

std::string writtenAt(log::Level level) {
  StandardError captured;
  log::start(level);
  log::debug("a {}", 1);
  log::info("b {}", "two");
  log::warning("c {}", 3.5);
  log::error("d");
  EXPECT_TRUE(log::stop());
  captured.restore();
  return captured.read();
}

TEST(Log, LevelsHaveNames) {
  EXPECT_THAT(log::levelNames(), ElementsAre("debug", "info", "warning", "error", "off"));
  for (const std::string_view name : log::levelNames()) {
    ASSERT_TRUE(log::levelNamed(name)) << name;
    EXPECT_EQ(name, log::nameOf(*log::levelNamed(name)));
  }
  for (const char* name : {"", "Info", "warn", "trace", "debug ", "none"}) {
    EXPECT_FALSE(log::levelNamed(name)) << name;
  }
}

TEST(Log, WritesWhatIsAtLeastAsUrgentAsItsLevel) {
  struct Row {
    log::Level level;
    std::size_t lines;
  };
  constexpr Row kRows[] = {{log::Level::kDebug, 4},
                           {log::Level::kInfo, 3},
                           {log::Level::kWarning, 2},
                           {log::Level::kError, 1},
                           {log::Level::kOff, 0}};
  for (const Row& row : kRows) {
    EXPECT_EQ(row.lines, lines(writtenAt(row.level)).size()) << log::nameOf(row.level);
  }
}

TEST(Log, ALineHasItsTimeItsLevelAndItsText) {
  const auto written = lines(writtenAt(log::Level::kDebug));
  ASSERT_EQ(4U, written.size());
  const char* const ends[] = {"debug a 1", "info b two", "warning c 3\\.5", "error d"};
  for (std::size_t i = 0; i < written.size(); ++i) {
    EXPECT_THAT(written[i], MatchesRegex(kTime + ends[i]));
  }
}

TEST(Log, WritesNothingBeforeItStartsAndAfterItStopped) {
  StandardError captured;
  EXPECT_FALSE(log::enabled(log::Level::kError));
  log::error("too early");
  log::start(log::Level::kDebug);
  EXPECT_TRUE(log::stop());
  EXPECT_FALSE(log::enabled(log::Level::kError));
  log::error("too late");
  EXPECT_TRUE(log::stop());
  captured.restore();
  EXPECT_EQ("", captured.read());
}

TEST(Log, TakesLinesFromEveryThread) {
  StandardError captured;
  log::start(log::Level::kInfo);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 100; ++i) log::info("thread {} line {:03}", t, i);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(log::stop());
  captured.restore();
  const auto written = lines(captured.read());
  EXPECT_EQ(400U, written.size());
  for (int t = 0; t < 4; ++t) {
    std::vector<std::string> own;
    for (const std::string& line : written) {
      const std::size_t at = line.find("thread " + std::to_string(t));
      if (at != std::string::npos) own.push_back(line.substr(at));
    }
    EXPECT_EQ(100U, own.size());
    EXPECT_TRUE(std::is_sorted(own.begin(), own.end()));
  }
}

TEST(Log, NeverWaitsForAReaderButDropsTheOldestLinesAndSaysHowMany) {
  StandardError captured;
  log::start(log::Level::kInfo);
  const std::string filler(100, 'x');
  log::info("the first line");
  ASSERT_TRUE(support::eventually([&] { return captured.hasText(); }));
  // The pipe and the queue fill up; this loop would hang if a line ever waited.
  ASSERT_TRUE(support::eventually([&] {
    for (int i = 0; i < 1000; ++i) log::info("{}", filler);
    return captured.isFull() && log::dropped() > 1000;
  }));
  log::info("the last line");
  std::string text;
  while (!text.ends_with("the last line\n")) text += captured.read(true);
  EXPECT_TRUE(log::stop());
  captured.restore();
  text += captured.read();
  const auto written = lines(text);
  ASSERT_GT(written.size(), 2U);
  EXPECT_TRUE(written.front().ends_with("the first line")) << written.front();
  EXPECT_TRUE(written[written.size() - 2].ends_with("the last line"));
  EXPECT_THAT(written.back(), MatchesRegex(kTime + "warning [0-9]+ log lines were dropped because "
                                                   "stderr was not read fast enough"));
}

TEST(Log, DoesNotWaitForeverForAReaderWhenItStops) {
  if (support::kThreadSanitizer) {
    GTEST_SKIP() << "the thread sanitizer does not end a process whose threads still wait";
  }
  EXPECT_EQ(0, support::inChild([] {
              const StandardError captured;
              log::start(log::Level::kInfo);
              const std::string filler(1000, 'x');
              while (!captured.isFull()) log::info("{}", filler);
              // The last page of a full pipe may have room yet.
              for (int i = 0; i < 100; ++i) log::info("{}", filler);
              const bool stopped = log::stop();
              _exit(stopped ? 1 : 0);  // the log's thread still waits
              return 0;
            }));
}

TEST(Log, CountsAnewWhenItStartsAnew) {
  StandardError captured;
  log::start(log::Level::kInfo);
  EXPECT_EQ(0U, log::dropped());
  EXPECT_TRUE(log::stop());
  EXPECT_EQ(0U, log::dropped());
}

}  // namespace
}  // namespace proxy
