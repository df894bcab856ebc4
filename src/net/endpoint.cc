#include "net/endpoint.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "core/address.h"
#include "core/format.h"

namespace proxy {

namespace {

constexpr std::string_view kSpoken =
    "this version knows tcp://HOST:PORT (or just HOST:PORT), http://HOST:PORT and unix:PATH";

// Schemes that are part of the program's language, though this version does not speak them yet.
constexpr std::array<std::string_view, 4> kUnspoken = {"tls", "https", "tunnel", "file"};

Expected<Endpoint> parseUnix(std::string_view path) {
  if (const auto address = Address::atPath(path); !address) return unexpected(address.error());
  return Endpoint{.scheme = Scheme::kUnix, .host = {}, .port = 0, .path = std::string(path)};
}

std::optional<std::uint16_t> parsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

bool validNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

Expected<std::string> parseHost(std::string_view host, Role role) {
  if (host.starts_with('[') != host.ends_with(']')) {
    return unexpected(fmt::format("\"{}\" has one bracket only", host));
  }
  const bool bracketed = host.size() >= 2 && host.front() == '[';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host.empty() && role == Role::kRemote) {
    return unexpected(std::string("the host is missing; write HOST:PORT"));
  }
  if (host.empty()) {
    return unexpected(std::string(
        "the host is missing; 0.0.0.0 means every IPv4 address and [::] every IPv6 address"));
  }
  if (bracketed || host.find(':') != std::string_view::npos) {
    const auto literal = Address::literal(host, 0);
    if (!literal || literal->family() != AF_INET6) {
      return unexpected(fmt::format("\"{}\" is no IPv6 address", host));
    }
  } else if (host == "*") {
    return unexpected(std::string(
        "\"*\" is no host; 0.0.0.0 means every IPv4 address and [::] every IPv6 address"));
  } else if (host.size() > 253 || !std::all_of(host.begin(), host.end(), validNameByte)) {
    return unexpected(fmt::format("\"{}\" is no host name", host));
  }
  return std::string(host);
}

Expected<Endpoint> parseTcp(Scheme scheme, std::string_view text, Role role) {
  if (text.starts_with("unix:")) {
    return unexpected(std::string("a path is written unix:PATH, without another scheme"));
  }
  if (text.find('/') != std::string_view::npos) {
    return unexpected(std::string("it ends with the port: there is no path behind it"));
  }
  if (text.find(',') != std::string_view::npos) {
    return unexpected(std::string("it is one endpoint; give the option again for another"));
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.back() == ']') {
    return unexpected(std::string("the port is missing; write HOST:PORT"));
  }
  auto host = parseHost(text.substr(0, colon), role);
  if (!host) return unexpected(host.error());
  const auto port = parsePort(text.substr(colon + 1));
  if (!port || (*port == 0 && role == Role::kRemote)) {
    return unexpected(
        std::string(role == Role::kRemote
                        ? "the port must be a number from 1 to 65535"
                        : "the port must be a number from 1 to 65535, or 0 for any free one"));
  }
  return Endpoint{.scheme = scheme, .host = *std::move(host), .port = *port, .path = {}};
}

}  // namespace

std::string Endpoint::text() const {
  if (scheme == Scheme::kUnix) return fmt::format("unix:{}", path);
  const bool v6 = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}{}:{}", scheme == Scheme::kHttp ? "http://" : "", v6 ? "[" : "", host,
                     v6 ? "]" : "", port);
}

Expected<Endpoint> parseEndpoint(std::string_view text, Role role) {
  if (text.starts_with("unix:")) return parseUnix(text.substr(5));
  if (text.starts_with("file:")) {
    return unexpected(fmt::format("\"file\" is not built into this version; {}", kSpoken));
  }
  const std::size_t mark = text.find("://");
  if (mark == std::string_view::npos) return parseTcp(Scheme::kTcp, text, role);

  const std::string_view scheme = text.substr(0, mark);
  if (scheme == "tcp") return parseTcp(Scheme::kTcp, text.substr(mark + 3), role);
  if (scheme == "http") return parseTcp(Scheme::kHttp, text.substr(mark + 3), role);
  const bool unspoken = std::find(kUnspoken.begin(), kUnspoken.end(), scheme) != kUnspoken.end();
  return unexpected(fmt::format("\"{}\" is {}; {}", scheme,
                                unspoken ? "not built into this version" : "no scheme", kSpoken));
}

}  // namespace proxy
