#include "http/field_section.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace proxy::http {
namespace {

TEST(FieldSection, IsTakenApart) {
  constexpr std::string_view kText = "A: b\r\nContent-Length:  5 \r\nEmpty:\r\n\r\n";
  std::vector<Field> fields{{"old", "old", Name::kOther}};
  ASSERT_EQ(Split::kDone, splitSection(kText, 3, fields));
  ASSERT_EQ(3U, fields.size());
  EXPECT_EQ("A", fields[0].name);
  EXPECT_EQ("b", fields[0].value);
  EXPECT_EQ("5", fields[1].value);
  EXPECT_EQ(Name::kContentLength, fields[1].known);
  EXPECT_EQ("", fields[2].value);
  EXPECT_GE(fields[0].name.data(), kText.data()) << "views into the text";
}

TEST(FieldSection, MayBeEmpty) {
  std::vector<Field> fields;
  EXPECT_EQ(Split::kDone, splitSection("\r\n", 0, fields));
  EXPECT_TRUE(fields.empty());
}

TEST(FieldSection, HasALimit) {
  std::vector<Field> fields;
  EXPECT_EQ(Split::kTooMany, splitSection("A: b\r\nC: d\r\n\r\n", 1, fields));
  EXPECT_EQ(Split::kDone, splitSection("A: b\r\nC: d\r\n\r\n", 2, fields));
}

TEST(FieldSection, IsRefusedByItself) {
  for (const std::string_view text : {"",
                                      "\r",
                                      "\n",
                                      "A",
                                      "A:",
                                      "A: b",
                                      "A: b\r",
                                      "A: b\r\n",
                                      "A: b\r\n\r",
                                      "A: b\rC: d\r\n\r\n",
                                      "A : b\r\n\r\n",
                                      " A: b\r\n\r\n",
                                      ": b\r\n\r\n",
                                      "A\r\n\r\n",
                                      "A: b\r\n c\r\n\r\n",
                                      "A: b\r\n\r\nC",
                                      "A: b\r\n\n",
                                      "\nA: b\r\n\r\n",
                                      "Content-Length:\t5\r\n\r\n",
                                      "Content-Length: 5\t\r\n\r\n"}) {
    std::vector<Field> fields;
    EXPECT_EQ(Split::kMalformed, splitSection(text, 9, fields)) << text;
  }
}

}  // namespace
}  // namespace proxy::http
