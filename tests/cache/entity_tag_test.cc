#include "cache/entity_tag.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace proxy::cache {
namespace {

TEST(EntityTag, IsRead) {
  struct Row {
    std::string_view name;
    std::string_view text;
    std::string_view opaque;  ///< empty: malformed
    bool weak;
  };
  constexpr Row kRows[] = {
      {"9110 8.8.3 strong", "\"xyzzy\"", "\"xyzzy\"", false},
      {"9110 8.8.3 weak", "W/\"xyzzy\"", "\"xyzzy\"", true},
      {"9110 8.8.3 empty", "\"\"", "\"\"", false},
      {"9110 8.8.3 weak and empty", "W/\"\"", "\"\"", true},
      {"9110 8.8.3 a comma", "\"a,b\"", "\"a,b\"", false},
      {"9110 8.8.3 a backslash escapes nothing", "\"a\\\"", "\"a\\\"", false},
      {"9110 8.8.3 bytes beyond ASCII", "\"\xc3\xa4\"", "\"\xc3\xa4\"", false},
      {"9110 8.8.3 nothing", "", "", false},
      {"9110 8.8.3 unquoted", "xyzzy", "", false},
      {"9110 8.8.3 a small w", "w/\"xyzzy\"", "", false},
      {"9110 8.8.3 no slash", "W\"xyzzy\"", "", false},
      {"9110 8.8.3 weak and unquoted", "W/xyzzy", "", false},
      {"9110 8.8.3 unclosed", "\"xyzzy", "", false},
      {"9110 8.8.3 a quote alone", "\"", "", false},
      {"9110 8.8.3 unopened", "xyzzy\"", "", false},
      {"9110 8.8.3 a blank", "\"a b\"", "", false},
      {"9110 8.8.3 a delete character", "\"a\x7f\"", "", false},
      {"9110 8.8.3 something behind", "\"a\"b", "", false},
      {"9110 8.8.3 two", "\"a\", \"b\"", "", false},
      {"9110 8.8.3 an asterisk", "*", "", false},
  };
  for (const Row& row : kRows) {
    const auto tag = parseEntityTag(row.text);
    EXPECT_EQ(row.opaque, tag ? tag->opaque : "") << row.name;
    EXPECT_EQ(row.weak, tag && tag->weak) << row.name;
  }
}

TEST(EntityTag, IsCompared) {
  struct Row {
    std::string_view name;
    std::string_view a;
    std::string_view b;
    bool strongly;
    bool weakly;
  };
  constexpr Row kRows[] = {
      {"9110 8.8.3.2 W/1 W/1", "W/\"1\"", "W/\"1\"", false, true},
      {"9110 8.8.3.2 W/1 W/2", "W/\"1\"", "W/\"2\"", false, false},
      {"9110 8.8.3.2 W/1 1", "W/\"1\"", "\"1\"", false, true},
      {"9110 8.8.3.2 1 1", "\"1\"", "\"1\"", true, true},
      {"9110 8.8.3.2 1 2", "\"1\"", "\"2\"", false, false},
      {"9110 8.8.3.2 case counts", "\"a\"", "\"A\"", false, false},
  };
  for (const Row& row : kRows) {
    const EntityTag a = *parseEntityTag(row.a);
    const EntityTag b = *parseEntityTag(row.b);
    EXPECT_EQ(row.strongly, equalStrongly(a, b)) << row.name;
    EXPECT_EQ(row.strongly, equalStrongly(b, a)) << row.name;
    EXPECT_EQ(row.weakly, equalWeakly(a, b)) << row.name;
    EXPECT_EQ(row.weakly, equalWeakly(b, a)) << row.name;
  }
}

TEST(EntityTags, AreRead) {
  struct Row {
    std::string_view name;
    std::string_view line;
    std::string_view tags;
  };
  constexpr Row kRows[] = {
      {"9110 13.1.2 none", "", ""},
      {"9110 13.1.2 one", "\"a\"", "\"a\"|"},
      {"9110 13.1.2 several", "\"a\", W/\"b\",\"c\"", "\"a\"|W/\"b\"|\"c\"|"},
      {"9110 5.6.1 empty members", " ,, \"a\" ,\t, \"b\",", "\"a\"|\"b\"|"},
      {"9110 8.8.3 a comma in a tag", "\"a,b\", \"c\"", "\"a,b\"|\"c\"|"},
      {"9110 8.8.3 a backslash in a tag", "\"a\\\", \"b\"", "\"a\\\"|\"b\"|"},
      {"9110 13.1.2 what follows a malformed one is not read", "\"a\", b, \"c\"", "\"a\"|"},
      {"9110 13.1.2 an asterisk is no tag", "\"a\", *", "\"a\"|"},
      {"9110 13.1.2 no comma", "\"a\" \"b\"", ""},
      {"9110 13.1.2 unclosed", "\"a\", \"b", "\"a\"|"},
  };
  for (const Row& row : kRows) {
    std::string found;
    for (EntityTags tags(row.line); tags.next();) {
      found.append(tags.tag().weak ? "W/" : "").append(tags.tag().opaque).append("|");
    }
    EXPECT_EQ(row.tags, found) << row.name;
  }
}

}  // namespace
}  // namespace proxy::cache
