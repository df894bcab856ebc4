#include "http/target.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "http/characters.h"

namespace proxy::http {
namespace {

// unreserved and sub-delims (RFC 3986, 2.2 and 2.3), but for the comma: a proxy before us may have
// made one Host of two (RFC 9110, 5.3).
constexpr CharacterSet kNameCharacters(true, "-._~!$&'()*+;=");

// A registered name or an IPv4 address, which looks like one (RFC 3986, 3.2.2).
bool isRegisteredName(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kNameCharacters.has(text[i])) continue;
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && isHexDigit(text[i + 1]) && isHexDigit(text[i + 2]);
    if (!escape) return false;
    i += 2;
  }
  return !text.empty();
}

bool isIpv4(std::string_view text) noexcept {
  int parts = 0;
  for (; parts < 4; ++parts) {
    if (parts > 0) {
      if (!text.starts_with('.')) return false;
      text.remove_prefix(1);
    }
    unsigned value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const auto size = static_cast<std::size_t>(stop - text.data());
    if (error != std::errc() || value > 255 || (size > 1 && text.front() == '0')) return false;
    text.remove_prefix(size);
  }
  return text.empty();
}

// RFC 3986, 3.2.2, without brackets; a zone (RFC 6874) means nothing to anybody but its owner.
bool isIpv6(std::string_view text) noexcept {
  int groups = 0;
  bool gap = false;
  if (text.starts_with("::")) {
    gap = true;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(':'), text.size());
    const std::string_view group = text.substr(0, end);
    if (end == text.size() && group.find('.') != std::string_view::npos) {
      groups += 2;
      if (!isIpv4(group)) return false;
      break;
    }
    if (group.empty() || group.size() > 4 || !std::all_of(group.begin(), group.end(), isHexDigit)) {
      return false;
    }
    ++groups;
    text.remove_prefix(end);
    if (text.starts_with("::")) {
      if (gap) return false;
      gap = true;
      text.remove_prefix(2);
    } else if (!text.empty()) {
      text.remove_prefix(1);
      if (text.empty()) return false;
    }
  }
  return gap ? groups < 8 : groups == 8;
}

std::optional<std::uint16_t> parsePort(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  const bool whole = !text.empty() && text.size() <= 5 && error == std::errc() && stop == end;
  if (!whole || port == 0) return std::nullopt;
  return port;
}

/// The host with its brackets if it has some, and what follows it.
struct Parts {
  std::string_view host;
  std::string_view rest;
};

Parts splitAuthority(std::string_view text) noexcept {
  const std::size_t end = text.starts_with('[') ? std::min(text.find(']'), text.size() - 1) + 1
                                                : std::min(text.find(':'), text.size());
  return {text.substr(0, end), text.substr(end)};
}

// Graphic characters but for the fragment's mark. Those that RFC 3986 wants escaped and browsers
// send as they are, such as "|", are the upstream's to judge.
bool isPath(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
}

std::optional<Target> parseAbsolute(std::string_view method, std::string_view text) noexcept {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  Target target{TargetForm::kAbsolute, text.substr(0, colon), {}, {}};
  if (!sameText(target.scheme, "http") && !sameText(target.scheme, "https")) return std::nullopt;

  text.remove_prefix(colon + 3);
  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  target.authority = text.substr(0, end);
  target.path = text.substr(end);
  if (!parseAuthority(target.authority) || !isPath(target.path)) return std::nullopt;
  if (target.path.empty()) target.path = method == "OPTIONS" ? "*" : "/";  // RFC 9112, 3.2.4
  return target;
}

}  // namespace

std::optional<Authority> parseAuthority(std::string_view text) noexcept {
  if (text.empty()) return std::nullopt;
  auto [host, rest] = splitAuthority(text);
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return std::nullopt;
    host = host.substr(1, host.size() - 2);
    if (!isIpv6(host)) return std::nullopt;
  } else if (!isRegisteredName(host)) {
    return std::nullopt;
  }

  Authority authority{host, 0};
  if (rest.empty()) return authority;
  // A colon without a port is valid (RFC 3986, 3.2.3), and refused: hosts are compared as text.
  const auto port = rest.front() == ':' ? parsePort(rest.substr(1)) : std::nullopt;
  if (!port) return std::nullopt;
  authority.port = *port;
  return authority;
}

std::optional<Target> parseTarget(std::string_view method, std::string_view target) noexcept {
  if (method == "CONNECT") {
    const auto authority = parseAuthority(target);
    if (!authority || authority->port == 0) return std::nullopt;
    return Target{TargetForm::kAuthority, {}, target, {}};
  }
  if (target.starts_with('/')) {
    if (!isPath(target)) return std::nullopt;
    return Target{TargetForm::kOrigin, {}, {}, target};
  }
  if (target == "*") {
    if (method != "OPTIONS") return std::nullopt;
    return Target{TargetForm::kAsterisk, {}, {}, target};
  }
  return parseAbsolute(method, target);
}

}  // namespace proxy::http
