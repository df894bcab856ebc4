#include "cache/stored_fields.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "cache/lines.h"

namespace proxy::cache {
namespace {

std::string textOf(http::Fields fields) {
  std::string text;
  for (const http::Field& field : fields) {
    text.append(text.empty() ? "" : "\n").append(field.name).append(": ").append(field.value);
  }
  return text;
}

TEST(StoredFields, AreKept) {
  struct Row {
    std::string_view name;
    std::string_view fields;
    std::string_view kept;
  };
  constexpr Row kRows[] = {
      {"9111 3.1 unknown ones", "X: 1\nx-y: 2\nX: 3", "X: 1\nx-y: 2\nX: 3"},
      {"9111 3.1 Date and validators", "Date: d\nETag: e\nLast-Modified: l",
       "Date: d\nETag: e\nLast-Modified: l"},
      {"9111 3.1 Cache-Control goes on", "Cache-Control: max-age=1\nCDN-Cache-Control: max-age=2",
       "Cache-Control: max-age=1\nCDN-Cache-Control: max-age=2"},
      {"9211 2 Cache-Status of others", "Cache-Status: a; hit", "Cache-Status: a; hit"},
      {"9111 3.1 Connection", "Connection: close\nX: 1", "X: 1"},
      {"9111 3.1 what Connection names", "Connection: x, Y\nX: 1\ny: 2\nZ: 3", "Z: 3"},
      {"9110 7.6.1 the older ones", "Keep-Alive: 5\nProxy-Connection: close\nTE: a\nX: 1", "X: 1"},
      {"9111 3.1 between proxies",
       "Proxy-Authenticate: a\nProxy-Authorization: b\nProxy-Authentication-Info: c", ""},
      {"9112 6 framing", "Content-Length: 5\nTransfer-Encoding: chunked\nTrailer: a\nUpgrade: b",
       ""},
      {"9111 5.1 Age is written anew", "Age: 5\nX: 1", "X: 1"},
      {"9111 5.2.2.7 what private names",
       "Cache-Control: private=\"Set-Cookie, x\"\nset-cookie: a\nX: 1\nY: 2",
       "Cache-Control: private=\"Set-Cookie, x\"\nY: 2"},
      {"9111 5.2.2.4 what no-cache names", "Cache-Control: no-cache=x\nX: 1\nY: 2",
       "Cache-Control: no-cache=x\nY: 2"},
      {"9213 2.2 what the targeted field names",
       "CDN-Cache-Control: private=\"y\"\nCache-Control: private=x\nX: 1\nY: 2",
       "CDN-Cache-Control: private=\"y\"\nCache-Control: private=x\nX: 1"},
      {"9111 7.3 Set-Cookie, if it may be kept at all", "Set-Cookie: a", "Set-Cookie: a"},
  };
  for (const Row& row : kRows) {
    const Lines lines(row.fields);
    const ResponseDirectives said = responseDirectives(lines);
    const StoredFields stored(lines, said);
    std::vector<http::Field> kept;
    for (const http::Field& field : lines.fields()) {
      if (stored.keeps(field)) kept.push_back(field);
    }
    EXPECT_EQ(row.kept, textOf(kept)) << row.name;
  }
}

TEST(StoredFields, AreFreshened) {
  struct Row {
    std::string_view name;
    std::string_view kept;
    std::string_view notModified;
    std::string_view fields;
  };
  constexpr Row kRows[] = {
      {"9111 3.2 nothing new", "X: 1", "", "X: 1"},
      {"9111 3.2 another value", "X: 1\nY: 2", "X: 3", "Y: 2\nX: 3"},
      {"9111 3.2 the name in another case", "X: 1", "x: 2", "x: 2"},
      {"9111 3.2 a new field", "X: 1", "Y: 2", "X: 1\nY: 2"},
      {"9111 3.2 all lines of a name", "X: 1\nX: 2\nY: 3", "X: 4", "Y: 3\nX: 4"},
      {"9111 3.2 by several lines", "X: 1", "X: 2\nX: 3", "X: 2\nX: 3"},
      {"9111 4.3.4 freshness", "Cache-Control: max-age=1\nExpires: 0", "Cache-Control: max-age=9",
       "Expires: 0\nCache-Control: max-age=9"},
      {"9111 3.2 never the length", "Content-Type: a", "Content-Length: 0", "Content-Type: a"},
      {"9111 3.2 never what describes the body", "Content-Type: a\nContent-Encoding: gzip",
       "Content-Type: b\nContent-Encoding: br\nContent-Range: bytes 0-1/2",
       "Content-Type: a\nContent-Encoding: gzip"},
      {"9530 2 never its digest", "Content-Digest: a\nRepr-Digest: b",
       "Content-Digest: c\nRepr-Digest: d\nDigest: e\nContent-MD5: f",
       "Content-Digest: a\nRepr-Digest: b"},
      {"9111 3.2 where it lies", "Content-Location: /a", "Content-Location: /b",
       "Content-Location: /b"},
      {"9111 3.2 its language", "Content-Language: a", "Content-Language: b",
       "Content-Language: b"},
      {"9111 3.2 never what chose it", "Vary: a", "Vary: b", "Vary: a"},
      {"9111 7.3 no cookie", "Set-Cookie: a", "Set-Cookie: b\nCache-Control: max-age=9",
       "Set-Cookie: a\nCache-Control: max-age=9"},
      {"9111 7.3 a cookie for all", "Set-Cookie: a", "Set-Cookie: b\nCache-Control: public",
       "Set-Cookie: b\nCache-Control: public"},
      {"9213 2.2 a cookie for all, targeted", "X: 1", "Set-Cookie: b\nCDN-Cache-Control: max-age=9",
       "X: 1\nSet-Cookie: b\nCDN-Cache-Control: max-age=9"},
      {"9111 7.3 no new cookie", "X: 1", "Set-Cookie: b", "X: 1"},
      {"9111 3.1 nothing of one hop", "X: 1",
       "Connection: y\nY: 1\nKeep-Alive: 5\nTransfer-Encoding: chunked\nUpgrade: a", "X: 1"},
      {"9111 3.1 nothing private", "X: 1", "Cache-Control: private=x\nX: 2",
       "X: 1\nCache-Control: private=x"},
      {"9111 4.2.3 the old Date goes", "Date: a\nX: 1", "Date: b", "X: 1\nDate: b"},
      {"9111 4.2.3 though there is no new one", "Date: a\nX: 1", "", "X: 1"},
      {"9111 4.2.3 the old Age goes", "Age: 5\nX: 1", "Age: 1", "X: 1\nAge: 1"},
      {"9111 4.2.3 though there is no new one", "Age: 5\nX: 1", "", "X: 1"},
      {"9110 8.8.3 a tag", "ETag: W/\"a\"", "ETag: W/\"a\"", "ETag: W/\"a\""},
  };
  for (const Row& row : kRows) {
    const Lines kept(row.kept);
    const Lines notModified(row.notModified);
    std::vector<http::Field> out(1);
    freshen(kept, notModified, out);
    EXPECT_EQ(row.fields, textOf(out)) << row.name;
  }
}

}  // namespace
}  // namespace proxy::cache
