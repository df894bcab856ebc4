#include "core/address.h"

#include <cstring>
#include <string>

#include <gtest/gtest.h>

#include "support/socket_pair.h"
#include "support/temporary_directory.h"

namespace proxy {
namespace {

TEST(Address, ReadsLiteralsAndWritesThem) {
  struct Row {
    const char* host;
    std::uint16_t port;
    int family;
    const char* text;
  };
  constexpr Row kRows[] = {
      {"127.0.0.1", 80, AF_INET, "127.0.0.1:80"},
      {"0.0.0.0", 0, AF_INET, "0.0.0.0:0"},
      {"255.255.255.255", 65535, AF_INET, "255.255.255.255:65535"},
      {"::1", 80, AF_INET6, "[::1]:80"},
      {"::", 0, AF_INET6, "[::]:0"},
      {"2001:DB8::0:1", 443, AF_INET6, "[2001:db8::1]:443"},
      {"::ffff:10.0.0.7", 1, AF_INET6, "[::ffff:10.0.0.7]:1"},
      {"fe80::1", 9, AF_INET6, "[fe80::1]:9"},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.host);
    const auto address = Address::literal(row.host, row.port);
    ASSERT_TRUE(address);
    EXPECT_EQ(row.family, address->family());
    EXPECT_EQ(row.port, address->port());
    EXPECT_EQ(row.text, address->text());
    EXPECT_FALSE(address->isPath());
    EXPECT_EQ(row.family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6), address->size());
  }
}

TEST(Address, TakesNothingElseForALiteral) {
  for (const char* host :
       {"", "localhost", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.4 ", "[::1]",
        "::1%lo", ":::", "12345::", "0x7f000001", "2130706433"}) {
    EXPECT_FALSE(Address::literal(host, 80)) << host;
  }
}

TEST(Address, ReadsPaths) {
  const auto address = Address::atPath("/run/x");
  ASSERT_TRUE(address);
  EXPECT_TRUE(address->isPath());
  EXPECT_EQ("unix:/run/x", address->text());
  EXPECT_EQ("/run/x", address->path());
  EXPECT_EQ(0, address->port());
  EXPECT_EQ(offsetof(sockaddr_un, sun_path) + 7, address->size());
}

TEST(Address, TakesPathsAsLongAsTheKernelDoes) {
  EXPECT_EQ("unix:" + std::string(107, 'x'), Address::atPath(std::string(107, 'x'))->text());
  EXPECT_EQ("the path is longer than 107 bytes", Address::atPath(std::string(108, 'x')).error());
  EXPECT_EQ("the path is empty", Address::atPath("").error());
}

TEST(Address, ChangesItsPort) {
  Address four = *Address::literal("10.0.0.7", 1);
  four.setPort(65535);
  EXPECT_EQ("10.0.0.7:65535", four.text());
  Address six = *Address::literal("::1", 1);
  six.setPort(2);
  EXPECT_EQ("[::1]:2", six.text());
  Address path = *Address::atPath("x");
  path.setPort(3);
  EXPECT_EQ(*Address::atPath("x"), path);
}

TEST(Address, IsAValue) {
  const Address one = *Address::literal("10.0.0.7", 80);
  Address two = one;
  EXPECT_EQ(one, two);
  two.setPort(81);
  EXPECT_NE(one, two);
  EXPECT_NE(one, *Address::literal("10.0.0.8", 80));
  EXPECT_NE(*Address::literal("::", 80), *Address::literal("0.0.0.0", 80));
  EXPECT_NE(*Address::atPath("/a"), *Address::atPath("/b"));
  EXPECT_EQ(*Address::atPath("/a"), *Address::atPath("/a"));
  EXPECT_EQ(Address(), Address());
}

TEST(Address, OfNothingIsUnknown) {
  EXPECT_EQ("unknown", Address().text());
  EXPECT_EQ(AF_UNSPEC, Address().family());
  EXPECT_EQ("unknown", Address::boundTo(-1).text());
  EXPECT_EQ("unknown", Address::copyOf(nullptr, 0).text());
}

TEST(Address, CopiesWhatTheKernelGave) {
  const Address one = *Address::literal("::1", 5000);
  EXPECT_EQ(one, Address::copyOf(one.get(), one.size()));
}

TEST(Address, KnowsWhereASocketIsBound) {
  auto [near, far] = support::tcpPair();
  const Address address = Address::boundTo(near.get());
  EXPECT_EQ(AF_INET, address.family());
  EXPECT_NE(0, address.port());
  EXPECT_TRUE(address.text().starts_with("127.0.0.1:"));
}

TEST(Address, SaysItsHostWithoutPortAndBrackets) {
  EXPECT_EQ("127.0.0.1", Address::literal("127.0.0.1", 80)->host());
  EXPECT_EQ("2001:db8::1", Address::literal("2001:DB8::0:1", 443)->host());
  EXPECT_EQ("::ffff:10.0.0.7", Address::literal("::ffff:10.0.0.7", 1)->host());
  EXPECT_EQ("", Address::atPath("/run/x")->host());
  EXPECT_EQ("", Address().host());
}

TEST(Address, KnowsWhoIsAtTheOtherEnd) {
  auto [near, far] = support::tcpPair();
  EXPECT_EQ(Address::boundTo(far.get()), Address::peerOf(near.get()));
  EXPECT_EQ(Address::boundTo(near.get()), Address::peerOf(far.get()));
  EXPECT_NE(0, Address::peerOf(near.get()).port());
  const support::UniqueFd alone(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(AF_UNSPEC, Address::peerOf(alone.get()).family());
  EXPECT_EQ(AF_UNSPEC, Address::peerOf(-1).family());
  auto [one, two] = support::unixPair();
  EXPECT_TRUE(Address::peerOf(one.get()).isPath());
  EXPECT_EQ("unix:", Address::peerOf(two.get()).text());
}

TEST(Address, NamesAPeerWithoutAPath) {
  auto [near, far] = support::unixPair();
  EXPECT_EQ("unix:", Address::boundTo(near.get()).text());
  EXPECT_EQ("", Address::boundTo(near.get()).path());
  EXPECT_EQ("", Address::literal("::1", 80)->path()) << "only a path has one";
}

TEST(Address, BindsWhereItSays) {
  const support::TemporaryDirectory directory;
  const Address address = *Address::atPath(directory.at("socket"));
  const socksplice::UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(0, bind(fd.get(), address.get(), address.size()));
  EXPECT_EQ(address.text(), Address::boundTo(fd.get()).text());
}

}  // namespace
}  // namespace proxy
