// Where the proxy listens and where it carries to: unix paths, IPv6, several of each.
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "e2e/support/relay_fixture.h"
#include "e2e/support/stream.h"

namespace e2e {
namespace {

namespace fs = std::filesystem;

bool isSocket(const fs::path& path) { return fs::is_socket(fs::symlink_status(path)); }

// Both ways, and the end of both.
void exchange(Joined& session, std::uint64_t bytes) {
  std::vector<Stream> streams = {Stream(session.client, session.upstream, 1, bytes),
                                 Stream(session.upstream, session.client, 2, bytes)};
  drive(streams);
}

class EndpointsTest : public testing::TestWithParam<Setting> {
 protected:
  [[nodiscard]] ProxyCommand proxyOf(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--lane", GetParam().lane});
    return {.arguments = std::move(arguments), .faults = GetParam().faults.spec};
  }

  void expectExchange(ProxyProcess& proxy, Listener& origin) {
    const std::uint64_t bytes = GetParam().amount(std::size_t{4} << 20);
    Joined session = join(proxy, origin);
    exchange(session, bytes);
    proxy.waitUntilIdle();
    const auto ended = proxy.stop();
    expectSums(GetParam(), ended);
    EXPECT_EQ(ended["sessions_done"], 1U);
    EXPECT_EQ(ended["bytes_from_clients"], bytes);
    EXPECT_EQ(ended["bytes_from_upstreams"], bytes);
  }

  TemporaryDirectory directory_;
  std::string path_ = "unix:" + directory_.file("listener").string();
};

TEST_P(EndpointsTest, UnixListenerServesAndRemovesItsPath) {
  Listener origin;
  ProxyProcess proxy(proxyOf({"-l", path_, "-r", origin.address()}));
  EXPECT_EQ(proxy.address(), path_);
  EXPECT_TRUE(isSocket(directory_.file("listener")));
  expectExchange(proxy, origin);
  EXPECT_FALSE(fs::exists(directory_.file("listener")));
}

TEST_P(EndpointsTest, PathThatNobodyListensAtIsTakenOver) {
  {
    const Listener crashed(path_);
  }
  ASSERT_TRUE(isSocket(directory_.file("listener")));
  Listener origin;
  ProxyProcess proxy(proxyOf({"-l", path_, "-r", origin.address()}));
  expectExchange(proxy, origin);
  EXPECT_FALSE(fs::exists(directory_.file("listener")));
}

TEST_P(EndpointsTest, UnixRemoteIsReached) {
  Listener origin("unix:" + directory_.file("origin").string());
  ProxyProcess proxy(proxyOf({"-l", "127.0.0.1:0", "-r", origin.address()}));
  expectExchange(proxy, origin);
}

TEST_P(EndpointsTest, UnixToUnix) {
  Listener origin("unix:" + directory_.file("origin").string());
  ProxyProcess proxy(proxyOf({"-l", path_, "-r", origin.address()}));
  expectExchange(proxy, origin);
}

TEST_P(EndpointsTest, Ipv6OnBothSides) {
  Listener origin("[::1]:0");
  ProxyProcess proxy(proxyOf({"-l", "[::1]:0", "-r", origin.address()}));
  EXPECT_TRUE(proxy.address().starts_with("[::1]:")) << proxy.address();
  expectExchange(proxy, origin);
}

TEST_P(EndpointsTest, EveryListenerServes) {
  Listener origin;
  ProxyProcess proxy(
      proxyOf({"-l", "127.0.0.1:0", "-l", "[::1]:0", "-l", path_, "-r", origin.address()}));
  for (std::size_t i = 0; i < 3; ++i) {
    Joined session;
    session.client = dial(proxy.address(i));
    session.upstream = origin.accept();
    exchange(session, GetParam().amount(100'000));
  }
  proxy.waitUntilIdle();
  const auto ended = proxy.stop();
  expectSums(GetParam(), ended);
  EXPECT_EQ(ended["sessions_done"], 3U);
}

INSTANTIATE_TEST_SUITE_P(Relay, EndpointsTest, testing::ValuesIn(everySetting()), settingName);

class RoundRobinTest : public testing::TestWithParam<Setting> {
 protected:
  // How many of `count` clients come to each of three origins, and the order of the first ones.
  std::vector<std::size_t> deal(const std::string& threads, std::size_t count) {
    std::vector<std::string> more = {
        "-r", origins_[1].address(), "-r", origins_[2].address(), "-t", threads};
    ProxyProcess proxy(GetParam().proxyTo(origins_[0].address(), more));
    std::vector<std::size_t> served;
    for (std::size_t i = 0; i < count; ++i) {
      clients_.push_back(dial(proxy.address()));
      served.push_back(acceptAnywhere());
    }
    clients_.clear();
    EXPECT_EQ(proxy.stop()["connects_tried"], count);
    return served;
  }

  std::size_t acceptAnywhere() {
    std::vector<pollfd> waiting;
    for (const Listener& origin : origins_) waiting.push_back({origin.fd(), POLLIN, 0});
    EXPECT_GT(::poll(waiting.data(), waiting.size(), Deadline().left()), 0);
    for (std::size_t i = 0; i < origins_.size(); ++i) {
      if (waiting[i].revents == 0) continue;
      clients_.push_back(origins_[i].accept());
      return i;
    }
    throw std::runtime_error("no origin is reached");
  }

  std::vector<Listener> origins_{3};
  std::vector<Peer> clients_;
};

TEST_P(RoundRobinTest, OneThreadTakesTheRemotesInTheirOrder) {
  const std::vector<std::size_t> expected = {0, 1, 2, 0, 1, 2, 0, 1, 2};
  EXPECT_EQ(deal("1", 9), expected);
}

TEST_P(RoundRobinTest, TwoThreadsShareEvenly) {
  const auto served = deal("2", 60);
  for (std::size_t origin = 0; origin < 3; ++origin) {
    EXPECT_EQ(std::count(served.begin(), served.end(), origin), 20) << "origin " << origin;
  }
}

INSTANTIATE_TEST_SUITE_P(Relay, RoundRobinTest, testing::ValuesIn(anyLane()), settingName);

// What cannot be listened at ends the program before anything was begun.
class ListenFailureTest : public testing::Test {
 protected:
  // Of a proxy that could listen at `fine`, and cannot at `taken`.
  void expectFailure(const std::string& taken, const std::string& why) {
    const auto ended = runProxy({"-l", fine_, "-l", taken, "-r", "127.0.0.1:1"});
    EXPECT_EQ(ended.status, 1);
    EXPECT_EQ(ended.err, "proxy: -l (--listen) \"" + taken + "\": " + why + "\n");
    EXPECT_FALSE(fs::exists(directory_.file("fine"))) << "a listener is left behind";
  }

  TemporaryDirectory directory_;
  std::string fine_ = "unix:" + directory_.file("fine").string();
};

TEST_F(ListenFailureTest, PortInUse) {
  const Listener other;
  expectFailure(other.address(), "the port is in use by another program");
}

TEST_F(ListenFailureTest, PathInUse) {
  Listener other("unix:" + directory_.file("taken").string());
  expectFailure(other.address(), "another program listens there");
  EXPECT_EQ(dialError(other.address()), 0) << "its owner lost it";
}

TEST_F(ListenFailureTest, PathOfAFile) {
  const fs::path path = directory_.file("notes");
  std::ofstream(path) << "do not touch";
  expectFailure("unix:" + path.string(),
                "a file that is no socket is there: remove it, or choose another path");
  EXPECT_EQ(fs::file_size(path), 12U);
}

TEST_F(ListenFailureTest, DirectoryThatIsNotThere) {
  expectFailure("unix:" + directory_.file("nowhere/socket").string(),
                "its directory does not exist: make it first");
}

TEST_F(ListenFailureTest, AddressOfAnotherMachine) {
  expectFailure("192.0.2.1:80", "this machine has no such address");
}

// A restart must not wait for the connections that its predecessor left in TIME_WAIT.
class RestartTest : public EndpointsTest {};

TEST_P(RestartTest, PortIsTakenAgainAtOnceAfterSessions) {
  Listener origin;
  std::string address = "127.0.0.1:0";
  for (int i = 0; i < 3; ++i) {
    ProxyProcess proxy(proxyOf({"-l", address, "-r", origin.address()}));
    address = proxy.address();
    Joined session = join(proxy, origin);
    session.upstream.close();  // the proxy closes first toward the client
    EXPECT_EQ(session.client.rest().error, 0);
    session.client.close();
    proxy.waitUntilIdle();
    proxy.stop();
  }
}

INSTANTIATE_TEST_SUITE_P(Relay, RestartTest, testing::ValuesIn(anyLane()), settingName);

}  // namespace
}  // namespace e2e
