// What is wrong with a command line is said in one line that names the option and its value.
#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "e2e/support/proxy_process.h"
#include "socksplice/lane.h"

namespace e2e {
namespace {

using Arguments = std::vector<std::string>;

struct Wrong {
  Arguments arguments;
  std::vector<std::string> said;
};

// So that ctest names a case by its arguments.
void PrintTo(const Wrong& wrong, std::ostream* to) {
  for (const std::string& argument : wrong.arguments) *to << argument.substr(0, 40) << ' ';
}

// Complete but for what is wrong about it.
Arguments with(Arguments more) {
  Arguments all = {"-l", "127.0.0.1:0", "-r", "127.0.0.1:80"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

const std::vector<Wrong> kWrong = {
    {{}, {"-l (--listen) is missing"}},
    {{"-l", "127.0.0.1:0"}, {"-r (--remote) is missing"}},
    {{"-r", "127.0.0.1:80"}, {"-l (--listen) is missing"}},
    {{"-l"}, {"-l", "the value is missing"}},
    {{"-l", "0.0.0.0:99999", "-r", "127.0.0.1:80"},
     {"-l (--listen)", "\"0.0.0.0:99999\"", "the port must be a number from 1 to 65535"}},
    {{"-l", "8080", "-r", "127.0.0.1:80"}, {"--listen", "\"8080\"", "the port is missing"}},
    {{"-l", ":8080", "-r", "127.0.0.1:80"}, {"--listen", "\":8080\"", "the host is missing"}},
    {{"-l", "[::1]", "-r", "127.0.0.1:80"}, {"--listen", "\"[::1]\"", "the port is missing"}},
    {{"-l", "[::x]:1", "-r", "127.0.0.1:80"}, {"\"[::x]:1\"", "no IPv6 address"}},
    {{"-l", "a b:1", "-r", "127.0.0.1:80"}, {"\"a b:1\"", "no host name"}},
    {{"-l", "unix:", "-r", "127.0.0.1:80"}, {"\"unix:\"", "the path is empty"}},
    {{"-l", "unix:" + std::string(200, 'x'), "-r", "127.0.0.1:80"},
     {"the path is longer than 107"}},
    {{"-l", "127.0.0.1:0", "-r", "127.0.0.1:0"}, {"--remote", "\"127.0.0.1:0\"", "1 to 65535"}},
    {{"-l", "127.0.0.1:0", "-r", "https://a:1"}, {"\"https\" is not built into this version"}},
    {{"-l", "127.0.0.1:0", "-r", "gopher://a:1"}, {"\"gopher\" is no scheme"}},
    {with({"-r", "127.0.0.1:80"}), {"--remote", "\"127.0.0.1:80\"", "it is given twice"}},
    {with({"-t", "0"}), {"-t (--threads)", "\"0\"", "from 1 to 1024"}},
    {with({"-t", "1025"}), {"-t (--threads)", "\"1025\"", "from 1 to 1024"}},
    {with({"-t", "two"}), {"-t (--threads)", "\"two\"", "whole number"}},
    {with({"-t", "-1"}), {"--threads", "-1"}},
    {with({"-t", "1", "-t", "2"}), {"-t (--threads)", "given 2 times"}},
    {with({"-b", "4095"}), {"-b (--buffer)", "\"4095\"", "from 4K to 1G"}},
    {with({"-b", "2G"}), {"-b (--buffer)", "\"2G\"", "from 4K to 1G"}},
    {with({"-b", "1X"}), {"-b (--buffer)", "\"1X\"", "a size is a number of bytes"}},
    {with({"--lane", "fast"}), {"--lane", "\"fast\"", "auto, splice, copy"}},
    {with({"--poll-method", "kqueue"}), {"--poll-method", "\"kqueue\"", "epoll, poll, select"}},
    {with({"--connect-timeout", "5"}), {"--connect-timeout", "\"5\"", "with its unit"}},
    {with({"--connect-timeout", "0s"}), {"--connect-timeout", "\"0s\"", "more than nothing"}},
    {with({"--idle-timeout", "0ms"}), {"--idle-timeout", "\"0ms\"", "more than nothing"}},
    {with({"--idle-timeout", "2000h"}), {"--idle-timeout", "\"2000h\"", "at most 1000h"}},
    {with({"--drain-timeout", "soon"}), {"--drain-timeout", "\"soon\"", "a duration"}},
    {with({"--max-connections", "0"}), {"--max-connections", "\"0\"", "from 1 to"}},
    {with({"--log-level", "loud"}), {"--log-level", "\"loud\"", "debug, info, warning"}},
    {with({"--dns-servers"}), {"--dns-servers", "the value is missing"}},
    {with({"-n", "--nagle"}), {"-n and --nagle contradict each other"}},
    {with({"--nagle=yes"}), {"--nagle", "takes no value"}},
    {with({"--frobnicate"}), {"--frobnicate", "there is no such option"}},
    {with({"--thread", "2"}), {"--thread", "there is no such option"}},
    {with({"-x"}), {"-x", "there is no such option"}},
    {with({"127.0.0.1:81"}), {"\"127.0.0.1:81\"", "belongs to no option"}},
};

class WrongCommandLineTest : public testing::TestWithParam<Wrong> {};

TEST_P(WrongCommandLineTest, IsOneTeachingLine) {
  const auto ended = runProxy(GetParam().arguments);
  EXPECT_EQ(ended.status, 2);
  EXPECT_EQ(ended.out, "");
  EXPECT_TRUE(ended.err.starts_with("proxy: ")) << ended.err;
  EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
  for (const std::string& part : GetParam().said) {
    EXPECT_NE(ended.err.find(part), std::string::npos) << "not \"" << part << "\":\n" << ended.err;
  }
}

INSTANTIATE_TEST_SUITE_P(Relay, WrongCommandLineTest, testing::ValuesIn(kWrong));

TEST(CommandLineTest, LaneSpliceNeedsABuildWithIt) {
  if (socksplice::kZeroCopy) GTEST_SKIP() << "this build has it";
  const auto ended = runProxy(with({"--lane", "splice"}));
  EXPECT_EQ(ended.status, 2);
  EXPECT_NE(ended.err.find("this build has no splice(2)"), std::string::npos);
}

TEST(CommandLineTest, NameServersMustBeAddresses) {
  const auto ended = runProxy(with({"--dns-servers", "not an address"}));
  EXPECT_EQ(ended.status, 2);
  EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
  EXPECT_NE(ended.err.find("--dns-servers \"not an address\""), std::string::npos) << ended.err;
}

TEST(CommandLineTest, HelpNamesEveryOption) {
  for (const char* option : {"-h", "--help"}) {
    const auto ended = runProxy({option});
    EXPECT_EQ(ended.status, 0);
    EXPECT_EQ(ended.err, "");
    for (const char* name :
         {"--listen", "--remote", "--threads", "--buffer", "--nodelay", "--nagle", "--lane",
          "--poll-method", "--dns-servers", "--connect-timeout", "--idle-timeout",
          "--drain-timeout", "--max-connections", "--log-level", "--help", "--version"}) {
      EXPECT_NE(ended.out.find(name), std::string::npos) << name;
    }
  }
}

TEST(CommandLineTest, VersionIsOneLine) {
  for (const char* option : {"-V", "--version"}) {
    const auto ended = runProxy({option});
    EXPECT_EQ(ended.status, 0);
    EXPECT_EQ(ended.err, "");
    EXPECT_TRUE(ended.out.starts_with("proxy ")) << ended.out;
    EXPECT_EQ(std::count(ended.out.begin(), ended.out.end(), '\n'), 1);
  }
}

TEST(CommandLineTest, StartSaysWhatIsInForce) {
  ProxyProcess proxy({.arguments = with({"-t", "3", "-b", "64K", "--nagle", "--lane", "copy",
                                         "--poll-method", "poll", "--idle-timeout", "90s"})});
  const std::string line = proxy.waitForLog(" starts: ");
  for (const char* part : {"remotes 127.0.0.1:80;", "threads 3", "method poll", "buffer 64K",
                           "nagle", "lane copy", "idle-timeout 90s"}) {
    EXPECT_NE(line.find(part), std::string::npos) << part << " in " << line;
  }
  proxy.stop();
}

TEST(CommandLineTest, LogLevelOffIsSilent) {
  const auto ended = runProxy({"-l", "127.0.0.1:0", "-r", "nobody.invalid:1", "--dns-servers",
                               "127.0.0.1:9", "--log-level", "off"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
}

}  // namespace
}  // namespace e2e
