#include "app/options.h"

#include <sched.h>

#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/event_loop.h"

namespace proxy::app {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::HasSubstr;

// The words of a command line; none of these tests needs one with a space.
std::vector<std::string> words(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> found;
  for (std::string word; stream >> word;) found.push_back(word);
  return found;
}

Expected<Request> parse(const std::string& line) { return parseOptions(words(line)); }

/// The configuration that `options` make of a command line that is otherwise complete.
Configuration configured(const std::string& options) {
  const auto request = parse("-l :::1 -r 10.0.0.7:80 " + options);
  EXPECT_TRUE(request) << options << ": " << request.error();
  return request ? std::get<Configuration>(*request) : Configuration{};
}

// Two configurations that differ in nothing.
void expectSame(const Configuration& wanted, const Configuration& got) {
  EXPECT_EQ(wanted.listeners, got.listeners);
  EXPECT_EQ(wanted.remotes, got.remotes);
  EXPECT_EQ(wanted.threads, got.threads);
  EXPECT_EQ(wanted.bufferSize, got.bufferSize);
  EXPECT_EQ(wanted.noDelay, got.noDelay);
  EXPECT_EQ(wanted.lane, got.lane);
  EXPECT_EQ(wanted.pollMethod, got.pollMethod);
  EXPECT_EQ(wanted.dnsServers, got.dnsServers);
  EXPECT_EQ(wanted.connectTimeout, got.connectTimeout);
  EXPECT_EQ(wanted.idleTimeout, got.idleTimeout);
  EXPECT_EQ(wanted.drainTimeout, got.drainTimeout);
  EXPECT_EQ(wanted.maxConnections, got.maxConnections);
  EXPECT_EQ(wanted.logLevel, got.logLevel);
  EXPECT_EQ(wanted.accessLog, got.accessLog);
  EXPECT_EQ(wanted.accessLogFormat, got.accessLogFormat);
  EXPECT_EQ(wanted.http.head.bytes, got.http.head.bytes);
  EXPECT_EQ(wanted.http.head.fields, got.http.head.fields);
  EXPECT_EQ(wanted.http.head.target, got.http.head.target);
  EXPECT_EQ(wanted.http.maxBody, got.http.maxBody);
  EXPECT_EQ(wanted.http.headTimeout, got.http.headTimeout);
  EXPECT_EQ(wanted.http.keepAliveTimeout, got.http.keepAliveTimeout);
  EXPECT_EQ(wanted.http.bodyTimeout, got.http.bodyTimeout);
  EXPECT_EQ(wanted.http.bodyMinimum, got.http.bodyMinimum);
  EXPECT_EQ(wanted.http.keepAliveRequests, got.http.keepAliveRequests);
  EXPECT_EQ(wanted.http.forward.via, got.http.forward.via);
  EXPECT_EQ(wanted.http.forward.forwarded, got.http.forward.forwarded);
  EXPECT_EQ(wanted.http.forward.trustForwarded, got.http.forward.trustForwarded);
  EXPECT_EQ(wanted.gateway.answerTimeout, got.gateway.answerTimeout);
  EXPECT_EQ(wanted.gateway.bodyTimeout, got.gateway.bodyTimeout);
  EXPECT_EQ(wanted.gateway.idleTimeout, got.gateway.idleTimeout);
  EXPECT_EQ(wanted.gateway.idleConnections, got.gateway.idleConnections);
  EXPECT_EQ(wanted.gateway.failTimeout, got.gateway.failTimeout);
  EXPECT_EQ(wanted.gateway.connectPorts, got.gateway.connectPorts);
}

TEST(Options, HaveDefaults) {
  const Configuration c = configured("-t 1");
  Configuration wanted;
  wanted.listeners = {*parseEndpoint("[::]:1", Role::kListener)};
  wanted.remotes = {*parseEndpoint("10.0.0.7:80", Role::kRemote)};
  expectSame(wanted, c);
}

TEST(Options, EachChangesWhatItSaysAndNothingElse) {
  using Change = std::function<void(Configuration&)>;
  struct Row {
    std::string options;
    Change change;
  };
  const std::vector<Row> rows = {
      {"-t 4", [](auto& c) { c.threads = 4; }},
      {"-t4", [](auto& c) { c.threads = 4; }},
      {"--threads 1024", [](auto& c) { c.threads = 1024; }},
      {"--threads=2", [](auto& c) { c.threads = 2; }},
      {"-b 64K", [](auto& c) { c.bufferSize = 65536; }},
      {"--buffer 4K", [](auto& c) { c.bufferSize = 4096; }},
      {"--buffer=1G", [](auto& c) { c.bufferSize = std::size_t{1} << 30; }},
      {"--buffer 4096", [](auto& c) { c.bufferSize = 4096; }},
      {"-n", [](auto&) {}},
      {"--nodelay", [](auto&) {}},
      {"--nagle", [](auto& c) { c.noDelay = false; }},
      {"--lane auto", [](auto&) {}},
      {"--lane copy", [](auto& c) { c.lane = socksplice::Lane::kCopy; }},
      {"--poll-method poll", [](auto& c) { c.pollMethod = "poll"; }},
      {"--dns-servers 10.0.0.1", [](auto& c) { c.dnsServers = "10.0.0.1"; }},
      {"--dns-servers 10.0.0.1:5353,[::1]:53",
       [](auto& c) { c.dnsServers = "10.0.0.1:5353,[::1]:53"; }},
      {"--dns-servers ::1", [](auto& c) { c.dnsServers = "::1"; }},
      {"--connect-timeout 1ms", [](auto& c) { c.connectTimeout = milliseconds(1); }},
      {"--connect-timeout 10s", [](auto& c) { c.connectTimeout = seconds(10); }},
      {"--idle-timeout 5m", [](auto& c) { c.idleTimeout = seconds(300); }},
      {"--idle-timeout=1000h", [](auto& c) { c.idleTimeout = hours(1000); }},
      {"--drain-timeout 1s", [](auto& c) { c.drainTimeout = seconds(1); }},
      {"--drain-timeout 0s", [](auto& c) { c.drainTimeout = seconds(0); }},
      {"--max-connections 1", [](auto& c) { c.maxConnections = 1; }},
      {"--max-connections 10000000", [](auto& c) { c.maxConnections = 10'000'000; }},
      {"--log-level debug", [](auto& c) { c.logLevel = log::Level::kDebug; }},
      {"--log-level info", [](auto&) {}},
      {"--log-level warning", [](auto& c) { c.logLevel = log::Level::kWarning; }},
      {"--log-level error", [](auto& c) { c.logLevel = log::Level::kError; }},
      {"--log-level off", [](auto& c) { c.logLevel = log::Level::kOff; }},
      {"-nt3", [](auto& c) { c.threads = 3; }},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.options);
    Configuration wanted = configured("");
    row.change(wanted);
    expectSame(wanted, configured(row.options));
  }
}

TEST(Options, TheSpliceLaneIsForBuildsThatHaveIt) {
  const auto request = parse("-l :::1 -r 10.0.0.7:80 --lane splice");
  if (socksplice::kZeroCopy) {
    ASSERT_TRUE(request);
    EXPECT_EQ(socksplice::Lane::kSplice, std::get<Configuration>(*request).lane);
  } else {
    ASSERT_FALSE(request);
    EXPECT_EQ("--lane \"splice\": this build has no splice(2); say auto or copy", request.error());
  }
}

TEST(Options, TakeListenersAndRemotesAgainAndAgainInTheirOrder) {
  const auto request = parse(
      "-l 127.0.0.1:1 --listen [::1]:2 --remote=a:1 -lunix:/x -r b:2 -r unix:/y "
      "-l 127.0.0.1:0 -l 127.0.0.1:0");
  ASSERT_TRUE(request) << request.error();
  const auto& c = std::get<Configuration>(*request);
  std::string listeners;
  for (const Endpoint& it : c.listeners) listeners += it.text() + " ";
  EXPECT_EQ("127.0.0.1:1 [::1]:2 unix:/x 127.0.0.1:0 127.0.0.1:0 ", listeners);
  std::string remotes;
  for (const Endpoint& it : c.remotes) remotes += it.text() + " ";
  EXPECT_EQ("a:1 b:2 unix:/y ", remotes);
}

TEST(Options, UseTheCpusThatTheProcessMayUse) {
  cpu_set_t set;
  CPU_ZERO(&set);
  ASSERT_EQ(0, sched_getaffinity(0, sizeof set, &set));
  EXPECT_EQ(static_cast<std::size_t>(CPU_COUNT(&set)), configured("").threads);
}

TEST(Options, SayInASentenceWhatIsWrong) {
  struct Row {
    std::string line;
    std::string sentence;
  };
  const std::string good = "-l :::1 -r a:1 ";
  const std::string help = "; proxy --help lists the options";
  const std::string noListener =
      "-l (--listen) is missing: where clients connect to, like -l 0.0.0.0:8080";
  const std::string noRemote =
      "-r (--remote) is missing: where they are carried to, like -r 10.0.0.7:80";
  const std::string duration =
      "a duration is a number with its unit, like 500ms, 10s, 5m or 1h, at most 1000h";
  const std::string servers =
      "it must be addresses, like 192.0.2.53 or 192.0.2.53:5353,[2001:db8::53]:53";
  const std::string size = "a size is a number of bytes, like 4096, 64K or 1M";
  std::string methods = "it must be one of";
  for (const std::string& method : EventLoop::methods()) {
    methods += (method == EventLoop::methods().front() ? " " : ", ") + method;
  }
  const std::vector<Row> rows = {
      // missing
      {"", noListener},
      {"-r a:1", noListener},
      {"-t 4", noListener},
      {"-l :::1", noRemote},
      {"-l :::1 -t 4", noRemote},
      // no options of ours
      {good + "--bogus", "--bogus: there is no such option" + help},
      {good + "--bogus=1", "--bogus=1: there is no such option" + help},
      {good + "-x", "-x: there is no such option" + help},
      {good + "--lan copy", "--lan: there is no such option" + help},
      {good + "--Threads 2", "--Threads: there is no such option" + help},
      {good + "stray", "\"stray\" belongs to no option; endpoints stand behind -l and -r"},
      {"127.0.0.1:80", "\"127.0.0.1:80\" belongs to no option; endpoints stand behind -l and -r"},
      {good + "-n yes", "\"yes\" belongs to no option; endpoints stand behind -l and -r"},
      {good + "--nagle=yes", "--nagle: this option takes no value" + help},
      {good + "--help=yes", "--help: this option takes no value" + help},
      // without their value
      {"-r a:1 -l", "--listen: the value is missing" + help},
      {good + "-t", "--threads: the value is missing" + help},
      {good + "--threads", "--threads: the value is missing" + help},
      {good + "--threads=", "--threads: the value is missing" + help},
      {good + "--lane", "--lane: the value is missing" + help},
      // more than once
      {good + "-t 1 -t 2", "-t (--threads) is given 2 times: give it once"},
      {good + "-t 1 --threads 2 -t 3", "-t (--threads) is given 3 times: give it once"},
      {good + "--lane copy --lane auto", "--lane is given 2 times: give it once"},
      {good + "-b 1M -b 1M", "-b (--buffer) is given 2 times: give it once"},
      {good + "-l :::1", "-l (--listen) \":::1\": it is given twice"},
      {good + "-l [::]:1", "-l (--listen) \"[::]:1\": it is given twice"},
      {good + "-r a:1", "-r (--remote) \"a:1\": it is given twice"},
      {good + "-r tcp://a:1", "-r (--remote) \"tcp://a:1\": it is given twice"},
      // contradictions
      {good + "-n --nagle", "-n and --nagle contradict each other: give one of them"},
      {good + "--nagle --nodelay", "-n and --nagle contradict each other: give one of them"},
      // endpoints
      {"-l 0.0.0.0:99999 -r a:1",
       "-l (--listen) \"0.0.0.0:99999\": the port must be a number from 1 to 65535, or 0 for any "
       "free one"},
      {"-l :::1 -r a:0", "-r (--remote) \"a:0\": the port must be a number from 1 to 65535"},
      {"-l :::1 -r a", "-r (--remote) \"a\": the port is missing; write HOST:PORT"},
      {"-l unix: -r a:1", "-l (--listen) \"unix:\": the path is empty"},
      // numbers
      {good + "-t 0", "-t (--threads) \"0\": it must be a whole number from 1 to 1024"},
      {good + "-t 1025", "-t (--threads) \"1025\": it must be a whole number from 1 to 1024"},
      {good + "-t -1", "-t (--threads) \"-1\": it must be a whole number from 1 to 1024"},
      {good + "-t many", "-t (--threads) \"many\": it must be a whole number from 1 to 1024"},
      {good + "-t 4K", "-t (--threads) \"4K\": it must be a whole number from 1 to 1024"},
      {good + "--max-connections 0",
       "--max-connections \"0\": it must be a whole number from 1 to 10000000"},
      {good + "--max-connections 10000001",
       "--max-connections \"10000001\": it must be a whole number from 1 to 10000000"},
      // sizes
      {good + "-b 4095", "-b (--buffer) \"4095\": it must be from 4K to 1G"},
      {good + "-b 0", "-b (--buffer) \"0\": it must be from 4K to 1G"},
      {good + "-b 2G", "-b (--buffer) \"2G\": it must be from 4K to 1G"},
      {good + "-b 1073741825", "-b (--buffer) \"1073741825\": it must be from 4K to 1G"},
      {good + "-b 64KB", "-b (--buffer) \"64KB\": " + size},
      {good + "-b 1s", "-b (--buffer) \"1s\": " + size},
      // durations
      {good + "--connect-timeout 5", "--connect-timeout \"5\": " + duration},
      {good + "--connect-timeout 5M", "--connect-timeout \"5M\": " + duration},
      {good + "--connect-timeout 0s",
       "--connect-timeout \"0s\": it must be more than nothing, and at most 1000h"},
      {good + "--idle-timeout 0ms",
       "--idle-timeout \"0ms\": it must be more than nothing, and at most 1000h"},
      {good + "--idle-timeout 1001h", "--idle-timeout \"1001h\": " + duration},
      {good + "--drain-timeout never", "--drain-timeout \"never\": " + duration},
      // name servers
      {good + "--dns-servers dns.example", "--dns-servers \"dns.example\": " + servers},
      {good + "--dns-servers 10.0.0.1,", "--dns-servers \"10.0.0.1,\": " + servers},
      {good + "--dns-servers 10.0.0.1:0", "--dns-servers \"10.0.0.1:0\": " + servers},
      {good + "--dns-servers 10.0.0.1:x,10.0.0.2",
       "--dns-servers \"10.0.0.1:x,10.0.0.2\": " + servers},
      {good + "--dns-servers unix:/x", "--dns-servers \"unix:/x\": " + servers},
      {good + "--dns-servers 1.2.3.4.5", "--dns-servers \"1.2.3.4.5\": " + servers},
      // in circles
      {"-l 0.0.0.0:80 -r 127.0.0.1:80",
       "-r (--remote) \"127.0.0.1:80\": that is a listener of this proxy: it would carry its "
       "clients to itself"},
      {"-l [::]:80 -r localhost:80",
       "-r (--remote) \"localhost:80\": that is a listener of this proxy: it would carry its "
       "clients to itself"},
      {"-l 10.0.0.7:80 -r 10.0.0.8:80 -r 10.0.0.7:80",
       "-r (--remote) \"10.0.0.7:80\": that is a listener of this proxy: it would carry its "
       "clients to itself"},
      {"-l unix:/x -r unix:/x",
       "-r (--remote) \"unix:/x\": that is a listener of this proxy: it would carry its clients "
       "to itself"},
      // one of several
      {good + "--lane fast", "--lane \"fast\": it must be one of auto, splice, copy"},
      {good + "--poll-method uring", "--poll-method \"uring\": " + methods},
      {good + "--log-level loud",
       "--log-level \"loud\": it must be one of debug, info, warning, error, off"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.line);
    const auto request = parse(row.line);
    ASSERT_FALSE(request);
    EXPECT_EQ(row.sentence, request.error());
  }
}

TEST(Options, OfHttpListenersChangeWhatTheySayAndNothingElse) {
  using Change = std::function<void(Configuration&)>;
  struct Row {
    std::string options;
    Change change;
  };
  const std::vector<Row> rows = {
      {"", [](auto&) {}},
      {"--head-timeout 1s", [](auto& c) { c.http.headTimeout = seconds(1); }},
      {"--body-timeout 2m", [](auto& c) { c.http.bodyTimeout = seconds(120); }},
      {"--keep-alive-timeout 5ms", [](auto& c) { c.http.keepAliveTimeout = milliseconds(5); }},
      {"--keep-alive-requests 1", [](auto& c) { c.http.keepAliveRequests = 1; }},
      {"--keep-alive-requests 1000000000",
       [](auto& c) { c.http.keepAliveRequests = 1'000'000'000; }},
      {"--max-head 48K", [](auto& c) { c.http.head.bytes = 48 * 1024; }},
      {"--max-head 1K",
       [](auto& c) {
         c.http.head.bytes = 1024;
         c.http.head.target = 512;
       }},
      {"--max-fields 1", [](auto& c) { c.http.head.fields = 1; }},
      {"--max-fields 10000", [](auto& c) { c.http.head.fields = 10'000; }},
      {"--body-minimum 1", [](auto& c) { c.http.bodyMinimum = 1; }},
      {"--body-minimum 64K", [](auto& c) { c.http.bodyMinimum = 65536; }},
      {"--max-body 10G", [](auto& c) { c.http.maxBody = std::uint64_t{10} << 30; }},
      {"--answer-timeout 3s", [](auto& c) { c.gateway.answerTimeout = seconds(3); }},
      {"--answer-body-timeout 4s", [](auto& c) { c.gateway.bodyTimeout = seconds(4); }},
      {"--upstream-idle 0", [](auto& c) { c.gateway.idleConnections = 0; }},
      {"--upstream-idle 100000", [](auto& c) { c.gateway.idleConnections = 100'000; }},
      {"--upstream-idle-timeout 1h", [](auto& c) { c.gateway.idleTimeout = hours(1); }},
      {"--fail-timeout 0s", [](auto& c) { c.gateway.failTimeout = seconds(0); }},
      {"--fail-timeout 1m", [](auto& c) { c.gateway.failTimeout = seconds(60); }},
      {"--via edge1.example", [](auto& c) { c.http.forward.via = "edge1.example"; }},
      {"--via off", [](auto& c) { c.http.forward.via = ""; }},
      {"--forwarded x-forwarded", [](auto&) {}},
      {"--forwarded forwarded",
       [](auto& c) { c.http.forward.forwarded = http::ForwardedStyle::kForwarded; }},
      {"--forwarded off", [](auto& c) { c.http.forward.forwarded = http::ForwardedStyle::kNone; }},
      {"--trust-forwarded", [](auto& c) { c.http.forward.trustForwarded = true; }},
      {"--allow-connect 443", [](auto& c) { c.gateway.connectPorts = {443}; }},
      {"--allow-connect 443,8443,1,65535",
       [](auto& c) { c.gateway.connectPorts = {443, 8443, 1, 65535}; }},
      {"--connect-timeout 1s", [](auto& c) { c.connectTimeout = seconds(1); }},
  };
  const std::string listening = "-l http://:::1 -r 10.0.0.7:80 ";
  for (const Row& row : rows) {
    SCOPED_TRACE(row.options);
    const auto got = parse(listening + row.options);
    ASSERT_TRUE(got) << got.error();
    Configuration wanted = std::get<Configuration>(*parse(listening));
    EXPECT_TRUE(wanted.isHttp());
    row.change(wanted);
    expectSame(wanted, std::get<Configuration>(*got));
  }
}

TEST(Options, OfHttpListenersSayInASentenceWhatIsWrong) {
  struct Row {
    std::string options;
    std::string sentence;
  };
  const std::string ports = "it must be ports, like 443 or 443,8443";
  const std::string name = "it must be a name without spaces, like proxy or edge1.example, or off";
  const std::vector<Row> rows = {
      {"--head-timeout 0s",
       "--head-timeout \"0s\": it must be more than nothing, and at most 1000h"},
      {"--keep-alive-timeout 0ms",
       "--keep-alive-timeout \"0ms\": it must be more than nothing, and at most 1000h"},
      {"--keep-alive-requests 0",
       "--keep-alive-requests \"0\": it must be a whole number from 1 to 1000000000"},
      {"--max-body 0", "--max-body \"0\": it must be at least 1"},
      {"--body-minimum 0", "--body-minimum \"0\": it must be from 1 to 1G"},
      {"--max-head 1023", "--max-head \"1023\": it must be from 1K to 48K"},
      {"--max-head 49K", "--max-head \"49K\": it must be from 1K to 48K"},
      {"--max-head 0", "--max-head \"0\": it must be from 1K to 48K"},
      {"--max-fields 0", "--max-fields \"0\": it must be a whole number from 1 to 10000"},
      {"--upstream-idle -1", "--upstream-idle \"-1\": it must be a whole number from 0 to 100000"},
      {"--via a/b", "--via \"a/b\": " + name},
      {"--forwarded both", "--forwarded \"both\": it must be one of x-forwarded, forwarded, off"},
      {"--allow-connect https", "--allow-connect \"https\": " + ports},
      {"--allow-connect 443,", "--allow-connect \"443,\": " + ports},
      {"--allow-connect ,443", "--allow-connect \",443\": " + ports},
      {"--allow-connect 0", "--allow-connect \"0\": " + ports},
      {"--allow-connect 65536", "--allow-connect \"65536\": " + ports},
      {"--trust-forwarded --trust-forwarded=yes",
       "--trust-forwarded: this option takes no value; proxy --help lists the options"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.options);
    const auto request = parse("-l http://:::1 -r 10.0.0.7:80 " + row.options);
    ASSERT_FALSE(request);
    EXPECT_EQ(row.sentence, request.error());
  }
}

TEST(Options, OfHttpListenersMeanNothingWithoutThem) {
  for (const char* option :
       {"--head-timeout 1s", "--body-timeout 1s", "--body-minimum 1", "--keep-alive-timeout 1s",
        "--keep-alive-requests 1", "--max-head 1K", "--max-fields 1", "--max-body 1",
        "--answer-timeout 1s", "--answer-body-timeout 1s", "--upstream-idle 1",
        "--upstream-idle-timeout 1s", "--fail-timeout 1s", "--via x", "--forwarded off",
        "--trust-forwarded", "--allow-connect 443"}) {
    SCOPED_TRACE(option);
    const auto request = parse(std::string("-l :::1 -r a:1 ") + option);
    ASSERT_FALSE(request);
    const std::string given = words(option).front();
    EXPECT_EQ(
        given + " is for http listeners, like -l http://0.0.0.0:80: give one, or leave it out",
        request.error());
  }
}

TEST(Options, HttpIsSpokenByAllListenersOrNone) {
  struct Row {
    std::string line;
    std::string sentence;  // empty: it is right
  };
  const std::string mixed =
      "-l (--listen): http and tcp listeners do not mix: start a proxy for each";
  const std::vector<Row> rows = {
      {"-l http://:::1 -r a:1", ""},
      {"-l http://:::1 -l http://:::2 -r http://a:1 -r unix:/x -r b:1", ""},
      {"-l http://:::0 -l http://:::0 -r a:1", ""},
      {"-l http://:::1 -l :::2 -r a:1", mixed},
      {"-l :::2 -l http://:::1 -r a:1", mixed},
      {"-l http://:::1 -l unix:/x -r a:1", mixed},
      {"-l http://:::1 -l http://:::1 -r a:1", "-l (--listen) \"http://:::1\": it is given twice"},
      {"-l :::1 -r http://a:1",
       "-r (--remote) \"http://a:1\": it needs an http listener, like -l http://0.0.0.0:80"},
      {"-l http://10.0.0.7:1 -r http://10.0.0.7:1",
       "-r (--remote) \"http://10.0.0.7:1\": that is a listener of this proxy: it would carry its "
       "clients to itself"},
      {"-l http://10.0.0.7:1 -r 10.0.0.7:1",
       "-r (--remote) \"10.0.0.7:1\": that is a listener of this proxy: it would carry its "
       "clients to itself"},
      {"-l http://10.0.0.7:1 -r a:1 -r http://a:1",
       "-r (--remote) \"http://a:1\": it is given twice"},
      {"-l 10.0.0.7:1 -l http://10.0.0.7:2 -r a:1", mixed},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.line);
    const auto request = parse(row.line);
    EXPECT_EQ(row.sentence, request ? "" : request.error());
  }
}

TEST(Options, TheAccessLogHasAFileAndAFormat) {
  struct Row {
    std::string options;
    std::string file;
    http1::AccessFormat format;
  };
  const std::vector<Row> rows = {
      {"", "", http1::AccessFormat::kCombined},
      {"--access-log /var/log/proxy.log", "/var/log/proxy.log", http1::AccessFormat::kCombined},
      {"--access-log -", "-", http1::AccessFormat::kCombined},
      {"--access-log=x --access-log-format json", "x", http1::AccessFormat::kJson},
      {"--access-log x --access-log-format combined", "x", http1::AccessFormat::kCombined},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.options);
    const auto request = parse("-l http://:::1 -r a:1 " + row.options);
    ASSERT_TRUE(request) << request.error();
    EXPECT_EQ(row.file, std::get<Configuration>(*request).accessLog);
    EXPECT_EQ(row.format, std::get<Configuration>(*request).accessLogFormat);
  }
}

TEST(Options, SayWhatIsWrongWithAnAccessLog) {
  struct Row {
    std::string line;
    std::string sentence;
  };
  const std::string forHttp =
      " is for http listeners, like -l http://0.0.0.0:80: give one, or leave it out";
  const std::vector<Row> rows = {
      {"-l http://:::1 -r a:1 --access-log-format xml",
       "--access-log-format \"xml\": it must be one of combined, json"},
      {"-l http://:::1 -r a:1 --access-log a --access-log b",
       "--access-log is given 2 times: give it once"},
      {"-l :::1 -r a:1 --access-log -", "--access-log" + forHttp},
      {"-l :::1 -r a:1 --access-log-format json --access-log x", "--access-log" + forHttp},
      {"-l http://:::1 -r a:1 --access-log-format json",
       "--access-log-format: there is no --access-log, which names the file"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.line);
    const auto request = parse(row.line);
    ASSERT_FALSE(request);
    EXPECT_EQ(row.sentence, request.error());
  }
}

TEST(Options, APathIsGivenOnceToo) {
  for (const char* option : {"-l", "-r"}) {
    const auto request =
        parse(std::string("-l :::1 -r a:1 ") + option + " unix:/x " + option + " unix:/x");
    ASSERT_FALSE(request) << option;
    EXPECT_THAT(request.error(), HasSubstr("\"unix:/x\": it is given twice"));
  }
}

TEST(Options, AnEmptyValueIsNoValue) {
  for (const char* option : {"-l", "-r", "-t", "--lane", "--idle-timeout"}) {
    EXPECT_FALSE(parseOptions({"-l", ":::1", "-r", "a:1", option, ""})) << option;
  }
}

TEST(Options, HelpAndVersionComeBeforeEverythingElse) {
  for (const char* line : {"-h", "--help", "--help -t 0", "-t 1 -t 2 -h"}) {
    const auto request = parse(line);
    ASSERT_TRUE(request) << line << ": " << request.error();
    EXPECT_TRUE(std::holds_alternative<ShowHelp>(*request)) << line;
  }
  for (const char* line : {"-V", "--version", "--version -l x"}) {
    const auto request = parse(line);
    ASSERT_TRUE(request) << line << ": " << request.error();
    EXPECT_TRUE(std::holds_alternative<ShowVersion>(*request)) << line;
  }
}

TEST(Options, HelpNamesEveryOptionAndItsDefault) {
  const std::string help = helpText();
  for (const char* part : {"Usage: proxy -l ENDPOINT",
                           "-l, --listen ENDPOINT",
                           "port 0 stands for any free one",
                           "-r, --remote ENDPOINT",
                           "-t, --threads N",
                           "-b, --buffer SIZE",
                           "(4K to 1G; default: 1M)",
                           "(1 to 1024; default: the CPUs",
                           "at most 1000h",
                           "-n, --nodelay",
                           "--nagle",
                           "--lane LANE",
                           "--poll-method METHOD",
                           "--dns-servers HOST[:PORT],...",
                           "--connect-timeout TIME",
                           "(default: 5s)",
                           "--idle-timeout TIME",
                           "(default: 1h)",
                           "--drain-timeout TIME",
                           "(default: 30s)",
                           "--max-connections N",
                           "http://HOST:PORT",
                           "--head-timeout TIME",
                           "--body-timeout TIME",
                           "--body-minimum SIZE",
                           "--keep-alive-timeout TIME",
                           "--keep-alive-requests N",
                           "--max-head SIZE",
                           "default: 32K)",
                           "--max-fields N",
                           "--max-body SIZE",
                           "--answer-timeout TIME",
                           "--answer-body-timeout TIME",
                           "--upstream-idle N",
                           "--upstream-idle-timeout TIME",
                           "--fail-timeout TIME",
                           "--via NAME",
                           "--forwarded STYLE",
                           "--trust-forwarded",
                           "--allow-connect PORT,...",
                           "--access-log FILE",
                           "--access-log-format FORMAT",
                           "(default: combined)",
                           "--log-level LEVEL",
                           "-h, --help",
                           "-V, --version",
                           "Exit status"}) {
    EXPECT_THAT(help, HasSubstr(part));
  }
  EXPECT_EQ('\n', help.back());
}

TEST(Options, HelpFitsIntoAHundredColumns) {
  std::istringstream help(helpText());
  for (std::string line; std::getline(help, line);) {
    EXPECT_LE(line.size(), 100U) << line;
    EXPECT_FALSE(line.ends_with(' ')) << line;
  }
}

TEST(Options, VersionNamesTheProgramAndWhatItLacks) {
  EXPECT_TRUE(versionText().starts_with("proxy 0."));
  EXPECT_EQ(!socksplice::kZeroCopy, versionText().find("no splice") != std::string::npos);
  EXPECT_EQ('\n', versionText().back());
}

}  // namespace
}  // namespace proxy::app
