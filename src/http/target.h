// What a request is for: the four forms of a request target (RFC 9112, 3.2), and the Host field.
// Pure; fuzzed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/head.h"

namespace proxy::http {

enum class TargetForm : std::uint8_t { kOrigin, kAbsolute, kAuthority, kAsterisk };

/// A host with a port: `host` without brackets if it is an IPv6 literal, as written otherwise.
struct Authority {
  std::string_view host;
  std::uint16_t port = 0;  ///< 0: none was given
};

struct Target {
  TargetForm form = TargetForm::kOrigin;
  std::string_view scheme;     ///< kAbsolute only
  std::string_view authority;  ///< kAbsolute and kAuthority; host and port, as written
  std::string_view path;       ///< with the query; "/" or "*" where the absolute form had neither,
                               ///< and "?..." where it had a query alone
};

/// uri-host [":" port] (RFC 9110, 7.2; RFC 3986, 3.2.2), without user information; nothing if it
/// is malformed or its port is not 1 to 65535. An empty host is malformed.
[[nodiscard]] std::optional<Authority> parseAuthority(std::string_view text) noexcept;

/// The target of a request with this method: the authority form belongs to CONNECT alone, the
/// asterisk to OPTIONS alone; no fragment, only http and https as schemes. Nothing if malformed.
[[nodiscard]] std::optional<Target> parseTarget(std::string_view method,
                                                std::string_view target) noexcept;

}  // namespace proxy::http
