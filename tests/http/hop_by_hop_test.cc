#include "http/hop_by_hop.h"

#include <string>

#include <gtest/gtest.h>

namespace proxy::http {
namespace {

TEST(HopByHop, ConcernsTheConnection) {
  for (const Name name :
       {Name::kConnection, Name::kKeepAlive, Name::kProxyAuthenticate, Name::kProxyAuthorization,
        Name::kProxyConnection, Name::kTe, Name::kTransferEncoding}) {
    EXPECT_TRUE(isHopByHop(name)) << static_cast<int>(name);
  }
  for (const Name name : {Name::kOther, Name::kHost, Name::kContentLength, Name::kDate,
                          Name::kTrailer, Name::kProxyStatus, Name::kVia}) {
    EXPECT_FALSE(isHopByHop(name)) << static_cast<int>(name);
  }
}

TEST(Nominated, AreTheFieldsThatConnectionNames) {
  const Field fields[] = {
      {"Connection", "close, A ,user-agent", Name::kConnection},
      {"X", "b", Name::kOther},
      {"connection", "Cookie,,Keep-Alive", Name::kConnection},
  };
  const Nominated nominated(fields);
  for (const char* name : {"a", "A", "User-Agent", "cookie"}) EXPECT_TRUE(nominated.has(name));
  for (const char* name : {"", "b", "X", "close", "aa"}) EXPECT_FALSE(nominated.has(name));
}

TEST(Nominated, AreNeverThese) {
  for (const std::string_view name :
       {"Host", "content-length", "Transfer-Encoding", "Expect", "Via", "Forwarded", "Upgrade",
        "X-Forwarded-For", "X-Forwarded-Host", "x-forwarded-proto", "close", "keep-alive"}) {
    const Field fields[] = {{"Connection", name, Name::kConnection}};
    EXPECT_FALSE(Nominated(fields).has(name)) << name;
  }
}

TEST(Nominated, AreTheFirstOfTooMany) {
  std::string value;
  for (std::size_t i = 0; i <= kMaxConnectionOptions; ++i) value += std::to_string(i) + ",";
  const Field fields[] = {{"Connection", value, Name::kConnection}};
  const Nominated nominated(fields);
  EXPECT_TRUE(nominated.has("31"));
  EXPECT_FALSE(nominated.has("32"));
}

}  // namespace
}  // namespace proxy::http
