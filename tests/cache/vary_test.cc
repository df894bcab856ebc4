#include "cache/vary.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "cache/lines.h"

namespace proxy::cache {
namespace {

TEST(Vary, NamesFields) {
  struct Row {
    std::string_view name;
    std::string_view fields;
    std::string_view names;
    bool any = false;
  };
  constexpr Row kRows[] = {
      {"9110 12.5.5 none", "", ""},
      {"9110 12.5.5 empty", "Vary:", ""},
      {"9110 12.5.5 one", "Vary: Accept-Encoding", "accept-encoding"},
      {"9110 12.5.5 in order", "Vary: b, A,c", "a,b,c"},
      {"9110 12.5.5 on several lines", "Vary: b\nvary: a", "a,b"},
      {"9110 12.5.5 each once", "Vary: a, A\nVary: a", "a"},
      {"9110 12.5.5 any", "Vary: *", "*", true},
      {"9110 12.5.5 any, among others", "Vary: a, *", "*,a", true},
      {"9110 12.5.5 any, on another line", "Vary: a\nVary: *", "*,a", true},
      {"9110 5.1 no name", "Vary: a b", "a b", true},
      {"9110 5.1 quoted", "Vary: \"a\"", "\"a\"", true},
      {"9110 5.1 quoted, and any within", "Vary: \"a, *", "\"a, *", true},
      {"7239 4 Forwarded is written anew", "Vary: Forwarded", "forwarded", true},
      {"7239 4 X-Forwarded-For too", "Vary: x-forwarded-for", "x-forwarded-for", true},
      {"7239 4 the scheme is in the key", "Vary: X-Forwarded-Proto", "x-forwarded-proto"},
      {"9111 4.1 sixteen", "Vary: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p",
       "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p"},
  };
  for (const Row& row : kRows) {
    const Lines lines(row.fields);
    const Vary vary(lines);
    std::string names;
    vary.appendNames(names);
    EXPECT_EQ(row.names, names) << row.name;
    EXPECT_EQ(row.any, vary.isAny()) << row.name;
    EXPECT_FALSE(vary.isTooMany()) << row.name;
  }
  const Lines lines("Vary: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,Q");
  EXPECT_TRUE(Vary(lines).isTooMany());
  const Lines repeated("Vary: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,P");
  EXPECT_FALSE(Vary(repeated).isTooMany());
}

TEST(Vary, TellsRequestsApart) {
  struct Row {
    std::string_view name;
    std::string_view vary;
    std::string_view a;
    std::string_view b;
    bool match;
  };
  constexpr Row kRows[] = {
      {"9111 4.1 nothing named", "", "X: 1", "X: 2", true},
      {"9111 4.1 the same", "X", "X: 1", "X: 1", true},
      {"9111 4.1 the name in another case", "X", "X: 1", "x: 1", true},
      {"9111 4.1 another value", "X", "X: 1", "X: 2", false},
      {"9111 4.1 case of a value counts", "X", "X: a", "X: A", false},
      {"9111 4.1 absent from both", "X", "Y: 1", "Y: 2", true},
      {"9111 4.1 absent from one", "X", "X: 1", "", false},
      {"9111 4.1 absent is not empty", "X", "X:", "", false},
      {"9111 4.1 one of two differs", "X, Y", "X: 1\nY: 1", "X: 1\nY: 2", false},
      {"9111 4.1 their order does not count", "X, Y", "X: 1\nY: 1", "Y: 1\nX: 1", true},
      {"9111 4.1 values change places", "X, Y", "X: 1\nY: 2", "X: 2\nY: 1", false},
      {"9111 4.1 others do not count", "X", "X: 1\nZ: 1", "Z: 2\nX: 1", true},
      {"9111 4.1 lines of one name are a list", "X", "X: 1\nX: 2", "X: 1, 2", true},
      {"9111 4.1 their order counts", "X", "X: 1\nX: 2", "X: 2\nX: 1", false},
      {"9111 4.1 white space within others counts", "X", "X: 1,2", "X: 1, 2", false},
      {"9111 4.1 User-Agent is no list", "User-Agent", "User-Agent: (K, like G)",
       "User-Agent: (K,like G)", false},
      {"9111 4.1 one value like two fields", "X, Y", "X: 1\nY: 2", "X: 1 y:2", false},
      {"9111 4.1 Cookie", "Cookie", "Cookie: a=1; b=2", "Cookie: b=2; a=1", false},
      {"9111 4.1 Authorization", "Authorization", "Authorization: A", "Authorization: B", false},
      {"9110 12.5.3 the same", "Accept-Encoding", "Accept-Encoding: gzip, br",
       "Accept-Encoding: gzip, br", true},
      {"9110 12.5.3 white space", "Accept-Encoding", "Accept-Encoding: gzip,br",
       "Accept-Encoding: gzip , br", true},
      {"9110 12.5.3 order", "Accept-Encoding", "Accept-Encoding: gzip, br",
       "Accept-Encoding: br, gzip", true},
      {"9110 12.5.3 case", "Accept-Encoding", "Accept-Encoding: GZip", "Accept-Encoding: gzip",
       true},
      {"9110 12.5.3 lines", "Accept-Encoding", "Accept-Encoding: br\nAccept-Encoding: gzip",
       "Accept-Encoding: gzip,br", true},
      {"9110 12.5.3 empty members", "Accept-Encoding", "Accept-Encoding: gzip,, br,",
       "Accept-Encoding: gzip,br", true},
      {"9110 12.4.2 white space around a weight", "Accept-Encoding",
       "Accept-Encoding: gzip ; q=0.5", "Accept-Encoding: gzip;q=0.5", true},
      {"9110 12.4.2 a weight counts", "Accept-Encoding", "Accept-Encoding: gzip;q=0.5",
       "Accept-Encoding: gzip;q=0", false},
      {"9110 12.4.2 a weight that says nothing counts", "Accept-Encoding",
       "Accept-Encoding: gzip;q=1", "Accept-Encoding: gzip", false},
      {"9110 12.5.3 one coding less", "Accept-Encoding", "Accept-Encoding: gzip, br",
       "Accept-Encoding: gzip", false},
      {"9110 12.5.3 empty is not absent", "Accept-Encoding", "Accept-Encoding:", "", false},
      {"9110 12.5.3 a blank is no comma", "Accept-Encoding", "Accept-Encoding: gzip br",
       "Accept-Encoding: gzip,br", false},
      {"9110 12.5.3 a blank is not nothing", "Accept-Encoding", "Accept-Encoding: gz ip",
       "Accept-Encoding: gzip", false},
      {"9110 12.5.3 beyond sixteen order counts", "Accept-Encoding",
       "Accept-Encoding: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q",
       "Accept-Encoding: b,a,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", false},
      {"9110 12.5.3 beyond sixteen the last counts", "Accept-Encoding",
       "Accept-Encoding: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q",
       "Accept-Encoding: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,r", false},
      {"9110 12.5.3 beyond sixteen white space does not", "Accept-Encoding",
       "Accept-Encoding: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q",
       "Accept-Encoding: a, b,c,d,e,f,g,h,i,j,k,l,m,n,o,p ,q", true},
      {"9110 12.5.4 case", "Accept-Language", "Accept-Language: en-GB", "Accept-Language: EN-gb",
       true},
      {"9110 12.5.4 order counts", "Accept-Language", "Accept-Language: en, de",
       "Accept-Language: de, en", false},
      {"9110 12.5.4 white space", "Accept-Language", "Accept-Language: en,de",
       "Accept-Language: en, de", true},
      {"9110 12.5.1 white space", "Accept", "Accept: a/b ;c=1,d/e", "Accept: a/b;c=1, d/e", true},
      {"9110 12.5.1 case counts", "Accept", "Accept: a/b;c=D", "Accept: a/b;c=d", false},
      {"9110 12.5.1 order counts", "Accept", "Accept: a/b, c/d", "Accept: c/d, a/b", false},
      {"9110 12.5.1 quoted strings are left alone", "Accept", "Accept: a/b;c=\" ; \"",
       "Accept: a/b;c=\";\"", false},
      {"9110 12.5.1 quoted commas are left alone", "Accept", "Accept: a/b;c=\"d, e\"",
       "Accept: a/b;c=\"d,e\"", false},
  };
  for (const Row& row : kRows) {
    const Lines answer(std::string("Vary: ").append(row.vary));
    const Vary vary(answer);
    std::string a;
    std::string b;
    vary.appendKey(a, Lines(row.a));
    vary.appendKey(b, Lines(row.b));
    EXPECT_EQ(row.match, a == b) << row.name << "\n" << a << b;
  }
}

TEST(Vary, IsTheSameInAnyOrder) {
  const Lines request("X: 1\nY: 2");
  const Lines one("Vary: x, Y");
  const Lines other("Vary: y\nVary: X");
  std::string a;
  std::string b;
  Vary(one).appendKey(a, request);
  Vary(other).appendKey(b, request);
  EXPECT_EQ(a, b);
  EXPECT_EQ("x:1\ny:2\n", a);
}

}  // namespace
}  // namespace proxy::cache
