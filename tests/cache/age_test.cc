#include "cache/age.h"

#include <string_view>

#include <gtest/gtest.h>

namespace proxy::cache {
namespace {

TEST(Age, IsWritten) {
  struct Row {
    std::string_view name;
    Seconds age;
    std::string_view text;
  };
  constexpr Row kRows[] = {
      {"9111 5.1 none", Seconds{0}, "0"},
      {"9111 5.1 some", Seconds{59}, "59"},
      {"9111 1.2.2 the largest", kForever, "2147483648"},
      {"9111 1.2.2 beyond it", kForever + Seconds{1}, "2147483648"},
      {"9111 1.2.2 far beyond it", Seconds::max(), "2147483648"},
      {"9111 1.2.2 never negative", Seconds{-1}, "0"},
  };
  for (const Row& row : kRows) EXPECT_EQ(row.text, AgeText(row.age).view()) << row.name;
}

}  // namespace
}  // namespace proxy::cache
