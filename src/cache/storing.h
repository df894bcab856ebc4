// Whether an answer may be kept (RFC 9111, 3). Pure.
#pragma once

#include "cache/directives.h"
#include "cache/freshness.h"
#include "cache/reason.h"
#include "http/head.h"

namespace proxy::cache {

/// kStored for requests that are looked up at all; else kMethod or kRequestBody. HEAD is looked up,
/// and answered from what a GET left. Conservative: a GET with a body is passed on, for some
/// origins answer the body.
[[nodiscard]] Reason mayLookUp(const http::RequestHead& request) noexcept;

/// kStored, or why not. Whether there is room, and whether it came to its end, is the store's.
/// Conservative: only answers to GET; not those that set a cookie, unless they are public, have an
/// s-maxage or CDN-Cache-Control, or name Set-Cookie as a field that is not to be kept; nothing
/// that could never be used, for it is stale at once and has no validator.
[[nodiscard]] Reason mayStore(const http::RequestHead& request, const RequestDirectives& asked,
                              const http::ResponseHead& response, const ResponseDirectives& said,
                              const Freshness& freshness) noexcept;

}  // namespace proxy::cache
