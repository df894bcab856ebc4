#include "net/endpoint.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace proxy {
namespace {

const std::string kSpoken =
    "this version knows tcp://HOST:PORT (or just HOST:PORT), http://HOST:PORT and unix:PATH";
const std::string kNoPort = "the port is missing; write HOST:PORT";
const std::string kNoPath = "it ends with the port: there is no path behind it";
const std::string kRemotePort = "the port must be a number from 1 to 65535";
const std::string kListenerPort =
    "the port must be a number from 1 to 65535, or 0 for any free one";
const std::string kUnbuilt = " is not built into this version; " + kSpoken;
const std::string kUnknown = " is no scheme; " + kSpoken;

Endpoint tcp(const std::string& host, std::uint16_t port) {
  return {.scheme = Scheme::kTcp, .host = host, .port = port, .path = {}};
}

Endpoint http(const std::string& host, std::uint16_t port) {
  return {.scheme = Scheme::kHttp, .host = host, .port = port, .path = {}};
}

Endpoint path(const std::string& where) {
  return {.scheme = Scheme::kUnix, .host = {}, .port = 0, .path = where};
}

TEST(Endpoint, ReadsWhatAnOperatorWrites) {
  struct Row {
    std::string written;
    Endpoint endpoint;
    std::string text;
  };
  const std::string longest(107, 'p');
  const std::string longestName(253, 'n');
  const std::vector<Row> rows = {
      {"127.0.0.1:80", tcp("127.0.0.1", 80), "127.0.0.1:80"},
      {"tcp://127.0.0.1:80", tcp("127.0.0.1", 80), "127.0.0.1:80"},
      {"0.0.0.0:5000", tcp("0.0.0.0", 5000), "0.0.0.0:5000"},
      {"10.0.0.7:1", tcp("10.0.0.7", 1), "10.0.0.7:1"},
      {"10.0.0.7:65535", tcp("10.0.0.7", 65535), "10.0.0.7:65535"},
      {"10.0.0.7:00080", tcp("10.0.0.7", 80), "10.0.0.7:80"},
      {"localhost:8080", tcp("localhost", 8080), "localhost:8080"},
      {"a:1", tcp("a", 1), "a:1"},
      {"App-1.example.COM:443", tcp("App-1.example.COM", 443), "App-1.example.COM:443"},
      {"_srv.example:9", tcp("_srv.example", 9), "_srv.example:9"},
      {"trailing.dot.:9", tcp("trailing.dot.", 9), "trailing.dot.:9"},
      {"999.1.1.1:9", tcp("999.1.1.1", 9), "999.1.1.1:9"},
      {longestName + ":9", tcp(longestName, 9), longestName + ":9"},
      {"[::1]:80", tcp("::1", 80), "[::1]:80"},
      {"[::]:80", tcp("::", 80), "[::]:80"},
      {"tcp://[2001:db8::7]:443", tcp("2001:db8::7", 443), "[2001:db8::7]:443"},
      {"[::ffff:10.0.0.7]:80", tcp("::ffff:10.0.0.7", 80), "[::ffff:10.0.0.7]:80"},
      {"::1:80", tcp("::1", 80), "[::1]:80"},
      {"2001:db8::7:443", tcp("2001:db8::7", 443), "[2001:db8::7]:443"},
      {":::80", tcp("::", 80), "[::]:80"},
      {"unix:/run/app.sock", path("/run/app.sock"), "unix:/run/app.sock"},
      {"unix:relative", path("relative"), "unix:relative"},
      {"unix:with space:and:colons", path("with space:and:colons"), "unix:with space:and:colons"},
      {"unix:///run/app.sock", path("///run/app.sock"), "unix:///run/app.sock"},
      {"unix:" + longest, path(longest), "unix:" + longest},
      {"file.example:80", tcp("file.example", 80), "file.example:80"},
      {"tcp:80", tcp("tcp", 80), "tcp:80"},
      {"http:80", tcp("http", 80), "http:80"},
      {"http://0.0.0.0:80", http("0.0.0.0", 80), "http://0.0.0.0:80"},
      {"http://app.example:8080", http("app.example", 8080), "http://app.example:8080"},
      {"http://[::1]:80", http("::1", 80), "http://[::1]:80"},
      {"http://::1:80", http("::1", 80), "http://[::1]:80"},
      {"http://http:80", http("http", 80), "http://http:80"},
  };
  for (const Row& row : rows) {
    for (const Role role : {Role::kListener, Role::kRemote}) {
      SCOPED_TRACE(row.written);
      const auto endpoint = parseEndpoint(row.written, role);
      ASSERT_TRUE(endpoint) << endpoint.error();
      EXPECT_EQ(row.endpoint, *endpoint);
      EXPECT_EQ(row.text, endpoint->text());
      EXPECT_EQ(*endpoint, parseEndpoint(endpoint->text(), role))
          << "it does not read its own text";
    }
  }
}

TEST(Endpoint, SaysThatTheHostIsMissing) {
  for (const char* written : {":80", "tcp://:80", "[]:80", ":", "http://:80"}) {
    const auto listener = parseEndpoint(written, Role::kListener);
    ASSERT_FALSE(listener) << written;
    EXPECT_EQ("the host is missing; 0.0.0.0 means every IPv4 address and [::] every IPv6 address",
              listener.error());
    const auto remote = parseEndpoint(written, Role::kRemote);
    ASSERT_FALSE(remote) << written;
    EXPECT_EQ("the host is missing; write HOST:PORT", remote.error());
  }
}

TEST(Endpoint, SaysInASentenceWhatIsWrong) {
  struct Row {
    std::string written;
    std::string sentence;
  };
  const std::vector<Row> rows = {
      {"", kNoPort},
      {"localhost", kNoPort},
      {"127.0.0.1", kNoPort},
      {"tcp://localhost", kNoPort},
      {"tcp://", kNoPort},
      {"[::1]", kNoPort},
      {"[::]", kNoPort},
      {"tcp://[::1]", kNoPort},
      {"5000", kNoPort},
      {"[::1:80", "\"[::1\" has one bracket only"},
      {"::1]:80", "\"::1]\" has one bracket only"},
      {"[localhost]:80", "\"localhost\" is no IPv6 address"},
      {"[127.0.0.1]:80", "\"127.0.0.1\" is no IPv6 address"},
      {"[12345::]:80", "\"12345::\" is no IPv6 address"},
      {"[fe80::1%eth0]:80", "\"fe80::1%eth0\" is no IPv6 address"},
      {"1:2:3", "\"1:2\" is no IPv6 address"},
      {"localhost:80:80", "\"localhost:80\" is no IPv6 address"},
      {"tcp:///x:80", kNoPath},
      {"http://a:80/", kNoPath},
      {"http://a:80/b", kNoPath},
      {"http://unix:/x", "a path is written unix:PATH, without another scheme"},
      {"a:1,b:2", "it is one endpoint; give the option again for another"},
      {"local host:80", "\"local host\" is no host name"},
      {" localhost:80", "\" localhost\" is no host name"},
      {"user@host:80", "\"user@host\" is no host name"},
      {"ho/st:80", kNoPath},
      {"*:80", "\"*\" is no host; 0.0.0.0 means every IPv4 address and [::] every IPv6 address"},
      {"h\xc3\xb6st:80", "\"h\xc3\xb6st\" is no host name"},
      {std::string(254, 'n') + ":9", "\"" + std::string(254, 'n') + "\" is no host name"},
      {"unix:", "the path is empty"},
      {"unix:" + std::string(108, 'p'), "the path is longer than 107 bytes"},
      {"tls://0.0.0.0:443", "\"tls\"" + kUnbuilt},
      {"http://0.0.0.0", kNoPort},
      {"http://", kNoPort},
      {"http://[::1]", kNoPort},
      {"http://user@host:80", "\"user@host\" is no host name"},
      {"http://a/b:80", kNoPath},
      {"HTTP://0.0.0.0:80", "\"HTTP\"" + kUnknown},
      {"https://0.0.0.0:443", "\"https\"" + kUnbuilt},
      {"tunnel://hub:1444", "\"tunnel\"" + kUnbuilt},
      {"file:./www", "\"file\"" + kUnbuilt},
      {"file:///var/www", "\"file\"" + kUnbuilt},
      {"udp://127.0.0.1:53", "\"udp\"" + kUnknown},
      {"TCP://127.0.0.1:80", "\"TCP\"" + kUnknown},
      {"://127.0.0.1:80", "\"\"" + kUnknown},
      {"ftp://x:1", "\"ftp\"" + kUnknown},
  };
  for (const Row& row : rows) {
    for (const Role role : {Role::kListener, Role::kRemote}) {
      SCOPED_TRACE(row.written);
      const auto endpoint = parseEndpoint(row.written, role);
      ASSERT_FALSE(endpoint);
      EXPECT_EQ(row.sentence, endpoint.error());
    }
  }
}

TEST(Endpoint, SaysWhichPortsThereAre) {
  for (const char* port : {"", "65536", "99999", "100000000000000000000", "-1", "+80", "80x", "x",
                           " 80", "80 ", "0x50", "8_0", "http"}) {
    SCOPED_TRACE(port);
    const std::string written = std::string("10.0.0.7:") + port;
    const auto listener = parseEndpoint(written, Role::kListener);
    ASSERT_FALSE(listener);
    EXPECT_EQ(kListenerPort, listener.error());
    const auto remote = parseEndpoint(written, Role::kRemote);
    ASSERT_FALSE(remote);
    EXPECT_EQ(kRemotePort, remote.error());
  }
}

TEST(Endpoint, OfOtherSchemesIsAnother) {
  EXPECT_NE(parseEndpoint("http://10.0.0.7:80", Role::kRemote),
            parseEndpoint("10.0.0.7:80", Role::kRemote));
  const auto path = parseEndpoint("http://10.0.0.7:80/path", Role::kRemote);
  ASSERT_FALSE(path);
  EXPECT_EQ(kNoPath, path.error());
}

TEST(Endpoint, PortZeroIsForListenersOnly) {
  EXPECT_EQ(tcp("127.0.0.1", 0), parseEndpoint("127.0.0.1:0", Role::kListener));
  EXPECT_EQ(http("127.0.0.1", 0), parseEndpoint("http://127.0.0.1:0", Role::kListener));
  EXPECT_FALSE(parseEndpoint("http://127.0.0.1:0", Role::kRemote));
  const auto remote = parseEndpoint("127.0.0.1:0", Role::kRemote);
  ASSERT_FALSE(remote);
  EXPECT_EQ(kRemotePort, remote.error());
}

}  // namespace
}  // namespace proxy
