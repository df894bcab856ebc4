// What the operator writes behind -l and -r: a scheme and where it is. A value; pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/expected.h"

namespace proxy {

enum class Scheme : std::uint8_t {
  kTcp,
  kHttp,  ///< HTTP/1 over tcp
  kUnix,
};

enum class Role : std::uint8_t { kListener, kRemote };

struct Endpoint {
  Scheme scheme = Scheme::kTcp;
  std::string host;        // but for kUnix: a name or a literal, without brackets
  std::uint16_t port = 0;  // but for kUnix: 0 lets the kernel choose (listeners only)
  std::string path;        // kUnix

  /// As the operator would write it.
  [[nodiscard]] std::string text() const;
  bool operator==(const Endpoint&) const = default;

  /// Whether both are one place, whatever is spoken there.
  [[nodiscard]] bool isWhere(const Endpoint& other) const {
    return (scheme == Scheme::kUnix) == (other.scheme == Scheme::kUnix) && host == other.host &&
           port == other.port && path == other.path;
  }
};

/// Reads `[SCHEME://]HOST:PORT`, `SCHEME://[IPv6]:PORT` or `unix:PATH`; the port stands behind the
/// last colon. On failure a sentence that says what is right.
[[nodiscard]] Expected<Endpoint> parseEndpoint(std::string_view text, Role role);

}  // namespace proxy
