#include "http/field.h"

#include <cctype>
#include <string>

#include <gtest/gtest.h>

namespace proxy::http {
namespace {

TEST(Field, KnowsItsNames) {
  struct Row {
    std::string_view text;
    Name name;
  };
  constexpr Row kRows[] = {
      {"Connection", Name::kConnection},
      {"Content-Length", Name::kContentLength},
      {"Date", Name::kDate},
      {"Expect", Name::kExpect},
      {"Forwarded", Name::kForwarded},
      {"Host", Name::kHost},
      {"Keep-Alive", Name::kKeepAlive},
      {"Max-Forwards", Name::kMaxForwards},
      {"Proxy-Authenticate", Name::kProxyAuthenticate},
      {"Proxy-Authorization", Name::kProxyAuthorization},
      {"Proxy-Connection", Name::kProxyConnection},
      {"Proxy-Status", Name::kProxyStatus},
      {"Referer", Name::kReferer},
      {"Server", Name::kServer},
      {"TE", Name::kTe},
      {"Trailer", Name::kTrailer},
      {"Transfer-Encoding", Name::kTransferEncoding},
      {"Upgrade", Name::kUpgrade},
      {"User-Agent", Name::kUserAgent},
      {"Via", Name::kVia},
      {"X-Forwarded-For", Name::kXForwardedFor},
      {"X-Forwarded-Host", Name::kXForwardedHost},
      {"X-Forwarded-Proto", Name::kXForwardedProto},
  };
  EXPECT_EQ(static_cast<std::size_t>(Name::kXForwardedProto), std::size(kRows)) << "all of them";
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.text);
    std::string upper(row.text);
    std::string lower(row.text);
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    EXPECT_EQ(row.name, nameOf(row.text));
    EXPECT_EQ(row.name, nameOf(upper));
    EXPECT_EQ(row.name, nameOf(lower));

    // One character other, missing or more, and it is another name.
    for (std::size_t i = 0; i < lower.size(); ++i) {
      std::string other = lower;
      other[i] = static_cast<char>(other[i] ^ 0x20);
      if (std::isalpha(static_cast<unsigned char>(other[i])) == 0) {
        EXPECT_EQ(Name::kOther, nameOf(other)) << other;
      }
      other[i] = '~';
      EXPECT_EQ(Name::kOther, nameOf(other)) << other;
    }
    EXPECT_EQ(Name::kOther, nameOf(lower.substr(1)));
    EXPECT_EQ(Name::kOther, nameOf(lower + "s"));
    EXPECT_EQ(Name::kOther, nameOf(lower + std::string(1, '\0')));
  }
}

TEST(Field, HasOtherNames) {
  for (const std::string_view text :
       {"", "a", "Accept", "Cookie", "X-Forwarded-Fox", "Content_Length"}) {
    EXPECT_EQ(Name::kOther, nameOf(text)) << text;
  }
}

TEST(Field, ComparesTextsInAsciiOnly) {
  EXPECT_TRUE(sameText("", ""));
  EXPECT_TRUE(sameText("aZ-09", "Az-09"));
  EXPECT_FALSE(sameText("a", "ab"));
  EXPECT_FALSE(sameText("@", "`")) << "letters differ by 0x20, and these are none";
  EXPECT_FALSE(sameText("[", "{"));
  EXPECT_FALSE(sameText("-", "\r"));
  EXPECT_FALSE(sameText("\xc4", "\xe4"));
}

TEST(Field, IsFoundAndCounted) {
  const Field fields[] = {
      {"Host", "a", Name::kHost}, {"A", "b", Name::kOther}, {"Host", "c", Name::kHost}};
  EXPECT_EQ("a", find(fields, Name::kHost));
  EXPECT_EQ(std::nullopt, find(fields, Name::kVia));
  EXPECT_EQ(2U, count(fields, Name::kHost));
  EXPECT_EQ(0U, count(fields, Name::kVia));
  EXPECT_EQ(0U, count({}, Name::kHost));
}

}  // namespace
}  // namespace proxy::http
