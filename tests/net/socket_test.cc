#include "net/socket.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include <gtest/gtest.h>

#include "support/child.h"
#include "support/descriptor_limit.h"
#include "support/kernel_refusal.h"
#include "support/peer.h"
#include "support/socket_pair.h"
#include "support/temporary_directory.h"

namespace proxy {
namespace {

using support::getOption;

Address loopback() { return *Address::literal("127.0.0.1", 0); }

UniqueFd listening(const Address& address, const SocketSettings& settings = {}) {
  auto fd = listenAt(address, settings);
  EXPECT_TRUE(fd) << fd.error();
  return fd ? *std::move(fd) : UniqueFd();
}

std::string whyNot(const Address& address) {
  const auto fd = listenAt(address, {});
  return fd ? "" : fd.error();
}

/// How a connection to `address` ends: 0 or an errno.
int outcomeOf(const Address& address) {
  const auto fd = beginConnect(address, {});
  if (!fd) return fd.error();
  pollfd one = {.fd = fd->get(), .events = POLLOUT, .revents = 0};
  EXPECT_EQ(1, poll(&one, 1, 60'000));
  return connectStatus(fd->get());
}

bool exists(const std::string& path) {
  struct stat status{};
  return lstat(path.c_str(), &status) == 0;
}

TEST(ListenAt, OpensANonBlockingListenerAtAFreePort) {
  const UniqueFd fd = listening(loopback());
  EXPECT_NE(0, Address::boundTo(fd.get()).port());
  EXPECT_FALSE(support::isBlocking(fd.get()));
  EXPECT_EQ(FD_CLOEXEC, fcntl(fd.get(), F_GETFD));
  EXPECT_EQ(1, getOption(fd.get(), SOL_SOCKET, SO_ACCEPTCONN));
  EXPECT_EQ(0, outcomeOf(Address::boundTo(fd.get())));
}

TEST(IsLocal, SaysWhetherTheAddressIsOfThisMachine) {
  const UniqueFd fd = listening(loopback());
  EXPECT_TRUE(isLocal(Address::boundTo(fd.get()))) << "its port does not matter";
  EXPECT_FALSE(isLocal(*Address::literal("192.0.2.1", 80)));
  const support::TemporaryDirectory directory;
  EXPECT_TRUE(isLocal(*Address::atPath(directory.at("socket"))));
  EXPECT_NE(0, access(directory.at("socket").c_str(), F_OK)) << "it must leave nothing behind";
}

TEST(ListenAt, SaysThatThePortIsInUse) {
  const UniqueFd fd = listening(loopback());
  EXPECT_EQ("the port is in use by another program", whyNot(Address::boundTo(fd.get())));
}

TEST(ListenAt, TakesAPortAgainWhoseConnectionsLinger) {
  Address address;
  {
    const UniqueFd fd = listening(loopback());
    address = Address::boundTo(fd.get());
    const UniqueFd client(socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_EQ(0, connect(client.get(), address.get(), address.size()));
    const UniqueFd served(support::must(accept(fd.get(), nullptr, nullptr), "accept"));
  }  // the server closed first: its end is in TIME_WAIT
  EXPECT_EQ("", whyNot(address));
}

TEST(ListenAt, SaysThatTheAddressIsNotOfThisMachine) {
  EXPECT_EQ("this machine has no such address", whyNot(*Address::literal("203.0.113.7", 0)));
}

TEST(ListenAt, SaysThatDescriptorsHaveRunOut) {
  const support::DescriptorLimit limit;
  EXPECT_EQ("Too many open files", whyNot(loopback()));
}

TEST(ListenAt, SaysWhichPortsNeedPermission) {
  const int outcome = support::inChild([] {
    if (geteuid() == 0 && setuid(65534) != 0) return 2;
    const std::string why = whyNot(*Address::literal("127.0.0.1", 1));
    if (why.empty()) return 3;
    return why == "no permission; ports below 1024 need CAP_NET_BIND_SERVICE" ? 0 : 1;
  });
  if (outcome > 1) GTEST_SKIP() << "here everybody may listen at every port";
  EXPECT_EQ(0, outcome);
}

TEST(ListenAt, TakesIpv6OnlyAtAnIpv6Address) {
  std::string last;
  // Somebody else may have the IPv4 port.
  for (int attempt = 0; attempt < 20; ++attempt) {
    auto six = listenAt(*Address::literal("::", 0), {});
    if (!six) GTEST_SKIP() << six.error();
    EXPECT_EQ(1, getOption(six->get(), IPPROTO_IPV6, IPV6_V6ONLY));
    Address four = *Address::literal("0.0.0.0", 0);
    four.setPort(Address::boundTo(six->get()).port());
    last = whyNot(four);
    if (last.empty()) return;
  }
  FAIL() << last;
}

TEST(ListenAt, AcceptedSocketsStartWithTheSettings) {
  for (const bool noDelay : {true, false}) {
    const UniqueFd fd = listening(loopback(), {.noDelay = noDelay});
    const Address address = Address::boundTo(fd.get());
    const UniqueFd client(socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_EQ(0, connect(client.get(), address.get(), address.size()));
    const UniqueFd served(support::must(accept(fd.get(), nullptr, nullptr), "accept"));
    EXPECT_EQ(noDelay, getOption(served.get(), IPPROTO_TCP, TCP_NODELAY) != 0);
    EXPECT_NE(0, getOption(served.get(), SOL_SOCKET, SO_KEEPALIVE));
    EXPECT_NE(0, getOption(served.get(), SOL_SOCKET, SO_OOBINLINE));
  }
}

class ListenAtPathTest : public testing::Test {
 protected:
  const support::TemporaryDirectory directory_;
  const std::string path_ = directory_.at("socket");
  const Address address_ = *Address::atPath(path_);
};

TEST_F(ListenAtPathTest, OpensAListener) {
  const UniqueFd fd = listening(address_);
  EXPECT_EQ(0, outcomeOf(address_));
}

TEST_F(ListenAtPathTest, TakesAStalePathOver) {
  listening(address_).reset();
  ASSERT_TRUE(exists(path_)) << "the socket was left over";
  const UniqueFd fd = listening(address_);
  EXPECT_EQ(0, outcomeOf(address_));
}

TEST_F(ListenAtPathTest, RefusesAPathThatAnswers) {
  const UniqueFd fd = listening(address_);
  EXPECT_EQ("another program listens there", whyNot(address_));
  EXPECT_EQ(0, outcomeOf(address_)) << "the first listener lost its path";
}

TEST_F(ListenAtPathTest, RefusesAPathWhoseListenerIsBusy) {
  support::FullBacklog busy(address_);
  EXPECT_EQ("another program listens there", whyNot(address_));
  EXPECT_TRUE(exists(path_));
}

TEST_F(ListenAtPathTest, LeavesAFileThatIsNoSocketAlone) {
  const UniqueFd file(open(path_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  ASSERT_TRUE(file);
  EXPECT_EQ("a file that is no socket is there: remove it, or choose another path",
            whyNot(address_));
  EXPECT_TRUE(exists(path_));
}

TEST_F(ListenAtPathTest, LeavesALinkAlone) {
  ASSERT_EQ(0, symlink("elsewhere", path_.c_str()));
  EXPECT_EQ("a file that is no socket is there: remove it, or choose another path",
            whyNot(address_));
  EXPECT_TRUE(exists(path_));
}

TEST_F(ListenAtPathTest, SaysThatTheDirectoryIsMissing) {
  EXPECT_EQ("its directory does not exist: make it first",
            whyNot(*Address::atPath(directory_.at("no/socket"))));
}

TEST_F(ListenAtPathTest, SaysThatItMayNotCreateTheSocket) {
  const int outcome = support::inChild([this] {
    if (chmod(directory_.at("").c_str(), 0500) != 0) return 2;
    if (geteuid() == 0 && setuid(65534) != 0) return 2;
    return whyNot(address_) == "no permission to create the socket there" ? 0 : 1;
  });
  if (outcome == 2) GTEST_SKIP() << "this user is above permissions";
  EXPECT_EQ(0, outcome);
}

TEST(BeginConnect, IsNonBlockingWithItsSettings) {
  const UniqueFd listener = listening(loopback());
  for (const bool noDelay : {true, false}) {
    const auto fd = beginConnect(Address::boundTo(listener.get()), {.noDelay = noDelay});
    ASSERT_TRUE(fd);
    EXPECT_FALSE(support::isBlocking(fd->get()));
    EXPECT_EQ(FD_CLOEXEC, fcntl(fd->get(), F_GETFD));
    EXPECT_EQ(noDelay, getOption(fd->get(), IPPROTO_TCP, TCP_NODELAY) != 0);
    EXPECT_NE(0, getOption(fd->get(), SOL_SOCKET, SO_KEEPALIVE));
    EXPECT_NE(0, getOption(fd->get(), SOL_SOCKET, SO_OOBINLINE));
  }
}

TEST(BeginConnect, SaysHowItEnded) {
  const support::RefusingPort refusing;
  EXPECT_EQ(ECONNREFUSED, outcomeOf(refusing.address()));
  const UniqueFd listener = listening(loopback());
  EXPECT_EQ(0, outcomeOf(Address::boundTo(listener.get())));
}

TEST(BeginConnect, SaysThatDescriptorsHaveRunOut) {
  const UniqueFd listener = listening(loopback());
  const support::DescriptorLimit limit;
  const auto fd = beginConnect(Address::boundTo(listener.get()), {});
  ASSERT_FALSE(fd);
  EXPECT_EQ(EMFILE, fd.error());
}

TEST(BeginConnect, AtPathsSaysAtOnceWhyNot) {
  const support::TemporaryDirectory directory;
  EXPECT_EQ(ENOENT, outcomeOf(*Address::atPath(directory.at("nobody"))));
  const Address stale = *Address::atPath(directory.at("stale"));
  listening(stale).reset();
  EXPECT_EQ(ECONNREFUSED, outcomeOf(stale));
  const support::FullBacklog busy(*Address::atPath(directory.at("busy")));
  EXPECT_EQ(EAGAIN, outcomeOf(busy.address()));
}

TEST(ConnectStatus, IsEinprogressOnTheWay) {
  const support::FullBacklog silent(loopback());
  const auto fd = beginConnect(silent.address(), {});
  ASSERT_TRUE(fd);
  EXPECT_EQ(EINPROGRESS, connectStatus(fd->get()));
  EXPECT_FALSE(hasPeer(fd->get()));
}

TEST(ConnectStatus, SaysWhyItFailedOnce) {
  const support::RefusingPort refusing;
  const auto fd = beginConnect(refusing.address(), {});
  ASSERT_TRUE(fd);
  pollfd one = {.fd = fd->get(), .events = POLLOUT, .revents = 0};
  ASSERT_EQ(1, poll(&one, 1, 60'000));
  EXPECT_EQ(ECONNREFUSED, connectStatus(fd->get()));
  EXPECT_NE(ECONNREFUSED, connectStatus(fd->get())) << "the kernel forgets it";
}

TEST(ConnectStatus, OfNoSocketIsItsErrno) { EXPECT_EQ(EBADF, connectStatus(-1)); }

TEST(HasPeer, UntilAReset) {
  auto [near, far] = support::tcpPair();
  support::Peer peer(std::move(far));
  EXPECT_TRUE(hasPeer(near.get()));
  EXPECT_EQ(0, connectStatus(near.get()));
  peer.reset();
  pollfd one = {.fd = near.get(), .events = 0, .revents = 0};
  ASSERT_EQ(1, poll(&one, 1, 60'000));
  EXPECT_FALSE(hasPeer(near.get()));
  EXPECT_EQ(ECONNRESET, connectStatus(near.get())) << "asking for the peer took the error";
}

TEST(HasPeer, AfterItsEndToo) {
  auto [near, far] = support::tcpPair();
  ASSERT_EQ(0, shutdown(far.get(), SHUT_WR));
  pollfd one = {.fd = near.get(), .events = POLLRDHUP, .revents = 0};
  ASSERT_EQ(1, poll(&one, 1, 60'000));
  EXPECT_TRUE(hasPeer(near.get()));
}

TEST(HasPeer, NobodyHasOne) { EXPECT_FALSE(hasPeer(-1)); }

}  // namespace
}  // namespace proxy
