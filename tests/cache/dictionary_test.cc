#include "cache/dictionary.h"

#include <cstddef>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace proxy::cache {
namespace {

char letterOf(ItemType type) { return "TFISKO"[static_cast<std::size_t>(type)]; }

/// "key:letter of the type:text" of each member; "failed" at the end if it did.
std::string members(std::string_view line) {
  std::string out;
  Dictionary dictionary(line);
  while (dictionary.next()) {
    if (!out.empty()) out += ' ';
    out.append(dictionary.key()).append(":").append(1, letterOf(dictionary.type()));
    if (!dictionary.value().empty()) out.append(":").append(dictionary.value());
  }
  if (dictionary.failed()) out += out.empty() ? "failed" : " failed";
  return out;
}

TEST(Dictionary, IsTakenApart) {
  struct Row {
    std::string_view name;
    std::string_view line;
    std::string_view members;
  };
  constexpr Row kRows[] = {
      {"8941 4.2 empty", "", "failed"},
      {"8941 4.2 blank", "   ", "failed"},
      {"8941 3.2 a key alone is true", "a", "a:T"},
      {"8941 3.2 several", "a, b;x=1, c=2", "a:T b:T c:I:2"},
      {"8941 3.2 tabs around commas", "a\t,\tb", "a:T b:T"},
      {"8941 3.2 no white space", "a,b", "a:T b:T"},
      {"8941 4.2 spaces around", "  a  ", "a:T"},
      {"8941 4.2 a tab in front", "\ta", "failed"},
      {"8941 3.1.2 characters of keys", "*a-_.*9=1", "*a-_.*9:I:1"},
      {"8941 3.1.2 an upper-case key", "A=1", "failed"},
      {"8941 3.1.2 upper case within a key", "aB=1", "failed"},
      {"8941 3.1.2 a digit in front of a key", "9a=1", "failed"},
      {"8941 4.2.2 a trailing comma", "a,", "failed"},
      {"8941 4.2.2 a leading comma", ",a", "failed"},
      {"8941 4.2.2 two commas", "a,,b", "failed"},
      {"8941 4.2.2 no comma", "a b", "failed"},
      {"8941 4.2.2 blank before the equals sign", "a =1", "failed"},
      {"8941 4.2.2 blank behind the equals sign", "a= 1", "failed"},
      {"8941 4.2.2 no value", "a=", "failed"},
      {"8941 3.3.1 an integer", "a=-42", "a:I:-42"},
      {"8941 3.3.1 leading zeros", "a=007", "a:I:007"},
      {"8941 3.3.1 fifteen digits", "a=123456789012345", "a:I:123456789012345"},
      {"8941 3.3.1 sixteen digits", "a=1234567890123456", "failed"},
      {"8941 3.3.1 a minus alone", "a=-", "failed"},
      {"8941 3.3.1 two minuses", "a=--1", "failed"},
      {"8941 3.3.1 a plus", "a=+1", "failed"},
      {"8941 3.3.2 a decimal", "a=1.5", "a:O:1.5"},
      {"8941 3.3.2 four digits behind the point", "a=1.2345", "failed"},
      {"8941 3.3.2 thirteen digits before it", "a=1234567890123.1", "failed"},
      {"8941 3.3.2 no digit behind the point", "a=1.", "failed"},
      {"8941 3.3.3 a string", "a=\"b, c\"", "a:S:b, c"},
      {"8941 3.3.3 an empty string", "a=\"\"", "a:S"},
      {"8941 3.3.3 escapes", "a=\"b\\\"\\\\\"", "a:S:b\\\"\\\\"},
      {"8941 3.3.3 another escape", "a=\"\\b\"", "failed"},
      {"8941 3.3.3 an unclosed string", "a=\"b", "failed"},
      {"8941 3.3.3 a string that ends in an escape", "a=\"b\\", "failed"},
      {"8941 3.3.3 a string that ends in an escaped quote", "a=\"b\\\"", "failed"},
      {"8941 3.3.3 a tab in a string", "a=\"b\tc\"", "failed"},
      {"8941 3.3.3 bytes beyond ASCII", "a=\"\xc3\xa4\"", "failed"},
      {"8941 3.3.4 a token", "a=b:/c*", "a:K:b:/c*"},
      {"8941 3.3.4 a token with an asterisk in front", "a=*b", "a:K:*b"},
      {"8941 3.3.4 an invalid token", "a=&b", "failed"},
      {"8941 3.3.5 bytes", "a=:aGk=:", "a:O:aGk="},
      {"8941 3.3.5 unclosed bytes", "a=:aGk=", "failed"},
      {"8941 3.3.5 what is no base64", "a=:a_:", "failed"},
      {"8941 3.3.6 true", "a=?1", "a:T:1"},
      {"8941 3.3.6 false", "a=?0", "a:F:0"},
      {"8941 3.3.6 neither", "a=?2", "failed"},
      {"8941 3.3.6 a question mark alone", "a=?", "failed"},
      {"9651 3.3.7 a date", "a=@1659578233", "a:O:1659578233"},
      {"9651 3.3.7 no date", "a=@1.5", "failed"},
      {"9651 3.3.8 a display string", "a=%\"b\"", "a:O:b"},
      {"9651 3.3.8 no display string", "a=%b", "failed"},
      {"8941 3.1.1 an inner list", "a=(b \"c\" 1;x);y, d", "a:O:(b \"c\" 1;x) d:T"},
      {"8941 3.1.1 an empty inner list", "a=( )", "a:O:( )"},
      {"8941 3.1.1 an unclosed inner list", "a=(b", "failed"},
      {"8941 3.1.1 commas in an inner list", "a=(b,c)", "failed"},
      {"8941 3.1.1 no blank in an inner list", "a=(\"b\"\"c\")", "failed"},
      {"8941 3.1.1 an inner list in an inner list", "a=((b))", "failed"},
      {"8941 3.1.2 parameters", "a=1;b;c=\"d\"; e=?0", "a:I:1"},
      {"8941 3.1.2 blank before a semicolon", "a=1 ;b", "failed"},
      {"8941 3.1.2 a parameter without a key", "a=1;", "failed"},
      {"8941 3.1.2 a parameter without a value", "a=1;b=", "failed"},
      {"8941 3.1.2 a parameter that is an inner list", "a=1;b=(c)", "failed"},
  };
  for (const Row& row : kRows) {
    const std::string found = members(row.line);
    // What was read before the failure does not matter.
    if (row.members == "failed") {
      EXPECT_TRUE(found.ends_with("failed")) << row.name << ": " << found;
    } else {
      EXPECT_EQ(row.members, found) << row.name;
    }
  }
}

}  // namespace
}  // namespace proxy::cache
