#include "cache/lookup.h"

#include <string>

#include <gtest/gtest.h>

#include "cache/lines.h"

namespace proxy::cache {
namespace {

TEST(Lookup, FindsLines) {
  const Lines lines("A: 1\nB: 2\na: 1\nb: 3\nC:");
  EXPECT_TRUE(has(lines, "a"));
  EXPECT_TRUE(has(lines, "c"));
  EXPECT_FALSE(has(lines, "d"));
  EXPECT_EQ("1", first(lines, "A"));
  EXPECT_EQ("2", first(lines, "B"));
  EXPECT_EQ("", first(lines, "C"));
  EXPECT_EQ(std::nullopt, first(lines, "D"));
  EXPECT_EQ("1", agreed(lines, "A"));
  EXPECT_EQ(std::nullopt, agreed(lines, "B")) << "they differ";
  EXPECT_EQ(std::nullopt, agreed(lines, "D"));
  EXPECT_EQ(std::nullopt, sole(lines, "A")) << "there are two";
  EXPECT_EQ("", sole(lines, "c"));
  EXPECT_EQ(std::nullopt, sole(lines, "D"));
}

TEST(Elements, AreOfAllLines) {
  struct Row {
    std::string_view name;
    std::string_view fields;
    std::string_view elements;
  };
  constexpr Row kRows[] = {
      {"9110 5.3 none", "", ""},
      {"9110 5.3 another field", "A: 1", ""},
      {"9110 5.6.1 one", "V: a", "a|"},
      {"9110 5.6.1 several", "V: a, b ,c", "a|b|c|"},
      {"9110 5.6.1 empty ones", "V: ,, a,", "a|"},
      {"9110 5.3 several lines", "V: a\nA: x\nv: b, c", "a|b|c|"},
      {"9110 5.3 empty lines", "V:\nV: ,\nV: a\nV:", "a|"},
      {"9110 5.6.4 quoted commas", "V: \"a,b\", c", "\"a,b\"|c|"},
      {"9110 5.6.4 a quote is closed with its line", "V: \"a\nV: b", "\"a|b|"},
  };
  for (const Row& row : kRows) {
    const Lines lines(row.fields);
    std::string found;
    for (Elements elements(lines, "v"); elements.next();) {
      found.append(elements.element()).append("|");
    }
    EXPECT_EQ(row.elements, found) << row.name;
  }
}

}  // namespace
}  // namespace proxy::cache
