// What an unsafe request makes invalid (RFC 9111, 4.4). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/key.h"
#include "http/head.h"

namespace proxy::cache {

/// Whether the answer to a request has changed something: a 2xx or 3xx to a method that is not
/// known to be safe.
[[nodiscard]] bool invalidates(const http::RequestHead& request, int status) noexcept;

/// The keys whose answers are invalid then: the target's, and those of Location and
/// Content-Location where they have its origin; each once. Conservative: of a Location that can be
/// read in no way but by guessing, nothing.
[[nodiscard]] std::vector<std::string> invalidated(const Uri& target, http::Fields answer);

/// Appends the key of a reference (RFC 3986, 4.1, resolved as 5.2 says, its fragment dropped) if it
/// has the origin of `base`, and says whether it did.
[[nodiscard]] bool appendResolved(std::string& out, const Uri& base, std::string_view reference);

}  // namespace proxy::cache
