// The access log: a line for each exchange, whatever happens to the file that it goes to.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "e2e/support/gateway_fixture.h"
#include "e2e/support/temporary_directory.h"

namespace e2e {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

std::vector<std::string> linesOf(const std::string& text) {
  EXPECT_TRUE(text.empty() || text.ends_with('\n')) << "the last line has no end";
  std::istringstream stream(text);
  std::vector<std::string> found;
  for (std::string line; std::getline(stream, line);) found.push_back(line);
  return found;
}

class AccessLogTest : public testing::TestWithParam<Setting> {
 protected:
  AccessLogTest() {
    upstream_.answerEach([](const HttpRequest& request) { return ok(request.target); });
  }

  [[nodiscard]] ProxyCommand logging(const std::vector<std::string>& more = {}) const {
    return gatewayTo(GetParam(), {upstream_.address()},
                     std::vector<std::string>{"--access-log", path_} + more);
  }

  static std::vector<std::string> linesIn(const std::string& path) {
    std::ifstream file(path);
    return linesOf({std::istreambuf_iterator<char>(file), {}});
  }

  const TemporaryDirectory directory_;
  const std::string path_ = directory_.file("log").string();
  HttpUpstream upstream_;
};

TEST_P(AccessLogTest, SaysWhatWasAskedAndAnswered) {
  ProxyProcess proxy(logging());
  HttpClient client(proxy.address());
  EXPECT_EQ(client.ask(get("/first?a=b")).status, 200);
  EXPECT_EQ(client
                .ask("POST /second HTTP/1.1\r\nHost: a\r\nReferer: http://b/\r\n"
                     "User-Agent: a \"quoted\" \xe9\r\nContent-Length: 3\r\n\r\nabc")
                .status,
            200);
  EXPECT_EQ(client.ask("GET /third HTTP/1.1\r\n\r\n").status, 400);
  client.expectEnd();
  client.close();
  const auto ended = proxy.stop();
  EXPECT_EQ(ended["access_log_dropped"], 0U);
  const std::string who = "127\\.0\\.0\\.1 - - \\[.*\\+0000\\] ";
  EXPECT_THAT(linesIn(path_),
              testing::ElementsAre(
                  MatchesRegex(who + "\"GET /first\\?a=b HTTP/1\\.1\" 200 [0-9]+ \"-\" \"-\""),
                  MatchesRegex(who + "\"POST /second HTTP/1\\.1\" 200 [0-9]+ \"http://b/\" "
                                     "\"a \\\\x22quoted\\\\x22 \\\\xE9\""),
                  MatchesRegex(who + "\"GET /third HTTP/1\\.1\" 400 [0-9]+ \"-\" \"-\"")));
}

TEST_P(AccessLogTest, AsJsonItSaysWhoAnsweredAndHowLongItTook) {
  ProxyProcess proxy(logging({"--access-log-format", "json"}));
  HttpClient client(proxy.address());
  EXPECT_EQ(client.ask(get("/first")).status, 200);
  EXPECT_EQ(client.ask(withBody("POST", "/second", "hello")).status, 200);
  client.close();
  EXPECT_EQ(proxy.stop()["access_log_dropped"], 0U);
  const auto lines = linesIn(path_);
  ASSERT_EQ(lines.size(), 2U);
  for (const std::string& line : lines) {
    EXPECT_THAT(line, MatchesRegex("\\{\"time\":\".*,\"answer_ms\":[0-9]+,.*\\}"));
    EXPECT_THAT(line, HasSubstr("\"upstream\":\"" + upstream_.address() + "\",\"attempts\":1,"));
    EXPECT_THAT(line, HasSubstr("\"status\":200,"));
    EXPECT_THAT(line, HasSubstr("\"complete\":true,"));
  }
  EXPECT_THAT(lines[0], MatchesRegex(".*,\"connect_ms\":[0-9]+,.*"));
  EXPECT_THAT(lines[1], HasSubstr("\"connect_ms\":null,"));
  EXPECT_THAT(lines[0], HasSubstr("\"received\":0,"));
  EXPECT_THAT(lines[0], HasSubstr(",\"reused\":false,"));
  EXPECT_THAT(lines[0], HasSubstr("\"upstream_reused\":false,"));
  EXPECT_THAT(lines[1], HasSubstr("\"received\":5,"));
  EXPECT_THAT(lines[1], HasSubstr(",\"reused\":true,"));
  EXPECT_THAT(lines[1], HasSubstr("\"upstream_reused\":true,"));
}

INSTANTIATE_TEST_SUITE_P(Gateway, AccessLogTest, testing::ValuesIn(everyFault()), settingName);

using RotatedAccessLogTest = AccessLogTest;

TEST_P(RotatedAccessLogTest, RotationUnderLoadLosesNoLine) {
  constexpr std::size_t kClients = 4;
  constexpr std::size_t kRotations = 5;
  ProxyCommand command = logging();
  *std::next(std::find(command.arguments.begin(), command.arguments.end(), "-t")) = "2";
  ProxyProcess proxy(command);
  std::atomic<bool> enough = false;
  std::atomic<std::size_t> asked = 0;
  std::vector<std::thread> clients;
  for (std::size_t c = 0; c < kClients; ++c) {
    clients.emplace_back([&, c] {
      HttpClient client(proxy.address());
      for (std::size_t i = 0; !enough; ++i, ++asked) {
        const std::string target = path(c) + path(i);
        EXPECT_EQ(client.ask(get(target)).body, target);
      }
    });
  }
  std::vector<std::string> files = {path_};
  for (std::size_t i = 1; i <= kRotations; ++i) {
    const std::size_t before = asked;
    EXPECT_TRUE(support::eventually([&] { return asked > before + 20; }));
    files.push_back(path_ + "." + std::to_string(i));
    std::filesystem::rename(path_, files.back());
    proxy.tell(SIGUSR1, "\" is opened again", i);
  }
  enough = true;
  for (std::thread& client : clients) client.join();
  const auto ended = proxy.stop();

  std::vector<std::string> targets;
  for (const std::string& file : files) {
    for (const std::string& line : linesIn(file)) {
      const std::size_t start = line.find("\"GET ") + 5;
      targets.push_back(line.substr(start, line.find(' ', start) - start));
    }
  }
  std::sort(targets.begin(), targets.end());
  EXPECT_EQ(targets.end(), std::adjacent_find(targets.begin(), targets.end()));
  EXPECT_EQ(targets.size(), asked);
  EXPECT_EQ(ended["requests"], asked);
  EXPECT_EQ(ended["access_log_dropped"], 0U);
}

TEST_P(RotatedAccessLogTest, GoesOnInTheOldFileIfThereCanBeNoNewOne) {
  const auto folder = directory_.file("folder");
  const auto moved = directory_.file("moved");
  std::filesystem::create_directory(folder);
  ProxyProcess proxy(
      gatewayTo(GetParam(), {upstream_.address()}, {"--access-log", (folder / "log").string()}));
  std::filesystem::rename(folder, moved);
  proxy.tell(SIGUSR1, "cannot be opened again");
  EXPECT_THAT(proxy.waitForLog("cannot be opened again"), HasSubstr(" warning "));
  HttpClient client(proxy.address());
  EXPECT_EQ(client.ask(get("/")).status, 200);
  client.close();
  EXPECT_EQ(proxy.stop()["access_log_dropped"], 0U);
  EXPECT_EQ(linesIn((moved / "log").string()).size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Gateway, RotatedAccessLogTest, testing::ValuesIn(everyFault()),
                         settingName);

using PipedAccessLogTest = AccessLogTest;

TEST_P(PipedAccessLogTest, PipeThatNobodyReadsBlocksNobodyAndIsCounted) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  const socksplice::UniqueFd reader(open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(reader);
  ProxyProcess proxy(logging());
  // Each makes a line of 80 KB, for of each byte there become four: more than may wait.
  constexpr std::size_t kRequests = 200;
  const std::string request =
      "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: " + std::string(20'000, '\xe9') + "\r\n\r\n";
  HttpClient client(proxy.address());
  for (std::size_t i = 0; i < kRequests; ++i) {
    ASSERT_EQ(client.ask(request).status, 200);
  }
  client.close();
  const auto ended = proxy.stop();
  EXPECT_EQ(ended["requests"], kRequests);
  EXPECT_GT(ended["access_log_dropped"], 0U);
  EXPECT_EQ(linesWith(ended.log, path_ + "\" does not take its lines fast enough"), 1U);

  std::string text;
  std::array<char, 65536> room;
  for (ssize_t got = 1; got > 0;) {
    got = read(reader.get(), room.data(), room.size());
    if (got > 0) text.append(room.data(), static_cast<std::size_t>(got));
  }
  // The first line is on its way for ever.
  EXPECT_THAT(text, testing::StartsWith("127.0.0.1 - - ["));
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  EXPECT_EQ(lines + ended["access_log_dropped"], kRequests);
}

INSTANTIATE_TEST_SUITE_P(Gateway, PipedAccessLogTest,
                         testing::ValuesIn(everyLaneUnder({kPlain, kHalves, kRandom})),
                         settingName);

TEST(AccessLogOptionTest, FileThatCannotBeOpenedIsOneTeachingLine) {
  const TemporaryDirectory directory;
  const std::string path = (directory.file("nowhere") / "log").string();
  const auto ended = runProxy({"-l", "http://127.0.0.1:0", "-r", "127.0.0.1:80", "--log-level",
                               "off", "--access-log", path});
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.err, "proxy: --access-log \"" + path +
                           "\": its directory does not exist; make it first, or give - for "
                           "stdout\n");
}

}  // namespace
}  // namespace e2e
