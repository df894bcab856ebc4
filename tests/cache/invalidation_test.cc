#include "cache/invalidation.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "cache/lines.h"

namespace proxy::cache {
namespace {

TEST(Invalidation, IsByWhatMayHaveChangedSomething) {
  struct Row {
    std::string_view name;
    std::string_view method;
    int status;
    bool invalidates;
  };
  constexpr Row kRows[] = {
      {"9111 4.4 POST", "POST", 200, true},
      {"9111 4.4 PUT", "PUT", 204, true},
      {"9111 4.4 DELETE", "DELETE", 200, true},
      {"9111 4.4 PATCH", "PATCH", 200, true},
      {"9111 4.4 POST with a redirection", "POST", 303, true},
      {"9111 4.4 an unknown method", "FOO", 200, true},
      {"9111 4.4 the end of non-errors", "POST", 399, true},
      {"9111 4.4 an error", "POST", 400, false},
      {"9111 4.4 an error of the server", "PUT", 500, false},
      {"9111 4.4 not final", "PUT", 103, false},
      {"9110 9.2.1 GET", "GET", 200, false},
      {"9110 9.2.1 HEAD", "HEAD", 200, false},
      {"9110 9.2.1 OPTIONS", "OPTIONS", 200, false},
      {"9110 9.2.1 TRACE", "TRACE", 200, false},
      {"5323 2 SEARCH", "SEARCH", 200, false},
  };
  for (const Row& row : kRows) {
    const http::RequestHead request{row.method, "/", http::Version::k11, {}, {}};
    EXPECT_EQ(row.invalidates, invalidates(request, row.status)) << row.name;
  }
}

TEST(Invalidation, ResolvesReferences) {
  struct Row {
    std::string_view name;
    std::string_view reference;
    std::string_view key;  ///< empty: none
  };
  // As in RFC 3986, 5.4, with /b/c/d;p?q as the base.
  constexpr Row kRows[] = {
      {"3986 5.4.1 another scheme", "g:h", ""},
      {"3986 5.4.1 a name", "g", "http://a/b/c/g"},
      {"3986 5.4.1 ./g", "./g", "http://a/b/c/g"},
      {"3986 5.4.1 g/", "g/", "http://a/b/c/g/"},
      {"3986 5.4.1 /g", "/g", "http://a/g"},
      {"3986 5.4.1 //g", "//g", ""},
      {"3986 5.4.1 ?y", "?y", "http://a/b/c/d;p?y"},
      {"3986 5.4.1 g?y", "g?y", "http://a/b/c/g?y"},
      {"3986 5.4.1 #s", "#s", "http://a/b/c/d;p?q"},
      {"3986 5.4.1 g#s", "g#s", "http://a/b/c/g"},
      {"3986 5.4.1 g?y#s", "g?y#s", "http://a/b/c/g?y"},
      {"3986 5.4.1 ;x", ";x", "http://a/b/c/;x"},
      {"3986 5.4.1 g;x?y", "g;x?y", "http://a/b/c/g;x?y"},
      {"3986 5.4.1 nothing", "", "http://a/b/c/d;p?q"},
      {"3986 5.4.1 .", ".", "http://a/b/c/"},
      {"3986 5.4.1 ./", "./", "http://a/b/c/"},
      {"3986 5.4.1 ..", "..", "http://a/b/"},
      {"3986 5.4.1 ../", "../", "http://a/b/"},
      {"3986 5.4.1 ../g", "../g", "http://a/b/g"},
      {"3986 5.4.1 ../..", "../..", "http://a/"},
      {"3986 5.4.1 ../../", "../../", "http://a/"},
      {"3986 5.4.1 ../../g", "../../g", "http://a/g"},
      {"3986 5.4.2 ../../../g", "../../../g", "http://a/g"},
      {"3986 5.4.2 ../../../../g", "../../../../g", "http://a/g"},
      {"3986 5.4.2 /./g", "/./g", "http://a/g"},
      {"3986 5.4.2 /../g", "/../g", "http://a/g"},
      {"3986 5.4.2 g.", "g.", "http://a/b/c/g."},
      {"3986 5.4.2 .g", ".g", "http://a/b/c/.g"},
      {"3986 5.4.2 g..", "g..", "http://a/b/c/g.."},
      {"3986 5.4.2 ..g", "..g", "http://a/b/c/..g"},
      {"3986 5.4.2 ./../g", "./../g", "http://a/b/g"},
      {"3986 5.4.2 ./g/.", "./g/.", "http://a/b/c/g/"},
      {"3986 5.4.2 g/./h", "g/./h", "http://a/b/c/g/h"},
      {"3986 5.4.2 g/../h", "g/../h", "http://a/b/c/h"},
      {"3986 5.4.2 g;x=1/../y", "g;x=1/../y", "http://a/b/c/y"},
      {"3986 5.4.2 dots in a query", "g?y/../x", "http://a/b/c/g?y/../x"},
      {"3986 5.4.2 dots in a fragment", "g#s/../x", "http://a/b/c/g"},
      {"3986 5.4.2 http:g", "http:g", ""},
      {"9111 4.4 the same origin", "http://a/x", "http://a/x"},
      {"9111 4.4 in another case", "HTTP://A/x", "http://a/x"},
      {"9111 4.4 with its port", "http://a:80/x?y#z", "http://a/x?y"},
      {"9111 4.4 without a path", "http://a", "http://a/"},
      {"9111 4.4 a query without a path", "http://a?x", "http://a/?x"},
      {"9111 4.4 dots", "http://a/b/../x", "http://a/x"},
      {"9111 4.4 without its scheme", "//a/x", "http://a/x"},
      {"9111 4.4 another host", "http://b/x", ""},
      {"9111 4.4 another host, without scheme", "//b/x", ""},
      {"9111 4.4 another port", "http://a:81/x", ""},
      {"9111 4.4 another scheme", "https://a/x", ""},
      {"9111 4.4 user information", "http://u@a/x", ""},
      {"9111 4.4 a longer host", "http://a.b/x", ""},
      {"9111 4.4 no host", "http:///x", ""},
      {"9111 4.4 no host, without scheme", "//", ""},
      {"3986 2 a blank", "/a b", ""},
      {"3986 2 bytes beyond ASCII", "/\xc3\xa4", ""},
      {"3986 4.2 a colon in a query", "?a:b", "http://a/b/c/d;p?a:b"},
      {"3986 4.2 a colon in a later segment", "x/a:b", "http://a/b/c/x/a:b"},
  };
  constexpr Uri kBase{"http", "a", 0, "/b/c/d;p?q"};
  for (const Row& row : kRows) {
    std::string key;
    EXPECT_EQ(!row.key.empty(), appendResolved(key, kBase, row.reference)) << row.name;
    EXPECT_EQ(row.key, key) << row.name;
  }
}

TEST(Invalidation, IsOfTheTargetAndWhatTheAnswerNames) {
  struct Row {
    std::string_view name;
    std::string_view answer;
    std::string_view keys;
  };
  constexpr Row kRows[] = {
      {"9111 4.4 the target", "", "http://h/a"},
      {"9111 4.4 Location", "Location: /b", "http://h/a http://h/b"},
      {"9111 4.4 Content-Location", "content-location: c", "http://h/a http://h/c"},
      {"9111 4.4 both", "Location: /b\nContent-Location: /c", "http://h/a http://h/b http://h/c"},
      {"9111 4.4 each once", "Location: /b\nContent-Location: http://H:80/b",
       "http://h/a http://h/b"},
      {"9111 4.4 the target itself", "Content-Location: /a", "http://h/a"},
      {"9111 4.4 another origin", "Location: http://i/b\nContent-Location: https://h/c",
       "http://h/a"},
      {"9111 4.4 other fields", "Link: </b>\nRefresh: 0;/c", "http://h/a"},
  };
  for (const Row& row : kRows) {
    const Lines answer(row.answer);
    std::string keys;
    for (const std::string& key : invalidated({"http", "h", 0, "/a"}, answer)) {
      keys.append(keys.empty() ? "" : " ").append(key);
    }
    EXPECT_EQ(row.keys, keys) << row.name;
  }
}

}  // namespace
}  // namespace proxy::cache
