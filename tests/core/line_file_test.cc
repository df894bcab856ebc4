#include "core/line_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/log.h"
#include "support/child.h"
#include "support/eventually.h"
#include "support/socket_pair.h"
#include "support/standard_error.h"
#include "support/temporary_directory.h"

namespace proxy {
namespace {

using support::eventually;
using support::must;
using support::UniqueFd;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

std::vector<std::string> linesOf(const std::string& text) {
  std::vector<std::string> found;
  std::size_t from = 0;
  for (std::size_t at = 0; (at = text.find('\n', from)) != std::string::npos; from = at + 1) {
    found.push_back(text.substr(from, at - from));
  }
  EXPECT_EQ(from, text.size()) << "the last line has no end";
  return found;
}

// A pipe with a name, and its reader.
class NamedPipe {
 public:
  explicit NamedPipe(const std::string& path) {
    must(mkfifo(path.c_str(), 0600), "mkfifo");
    read_.reset(must(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC), "open"));
    write_.reset(must(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC), "open"));
  }

  /// A write(2) to it would wait.
  [[nodiscard]] bool isFull() const {
    pollfd one = {.fd = write_.get(), .events = POLLOUT, .revents = 0};
    return must(poll(&one, 1, 0), "poll") == 0;
  }

  [[nodiscard]] bool hasText() const { return support::unread(read_.get()) > 0; }

  /// What there is.
  std::string read() {
    std::string text;
    std::array<char, 65536> room;
    for (;;) {
      const auto got = ::read(read_.get(), room.data(), room.size());
      if (got <= 0) return text;
      text.append(room.data(), static_cast<std::size_t>(got));
    }
  }

  void closeReader() { read_.reset(); }

 private:
  UniqueFd read_;
  UniqueFd write_;
};

class LineFileTest : public testing::Test {
 protected:
  static std::unique_ptr<LineFile> opened(const std::string& path) {
    auto file = LineFile::open(path);
    if (!file) throw std::runtime_error(file.error());
    return *std::move(file);
  }

  [[nodiscard]] std::string text(const std::string& path) const {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  [[nodiscard]] std::vector<std::string> lines(const std::string& path) const {
    return linesOf(text(path));
  }

  const support::TemporaryDirectory directory_;
  const std::string path_ = directory_.at("log");
};

TEST_F(LineFileTest, WritesLinesInTheirOrder) {
  const auto file = opened(path_);
  for (const char* line : {"one", "", "three"}) file->write(line);
  file->stop();
  EXPECT_THAT(lines(path_), ElementsAre("one", "", "three"));
  EXPECT_EQ(0U, file->dropped());
}

TEST_F(LineFileTest, AppendsToWhatIsThere) {
  opened(path_)->write("before");
  opened(path_)->write("behind");
  EXPECT_THAT(lines(path_), ElementsAre("before", "behind"));
}

TEST_F(LineFileTest, ALineIsWrittenThoughNoneFollows) {
  const auto file = opened(path_);
  std::string all;
  for (const std::string line : {"first", "second"}) {
    file->write(line);
    all += line + "\n";
    EXPECT_TRUE(eventually([&] { return text(path_) == all; })) << text(path_);
  }
}

TEST_F(LineFileTest, TakesLinesFromEveryThread) {
  constexpr int kThreads = 4;
  constexpr int kLines = 20'000;
  const auto file = opened(path_);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kLines; ++i) {
        std::array<char, 40> line;
        std::snprintf(line.data(), line.size(), "thread %d line %06d", t, i);
        file->write(line.data());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  file->stop();
  const auto written = lines(path_);
  EXPECT_EQ(written.size() + file->dropped(), std::size_t{kThreads} * kLines);
  for (int t = 0; t < kThreads; ++t) {
    std::vector<std::string> own;
    std::copy_if(written.begin(), written.end(), std::back_inserter(own),
                 [&](const auto& it) { return it.starts_with("thread " + std::to_string(t)); });
    EXPECT_TRUE(std::is_sorted(own.begin(), own.end()));
    EXPECT_EQ(own.end(), std::adjacent_find(own.begin(), own.end()));
  }
}

TEST_F(LineFileTest, LongLinesAreWholeToo) {
  const auto file = opened(path_);
  const std::string longOne(1'000'000, 'x');
  file->write("before");
  file->write(longOne);
  file->write("behind");
  file->stop();
  EXPECT_THAT(lines(path_), ElementsAre("before", longOne, "behind"));
}

TEST_F(LineFileTest, ALineThatIsLongerThanAllThatMayWaitIsDropped) {
  const auto file = opened(path_);
  file->write(std::string(100'000'000, 'x'));
  file->write("behind");
  file->stop();
  EXPECT_THAT(lines(path_), ElementsAre("behind"));
  EXPECT_EQ(1U, file->dropped());
}

TEST_F(LineFileTest, AfterARenameItGoesOnInANewFile) {
  const auto file = opened(path_);
  const std::string old = directory_.at("log.1");
  constexpr int kLines = 1000;
  for (int i = 0; i < kLines; ++i) file->write("before");
  std::filesystem::rename(path_, old);
  file->reopen();
  EXPECT_TRUE(eventually([&] {
    file->write("behind");
    return std::filesystem::exists(path_) && !text(path_).empty();
  }));
  file->stop();
  const auto first = lines(old);
  const auto second = lines(path_);
  EXPECT_EQ(kLines, std::count(first.begin(), first.end(), "before") +
                        std::count(second.begin(), second.end(), "before"));
  EXPECT_EQ("behind", second.back());
  EXPECT_EQ(0U, file->dropped());
}

TEST_F(LineFileTest, GoesOnInTheOldFileIfThereCanBeNoNewOneAndSaysSo) {
  support::StandardError said;
  log::start(log::Level::kInfo);
  const std::string folder = directory_.at("folder");
  const std::string moved = directory_.at("moved");
  std::filesystem::create_directory(folder);
  const auto file = opened(folder + "/log");
  std::filesystem::rename(folder, moved);
  file->reopen();
  EXPECT_TRUE(eventually([&] { return said.hasText(); }));
  file->write("behind");
  file->stop();
  EXPECT_TRUE(log::stop());
  said.restore();
  EXPECT_THAT(lines(moved + "/log"), ElementsAre("behind"));
  EXPECT_THAT(said.read(), EndsWith("warning \"" + folder +
                                    "/log\" cannot be opened again, lines go to the file as it "
                                    "was: its directory does not exist; make it first, or give - "
                                    "for stdout\n"));
}

TEST_F(LineFileTest, ADashIsStdoutWhichIsNotOpenedAgain) {
  EXPECT_EQ(0, support::inChild([&] {
              const UniqueFd to(must(open(path_.c_str(), O_WRONLY | O_CREAT, 0600), "open"));
              must(dup2(to.get(), STDOUT_FILENO), "dup2");
              const auto file = opened("-");
              file->write("one");
              file->reopen();
              file->write("two");
              file->stop();
              return static_cast<int>(file->dropped());
            }));
  EXPECT_THAT(lines(path_), ElementsAre("one", "two"));
}

TEST_F(LineFileTest, SaysWhatIsWrongWithAFileThatCannotBeOpened) {
  must(mkfifo(directory_.at("pipe").c_str(), 0600), "mkfifo");
  std::ofstream(directory_.at("file")) << "x";
  struct Row {
    std::string path;
    std::string sentence;
  };
  const std::vector<Row> rows = {
      {directory_.at("nowhere/log"),
       "its directory does not exist; make it first, or give - for stdout"},
      {directory_.at("file/log"),
       "a part of its path is no directory; give a file in one, or - for stdout"},
      {directory_.at("."), "that is a directory; give a file in it, or - for stdout"},
      {directory_.at("pipe"),
       "nobody reads from it; start its reader first, or give a file, or - for stdout"},
      {directory_.at(std::string(300, 'x')),
       "File name too long; give a file that can be written, or - for stdout"},
  };
  for (const Row& row : rows) {
    const auto file = LineFile::open(row.path);
    ASSERT_FALSE(file) << row.path;
    EXPECT_EQ(row.sentence, file.error());
  }
}

TEST_F(LineFileTest, NeverWaitsForAReaderButDropsTheOldestLinesAndCountsThem) {
  NamedPipe pipe(path_);
  const auto file = opened(path_);
  const std::string filler(1000, 'x');
  std::size_t written = 1;
  file->write("the first line");
  ASSERT_TRUE(eventually([&] { return pipe.hasText(); }));
  // The pipe and the queue fill up; this loop would hang if a line ever waited.
  EXPECT_TRUE(eventually([&] {
    for (int i = 0; i < 1000; ++i) file->write(filler);
    written += 1000;
    return pipe.isFull() && file->dropped() > 1000;
  }));
  file->write("the last line");
  ++written;
  std::string text;
  EXPECT_TRUE(eventually([&] { return (text += pipe.read()).ends_with("the last line\n"); }));
  file->stop();
  const auto got = linesOf(text + pipe.read());
  EXPECT_EQ(written, got.size() + file->dropped());
  ASSERT_FALSE(got.empty());
  EXPECT_EQ("the first line", got.front());
  for (std::size_t i = 1; i + 1 < got.size(); ++i) ASSERT_EQ(filler, got[i]);
}

TEST_F(LineFileTest, DoesNotWaitForeverForAReaderWhenItStops) {
  NamedPipe pipe(path_);
  const auto file = opened(path_);
  constexpr std::size_t kLines = 4000;
  for (std::size_t i = 0; i < kLines; ++i) file->write(std::string(1000, 'x'));
  EXPECT_TRUE(eventually([&] { return pipe.isFull(); }));
  file->stop();
  const auto got = linesOf(pipe.read());
  EXPECT_GT(got.size(), 0U);
  EXPECT_EQ(kLines, got.size() + file->dropped());
  file->write("too late");
  EXPECT_EQ(kLines + 1, got.size() + file->dropped());
}

TEST_F(LineFileTest, LinesForAReaderWhoLeftAreCountedAndSaidOnce) {
  support::StandardError said;
  log::start(log::Level::kInfo);
  NamedPipe pipe(path_);
  const auto file = opened(path_);
  pipe.closeReader();
  std::size_t written = 0;
  EXPECT_TRUE(eventually([&] {
    file->write("nobody reads this");
    ++written;
    return file->dropped() > 0;
  }));
  file->stop();
  EXPECT_EQ(written, file->dropped());
  EXPECT_TRUE(log::stop());
  said.restore();
  const auto warnings = linesOf(said.read());
  ASSERT_EQ(1U, warnings.size());
  EXPECT_THAT(warnings.front(), HasSubstr("\"" + path_ + "\" cannot be written: Broken pipe; "));
}

TEST_F(LineFileTest, ADiskThatIsFullDropsLines) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "there is no /dev/full";
  const auto file = opened("/dev/full");
  file->write("one");
  file->write("two");
  file->stop();
  EXPECT_EQ(2U, file->dropped());
}

// RLIMIT_FSIZE plays the disk that fills up in the middle of a line.
TEST_F(LineFileTest, ALineThatWasCutShortDoesNotRunIntoTheNext) {
  EXPECT_EQ(0, support::inChild([&] {
              rlimit limit = {.rlim_cur = 10, .rlim_max = RLIM_INFINITY};
              must(setrlimit(RLIMIT_FSIZE, &limit), "setrlimit");
              const auto file = opened(path_);
              file->write("whole");
              file->write("cut short");
              if (!eventually([&] { return file->dropped() == 1; })) return 1;
              limit.rlim_cur = RLIM_INFINITY;
              must(setrlimit(RLIMIT_FSIZE, &limit), "setrlimit");
              file->write("next");
              file->stop();
              return file->dropped() == 1 ? 0 : 2;
            }));
  EXPECT_THAT(lines(path_), ElementsAre("whole", "cut ", "next"));
}

}  // namespace
}  // namespace proxy
