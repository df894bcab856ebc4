#include "app/access_log.h"

#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace proxy::app {
namespace {

using http1::AccessFormat;
using testing::ElementsAre;
using testing::MatchesRegex;

class AccessLogFileTest : public testing::Test {
 protected:
  static http1::AccessEntry entry(std::string_view target) {
    http1::AccessEntry entry;
    entry.client = "192.0.2.7";
    entry.method = "GET";
    entry.target = target;
    entry.version = "HTTP/1.1";
    entry.status = 200;
    return entry;
  }

  std::vector<std::string> lines() {
    std::ifstream file(path_);
    std::vector<std::string> found;
    for (std::string line; std::getline(file, line);) found.push_back(line);
    return found;
  }

  const support::TemporaryDirectory directory_;
  const std::string path_ = directory_.at("log");
};

TEST_F(AccessLogFileTest, WritesALineForEachEntryInItsFormat) {
  for (const AccessFormat format : {AccessFormat::kCombined, AccessFormat::kJson}) {
    const auto log = *AccessLogFile::open(path_, format);
    log->write(entry("/a\nb"));
    log->stop();
    EXPECT_EQ(0U, log->dropped());
  }
  EXPECT_THAT(
      lines(),
      ElementsAre(MatchesRegex("192\\.0\\.2\\.7 - - \\[[0-9]{2}/[A-Z][a-z]{2}/[0-9:]{13} "
                               "\\+0000\\] \"GET /a\\\\x0Ab HTTP/1\\.1\" 200 0 \"-\" \"-\""),
                  MatchesRegex("\\{\"time\":\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{12}Z\","
                               ".*\"target\":\"/a\\\\u000ab\",.*\\}")));
}

TEST_F(AccessLogFileTest, TakesEntriesFromEveryThread) {
  const auto log = *AccessLogFile::open(path_, AccessFormat::kCombined);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) log->write(entry(std::to_string(i)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  log->stop();
  EXPECT_EQ(4000U, lines().size() + log->dropped());
}

TEST_F(AccessLogFileTest, SaysWhichOptionNamesAFileThatCannotBeOpened) {
  const std::string path = directory_.at("nowhere/log");
  const auto log = AccessLogFile::open(path, AccessFormat::kJson);
  ASSERT_FALSE(log);
  EXPECT_EQ("--access-log \"" + path +
                "\": its directory does not exist; make it first, or give - for stdout",
            log.error());
}

}  // namespace
}  // namespace proxy::app
