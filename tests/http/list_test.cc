#include "http/list.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace proxy::http {
namespace {

std::vector<std::string> elements(std::string_view value) {
  std::vector<std::string> found;
  for (List list(value); list.next();) found.emplace_back(list.element());
  return found;
}

TEST(List, TakesElementsApart) {
  struct Row {
    std::string_view value;
    std::vector<std::string> elements;
  };
  const Row rows[] = {
      {"", {}},
      {" \t ", {}},
      {",", {}},
      {" , ,\t,", {}},
      {"a", {"a"}},
      {"a,b", {"a", "b"}},
      {" a , \tb\t,c ", {"a", "b", "c"}},
      {",a,,b,", {"a", "b"}},
      {"a b, c", {"a b", "c"}},
      {"a;q=1, b;q=\"0,5\"", {"a;q=1", "b;q=\"0,5\""}},
      {"\"a,b\",c", {"\"a,b\"", "c"}},
      {"\"a\\\",b\",c", {"\"a\\\",b\"", "c"}},
      {"\"a\\\\\",b", {"\"a\\\\\"", "b"}},
      {"a\\,b", {"a\\", "b"}},
      {"\"a,b", {"\"a,b"}},
      {"a,\"b\\", {"a", "\"b\\"}},
      {"\"", {"\""}},
      {"\"\",\"\"", {"\"\"", "\"\""}},
  };
  for (const Row& row : rows) EXPECT_EQ(row.elements, elements(row.value)) << row.value;
}

TEST(List, HasNoElementAtItsEnd) {
  List list("a,");
  EXPECT_EQ("", list.element());
  ASSERT_TRUE(list.next());
  EXPECT_EQ("a", list.element());
  EXPECT_FALSE(list.next());
  EXPECT_EQ("", list.element());
  EXPECT_FALSE(list.next());
}

TEST(List, IsLookedThroughForAToken) {
  const Field fields[] = {
      {"A", "close", Name::kOther},
      {"Connection", "upgrade, X", Name::kConnection},
      {"connection", "TE", Name::kConnection},
  };
  EXPECT_TRUE(lists(fields, Name::kConnection, "Upgrade"));
  EXPECT_TRUE(lists(fields, Name::kConnection, "x"));
  EXPECT_TRUE(lists(fields, Name::kConnection, "te"));
  EXPECT_FALSE(lists(fields, Name::kConnection, "close")) << "another field says so";
  EXPECT_FALSE(lists(fields, Name::kConnection, "upgrade, x"));
  EXPECT_FALSE(lists(fields, Name::kConnection, ""));
  EXPECT_FALSE(lists({}, Name::kConnection, "te"));
}

TEST(List, KnowsWhetherItsQuotesAreClosed) {
  for (const std::string_view text :
       {"", "a", "a, b", "\"\"", "a=\"b, c\", d", "\"a\\\"b\"", "\"a\\\\\"", "\"a\"\"b\"", "a\\"}) {
    EXPECT_TRUE(closesQuotes(text)) << text;
  }
  for (const std::string_view text :
       {"\"", "a=\"b", "a, \"b, c", "\"a\\\"", "\"a\\", "\"a\"\"", "a\", b", "a\\\""}) {
    EXPECT_FALSE(closesQuotes(text)) << text;
  }
}

TEST(List, KnowsTokens) {
  for (const std::string_view text : {"a", "Z9", "!#$%&'*+-.^_`|~", "100-continue"}) {
    EXPECT_TRUE(isToken(text)) << text;
  }
  for (const std::string_view text :
       {"", " ", "a b", "a,b", "a;b", "a/b", "a:b", "\"a\"", "(a)", "a@b", "[a]", "a=b", "{a}",
        "a\\b", "<a>", "a?b", "\x7f", "\xc3\xa4", "a\t"}) {
    EXPECT_FALSE(isToken(text)) << text;
  }
  EXPECT_FALSE(isToken(std::string_view("a\0", 2)));
}

}  // namespace
}  // namespace proxy::http
