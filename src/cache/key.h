// Under what an answer is kept: the URI that was asked for (RFC 9111, 2). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/target.h"

namespace proxy::cache {

/// The parts of an http or https URI, as views into wherever they came from.
struct Uri {
  std::string_view scheme;  ///< any case
  std::string_view host;    ///< without brackets, any case
  std::uint16_t port = 0;   ///< 0: the scheme's own
  std::string_view path;    ///< with the query; may be empty, or a query alone
};

/// What a request is for. `host`: its Host field, or what stands in for it; an absolute target's
/// own authority goes before it (RFC 9112, 3.3). `scheme`: by which the client came. Nothing if
/// there is no valid host, if the target is in no such form, or, conservatively, if it has another
/// scheme: the upstream is not told of that.
[[nodiscard]] std::optional<Uri> uriOf(const http::Target& target, std::string_view host,
                                       std::string_view scheme) noexcept;

/// Appends the primary key: the URI with scheme and host in small letters, without the scheme's own
/// port, with "/" for an empty path, and otherwise as it was written. Nothing else is normalised
/// (RFC 9110, 4.2.3 would allow escapes): keys are equal only for URIs that no origin tells apart.
void appendKey(std::string& out, const Uri& uri);

/// RFC 9110, 4.3.1: the same scheme, host and port.
[[nodiscard]] bool isSameOrigin(const Uri& a, const Uri& b) noexcept;

}  // namespace proxy::cache
