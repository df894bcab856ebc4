#include "http/target.h"

#include <string>

#include <gtest/gtest.h>

namespace proxy::http {
namespace {

TEST(Authority, IsTakenApart) {
  struct Row {
    std::string_view text;
    std::string_view host;
    int port;
  };
  constexpr Row kRows[] = {
      {"a", "a", 0},
      {"a.example", "a.example", 0},
      {"A.Example.:80", "A.Example.", 80},
      {"a:1", "a", 1},
      {"a:65535", "a", 65535},
      {"a:00080", "a", 80},
      {"a_b-c~", "a_b-c~", 0},
      {"a%20b", "a%20b", 0},
      {"xn--bcher-kva.example", "xn--bcher-kva.example", 0},
      {"127.0.0.1:8080", "127.0.0.1", 8080},
      {"999.0.0.1", "999.0.0.1", 0},  // a name by RFC 3986
      {"[::]", "::", 0},
      {"[::1]", "::1", 0},
      {"[1::]:80", "1::", 80},
      {"[2001:DB8::7:0]:443", "2001:DB8::7:0", 443},
      {"[1:2:3:4:5:6:7:8]", "1:2:3:4:5:6:7:8", 0},
      {"[1:2:3:4:5:6:7::]", "1:2:3:4:5:6:7::", 0},
      {"[::2:3:4:5:6:7:8]", "::2:3:4:5:6:7:8", 0},
      {"[1:2:3:4:5:6:1.2.3.4]", "1:2:3:4:5:6:1.2.3.4", 0},
      {"[::ffff:1.2.3.4]", "::ffff:1.2.3.4", 0},
      {"[::1.2.3.4]", "::1.2.3.4", 0},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.text);
    const auto authority = parseAuthority(row.text);
    ASSERT_TRUE(authority);
    EXPECT_EQ(row.host, authority->host);
    EXPECT_EQ(row.port, authority->port);
  }
}

TEST(Authority, IsRefused) {
  for (const std::string_view text : {"",
                                      ":",
                                      ":80",
                                      "a:",
                                      "a:0",
                                      "a:65536",
                                      "a:000080",
                                      "a:+1",
                                      "a:-1",
                                      "a:1x",
                                      "a: 1",
                                      "a:1:2",
                                      "a b",
                                      " a",
                                      "a ",
                                      "a/b",
                                      "a?b",
                                      "a#b",
                                      "u@a",
                                      "u:p@a",
                                      "a,b",
                                      "a\"",
                                      "a\\b",
                                      "<a>",
                                      "a|b",
                                      "a^b",
                                      "{a}",
                                      "a%",
                                      "a%4",
                                      "a%4g",
                                      "\xc3\xa4",
                                      "a\x7f",
                                      "a\t",
                                      "::1",
                                      "1::2:80",
                                      "[",
                                      "]",
                                      "[]",
                                      "[]:80",
                                      "[:]",
                                      "[:::]",
                                      "[::1",
                                      "::1]",
                                      "[::1]a",
                                      "[::1]80",
                                      "[::1]:",
                                      "[::1]]",
                                      "[[::1]]",
                                      "[::1%25lo]",
                                      "[1:2]",
                                      "[12345::]",
                                      "[::g]",
                                      "[1::2::3]",
                                      "[1:2:3:4:5:6:7]",
                                      "[:1:2:3:4:5:6:7]",
                                      "[1:2:3:4:5:6:7:]",
                                      "[1:2:3:4:5:6:7:8:9]",
                                      "[1:2:3:4:5:6:7:8::]",
                                      "[1:2:3:4:5:6:7:1.2.3.4]",
                                      "[1.2.3.4]",
                                      "[::1.2.3]",
                                      "[::1.2.3.256]",
                                      "[::1.2.3.04]",
                                      "[::1.2.3.4.5]",
                                      "[::1.2.3.4:1]",
                                      "[v1.a]"}) {
    EXPECT_FALSE(parseAuthority(text)) << text;
  }
  EXPECT_FALSE(parseAuthority(std::string_view("a\0b", 3)));
}

TEST(Target, HasAForm) {
  struct Row {
    std::string_view method;
    std::string_view text;
    TargetForm form;
    std::string_view scheme;
    std::string_view authority;
    std::string_view path;
  };
  constexpr Row kRows[] = {
      {"GET", "/", TargetForm::kOrigin, "", "", "/"},
      {"GET", "/a?b=c", TargetForm::kOrigin, "", "", "/a?b=c"},
      {"GET", "//a", TargetForm::kOrigin, "", "", "//a"},
      {"GET", "/http://a/", TargetForm::kOrigin, "", "", "/http://a/"},
      {"GET", "/a|{}\\\"%zz", TargetForm::kOrigin, "", "", "/a|{}\\\"%zz"},
      {"OPTIONS", "*", TargetForm::kAsterisk, "", "", "*"},
      {"OPTIONS", "/", TargetForm::kOrigin, "", "", "/"},
      {"GET", "http://a/b?c", TargetForm::kAbsolute, "http", "a", "/b?c"},
      {"GET", "HTTPS://A:1/", TargetForm::kAbsolute, "HTTPS", "A:1", "/"},
      {"GET", "http://a", TargetForm::kAbsolute, "http", "a", "/"},
      {"GET", "http://a?b/c", TargetForm::kAbsolute, "http", "a", "?b/c"},
      {"GET", "http://[::1]:80/b", TargetForm::kAbsolute, "http", "[::1]:80", "/b"},
      {"OPTIONS", "http://a", TargetForm::kAbsolute, "http", "a", "*"},
      {"OPTIONS", "http://a/", TargetForm::kAbsolute, "http", "a", "/"},
      {"CONNECT", "a:443", TargetForm::kAuthority, "", "a:443", ""},
      {"CONNECT", "[::1]:443", TargetForm::kAuthority, "", "[::1]:443", ""},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.text);
    const auto target = parseTarget(row.method, row.text);
    ASSERT_TRUE(target);
    EXPECT_EQ(row.form, target->form);
    EXPECT_EQ(row.scheme, target->scheme);
    EXPECT_EQ(row.authority, target->authority);
    EXPECT_EQ(row.path, target->path);
  }
}

TEST(Target, IsRefused) {
  struct Row {
    std::string_view method;
    std::string_view text;
  };
  constexpr Row kRows[] = {
      {"GET", ""},          {"GET", "a"},           {"GET", "*"},        {"OPTIONS", "**"},
      {"GET", "a:80"},      {"GET", "/#"},          {"GET", "/a b"},     {"GET", "/\x01"},
      {"GET", "/\x7f"},     {"GET", "/\xc3\xa4"},   {"GET", "http://"},  {"GET", "http:///"},
      {"GET", "http:/a"},   {"GET", "ftp://a/"},    {"GET", "://a/"},    {"GET", "http://u@a/"},
      {"GET", "http://a#"}, {"GET", "http://a/#b"}, {"GET", "http://?"}, {"GET", "a/http://b/"},
      {"CONNECT", "/"},     {"CONNECT", "*"},       {"CONNECT", "a"},    {"CONNECT", "http://a/"},
      {"CONNECT", ":80"},   {"CONNECT", "a:0"},     {"connect", "a:80"}, {"GET", "http://a\\b"},
  };
  for (const Row& row : kRows) {
    EXPECT_FALSE(parseTarget(row.method, row.text)) << row.method << ' ' << row.text;
  }
}

}  // namespace
}  // namespace proxy::http
