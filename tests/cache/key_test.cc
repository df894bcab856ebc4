#include "cache/key.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace proxy::cache {
namespace {

/// The key of a request, or "none".
std::string keyOf(std::string_view target, std::string_view host, std::string_view scheme = "http",
                  std::string_view method = "GET") {
  const auto parsed = http::parseTarget(method, target);
  const auto uri = parsed ? uriOf(*parsed, host, scheme) : std::nullopt;
  std::string key;
  if (uri) appendKey(key, *uri);
  return uri ? key : "none";
}

TEST(Key, IsTheUri) {
  struct Row {
    std::string_view name;
    std::string_view target;
    std::string_view host;
    std::string_view key;
    std::string_view scheme = "http";
    std::string_view method = "GET";
  };
  constexpr Row kRows[] = {
      {"9111 2 a path", "/a/b", "h", "http://h/a/b"},
      {"9111 2 a query", "/a?b=c", "h", "http://h/a?b=c"},
      {"9111 2 an empty query", "/a?", "h", "http://h/a?"},
      {"9111 2 a port", "/", "h:8080", "http://h:8080/"},
      {"9111 2 https", "/", "h", "https://h/", "https"},
      {"9110 4.2.3 the scheme's own port", "/", "h:80", "http://h/"},
      {"9110 4.2.3 that of https", "/", "h:443", "https://h/", "https"},
      {"9110 4.2.3 the other scheme's port", "/", "h:443", "http://h:443/"},
      {"9110 4.2.3 the other scheme's port, https", "/", "h:80", "https://h:80/", "https"},
      {"9110 4.2.3 case of the host", "/A", "EXAMPLE.org", "http://example.org/A"},
      {"3986 3.2.2 IPv6", "/", "[2001:DB8::1]", "http://[2001:db8::1]/"},
      {"3986 3.2.2 IPv6 with a port", "/", "[::1]:81", "http://[::1]:81/"},
      {"9112 3.2.2 the absolute form", "http://d/a", "h", "http://d/a"},
      {"9112 3.2.2 its case", "HTTP://D/A", "h", "http://d/A"},
      {"9112 3.2.2 its port", "http://d:80/a", "h", "http://d/a"},
      {"9112 3.2.2 no path", "http://d", "h", "http://d/"},
      {"9112 3.2.2 a query and no path", "http://d?a", "h", "http://d/?a"},
      {"9112 3.2.2 no Host", "http://d/a", "", "http://d/a"},
      {"9110 7.4 another scheme", "https://d/a", "h", "none"},
      {"9110 7.4 another scheme, https", "http://d/a", "h", "none", "https"},
      {"9112 3.2 no Host", "/", "", "none"},
      {"9112 3.2 a malformed Host", "/", "a b", "none"},
      {"9112 3.2 two hosts", "/", "a,b", "none"},
      {"9112 3.2 user information", "/", "u@h", "none"},
      {"9112 3.2 a port beyond all", "/", "h:65536", "none"},
      {"9112 3.2.3 CONNECT", "h:443", "h", "none", "http", "CONNECT"},
      {"9112 3.2.4 OPTIONS *", "*", "h", "none", "http", "OPTIONS"},
      {"9112 3.2.4 OPTIONS of a whole host", "http://h", "h", "none", "http", "OPTIONS"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(row.key, keyOf(row.target, row.host, row.scheme, row.method)) << row.name;
  }
}

TEST(Key, MergesNothingThatDiffers) {
  struct Row {
    std::string_view name;
    std::string_view a;
    std::string_view b;
  };
  constexpr Row kRows[] = {
      {"3986 6.2.2.1 case of a path", "/a", "/A"},
      {"3986 6.2.2.1 case of an escape", "/%2f", "/%2F"},
      {"3986 6.2.2.2 an escape that is not needed", "/%61", "/a"},
      {"3986 6.2.2.3 dots", "/a/../b", "/b"},
      {"3986 6.2.2.3 a dot", "/./a", "/a"},
      {"3986 6.2.3 two slashes", "//a", "/a"},
      {"3986 6.2.3 a slash at the end", "/a/", "/a"},
      {"3986 6.2.3 an empty query", "/a?", "/a"},
      {"3986 6.2.3 order in a query", "/?a&b", "/?b&a"},
      {"3986 6.2.2.1 case of a query", "/?a", "/?A"},
      {"3986 3.3 a semicolon", "/a;b", "/a"},
      {"3986 3.3 a plus", "/a+b", "/a%20b"},
      {"3986 3.2.2 a query like a host", "http://a/?b", "http://a?/b"},
  };
  for (const Row& row : kRows) EXPECT_NE(keyOf(row.a, "h"), keyOf(row.b, "h")) << row.name;
  EXPECT_NE(keyOf("/", "h."), keyOf("/", "h")) << "3986 3.2.2 a dot at the end of a host";
  EXPECT_NE(keyOf("/", "%61"), keyOf("/", "a")) << "3986 3.2.2 an escape in a host";
  EXPECT_NE(keyOf("/", "[::1]"), keyOf("/", "[0::1]")) << "5952 4 an address written in two ways";
  EXPECT_NE(keyOf("/", "h", "http"), keyOf("/", "h", "https")) << "9110 4.2.2 schemes";
  EXPECT_NE(keyOf("/", "h:80", "https"), keyOf("/", "h:80", "http")) << "9110 4.2.2 schemes";
}

TEST(Origin, IsSchemeHostAndPort) {
  struct Row {
    std::string_view name;
    Uri a;
    Uri b;
    bool same;
  };
  constexpr Row kRows[] = {
      {"9110 4.3.1 the same", {"http", "h", 0, "/a"}, {"http", "h", 0, "/b"}, true},
      {"9110 4.3.1 in another case", {"http", "h", 0, "/"}, {"HTTP", "H", 0, "/"}, true},
      {"9110 4.3.1 its own port", {"http", "h", 80, "/"}, {"http", "h", 0, "/"}, true},
      {"9110 4.3.1 another port", {"http", "h", 81, "/"}, {"http", "h", 0, "/"}, false},
      {"9110 4.3.1 another host", {"http", "h", 0, "/"}, {"http", "i", 0, "/"}, false},
      {"9110 4.3.1 another scheme", {"http", "h", 0, "/"}, {"https", "h", 0, "/"}, false},
      {"9110 4.3.1 another scheme, one port",
       {"http", "h", 443, "/"},
       {"https", "h", 443, "/"},
       false},
  };
  for (const Row& row : kRows) EXPECT_EQ(row.same, isSameOrigin(row.a, row.b)) << row.name;
}

}  // namespace
}  // namespace proxy::cache
