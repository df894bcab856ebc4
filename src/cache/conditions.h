// Conditional requests, judged against what is kept (RFC 9110, 13; RFC 9111, 4.3.2). Pure.
#pragma once

#include <cstdint>

#include "http/date.h"
#include "http/head.h"

namespace proxy::cache {

/// The parts of a kept answer that conditions are about.
struct Kept {
  int status = 200;
  http::Fields fields;
  http::Time received{};
};

/// Whether the request has a condition that only an origin can judge: If-Match or
/// If-Unmodified-Since. Conservative: it is passed on, though a cache may ignore them.
[[nodiscard]] bool needsOrigin(http::Fields request) noexcept;

enum class Verdict : std::uint8_t {
  kAnswer,       ///< with what is kept
  kNotModified,  ///< with a 304
};

/// If-None-Match by weak comparison, or else If-Modified-Since, for GET and HEAD, in the order of
/// RFC 9110, 13.2.2. Conservative: a malformed condition never leads to a 304, and a malformed
/// If-None-Match hides If-Modified-Since all the same; only of a 200 can it be said that it was not
/// modified.
[[nodiscard]] Verdict judge(const http::RequestHead& request, const Kept& kept) noexcept;

/// Whether the request's Range is to be looked at: of a GET, for a 200, and if there is an If-Range
/// it holds by strong comparison (RFC 9110, 13.1.5). Conservative: a Last-Modified is strong if it
/// is at least a minute before the Date (RFC 9110, 8.8.2.2 is content with a second).
[[nodiscard]] bool rangeApplies(const http::RequestHead& request, const Kept& kept) noexcept;

}  // namespace proxy::cache
