#include "http/field.h"

#include <algorithm>

#include "http/characters.h"

namespace proxy::http {
namespace {

// The name of this length that begins with this letter; at most one there is.
struct Candidate {
  std::string_view text;
  Name name = Name::kOther;
};

Candidate candidate(std::size_t size, char first) noexcept {
  switch (size) {
    case 2:
      return {"te", Name::kTe};
    case 3:
      return {"via", Name::kVia};
    case 4:
      return first == 'h' ? Candidate{"host", Name::kHost} : Candidate{"date", Name::kDate};
    case 6:
      return first == 'e' ? Candidate{"expect", Name::kExpect} : Candidate{"server", Name::kServer};
    case 7:
      if (first == 'r') return {"referer", Name::kReferer};
      if (first == 't') return {"trailer", Name::kTrailer};
      return {"upgrade", Name::kUpgrade};
    case 9:
      return {"forwarded", Name::kForwarded};
    case 10:
      if (first == 'c') return {"connection", Name::kConnection};
      if (first == 'k') return {"keep-alive", Name::kKeepAlive};
      return {"user-agent", Name::kUserAgent};
    case 12:
      return first == 'm' ? Candidate{"max-forwards", Name::kMaxForwards}
                          : Candidate{"proxy-status", Name::kProxyStatus};
    case 14:
      return {"content-length", Name::kContentLength};
    case 15:
      return {"x-forwarded-for", Name::kXForwardedFor};
    case 16:
      return first == 'p' ? Candidate{"proxy-connection", Name::kProxyConnection}
                          : Candidate{"x-forwarded-host", Name::kXForwardedHost};
    case 17:
      return first == 't' ? Candidate{"transfer-encoding", Name::kTransferEncoding}
                          : Candidate{"x-forwarded-proto", Name::kXForwardedProto};
    case 18:
      return {"proxy-authenticate", Name::kProxyAuthenticate};
    case 19:
      return {"proxy-authorization", Name::kProxyAuthorization};
    default:
      return {};
  }
}

}  // namespace

Name nameOf(std::string_view text) noexcept {
  if (text.empty()) return Name::kOther;
  const Candidate found = candidate(text.size(), lower(text.front()));
  return sameText(text, found.text) ? found.name : Name::kOther;
}

bool sameText(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return x == y || lower(x) == lower(y);
         });
}

std::optional<std::string_view> find(Fields fields, Name name) noexcept {
  for (const Field& field : fields) {
    if (field.known == name) return field.value;
  }
  return std::nullopt;
}

std::size_t count(Fields fields, Name name) noexcept {
  std::size_t found = 0;
  for (const Field& field : fields) found += field.known == name ? 1 : 0;
  return found;
}

}  // namespace proxy::http
