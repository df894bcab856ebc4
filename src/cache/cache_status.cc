#include "cache/cache_status.h"

#include <array>
#include <charconv>
#include <cstdint>

#include "http/characters.h"
#include "http/list.h"

namespace proxy::cache {
namespace {

// RFC 8941, 3.3.3: graphic characters of ASCII and spaces. Others, which no name or key has, are
// lost.
void appendString(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c < ' ' || c > '~') continue;
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

void appendInteger(std::string& out, std::int64_t number) {
  std::array<char, 20> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end);
}

// A token of RFC 8941 begins with a letter.
void appendName(std::string& out, std::string_view name) {
  if (http::isToken(name) && http::isAlpha(name.front())) {
    out.append(name);
  } else {
    appendString(out, name);
  }
}

void appendServed(std::string& out, const CacheStatus& status) {
  const Forward forward = info(status.served).forward;
  if (forward == Forward::kHit) out.append("; hit");
  if (const std::string_view token = tokenOf(forward); !token.empty()) {
    out.append("; fwd=").append(token);
  }
}

}  // namespace

void appendCacheStatus(std::string& out, std::string_view name, const CacheStatus& status) {
  appendName(out, name);
  appendServed(out, status);
  if (status.forwardStatus) {
    out.append("; fwd-status=");
    appendInteger(out, *status.forwardStatus);
  }
  if (status.ttl) {
    out.append("; ttl=");
    appendInteger(out, status.ttl->count());
  }
  if (status.isStored) out.append("; stored");
  if (status.collapsed) out.append("; collapsed");
  if (!status.key.empty()) {
    out.append("; key=");
    appendString(out, status.key);
  }
  const std::string_view kept = info(status.stored).detail;
  const std::string_view detail = kept.empty() ? info(status.served).detail : kept;
  if (!detail.empty()) out.append("; detail=").append(detail);
}

}  // namespace proxy::cache
