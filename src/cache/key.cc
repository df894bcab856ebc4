#include "cache/key.h"

#include <array>
#include <charconv>

#include "http/characters.h"
#include "http/field.h"

namespace proxy::cache {
namespace {

using http::sameText;

std::uint16_t ownPort(std::string_view scheme) noexcept {
  return sameText(scheme, "https") ? 443 : 80;
}

std::uint16_t portOf(const Uri& uri) noexcept {
  return uri.port != 0 ? uri.port : ownPort(uri.scheme);
}

void appendLower(std::string& out, std::string_view text) {
  for (const char c : text) out.push_back(http::lower(c));
}

void appendHost(std::string& out, std::string_view host) {
  const bool isV6 = host.find(':') != std::string_view::npos;
  if (isV6) out.push_back('[');
  appendLower(out, host);
  if (isV6) out.push_back(']');
}

void appendPort(std::string& out, std::uint16_t port) {
  std::array<char, 5> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), port);
  out.append(":").append(digits.data(), end);
}

}  // namespace

std::optional<Uri> uriOf(const http::Target& target, std::string_view host,
                         std::string_view scheme) noexcept {
  const bool absolute = target.form == http::TargetForm::kAbsolute;
  if (!absolute && target.form != http::TargetForm::kOrigin) return std::nullopt;
  if (absolute && !sameText(target.scheme, scheme)) return std::nullopt;
  const auto authority = http::parseAuthority(absolute ? target.authority : host);
  if (!authority || target.path == "*") return std::nullopt;
  return Uri{scheme, authority->host, authority->port, target.path};
}

void appendKey(std::string& out, const Uri& uri) {
  appendLower(out, uri.scheme);
  out.append("://");
  appendHost(out, uri.host);
  if (portOf(uri) != ownPort(uri.scheme)) appendPort(out, uri.port);
  if (!uri.path.starts_with('/')) out.push_back('/');
  out.append(uri.path);
}

bool isSameOrigin(const Uri& a, const Uri& b) noexcept {
  return sameText(a.scheme, b.scheme) && sameText(a.host, b.host) && portOf(a) == portOf(b);
}

}  // namespace proxy::cache
