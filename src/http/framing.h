// How long a message's body is, and whether the connection can carry another message behind it:
// RFC 9112, section 6. Refuses rather than repairs. Pure; fuzzed.
#pragma once

#include <cstdint>
#include <variant>

#include "http/head.h"
#include "http/problem.h"

namespace proxy::http {

struct NoBody {};
struct SizedBody {
  std::uint64_t size;  ///< may be 0
};
struct ChunkedBody {};
struct BodyUntilEnd {};  ///< responses only: everything until the connection ends in order

using BodyLength = std::variant<NoBody, SizedBody, ChunkedBody, BodyUntilEnd>;

struct RequestFraming {
  Problem problem = Problem::kNone;
  BodyLength body;
  bool keepAlive = false;        ///< the client wants to go on (RFC 9112, 9.3)
  bool expectsContinue = false;  ///< Expect: 100-continue, of a 1.1 request that has a body
};

struct ResponseFraming {
  Problem problem = Problem::kNone;
  BodyLength body;
  bool keepAlive = false;  ///< the connection can be used again after the body
};

/// Also the Host rules (RFC 9112, 3.2): exactly one in 1.1, at most one in 1.0, a valid one.
[[nodiscard]] RequestFraming frame(const RequestHead& head) noexcept;

/// `requestMethod`: HEAD and CONNECT change what a response means. No body for 1xx, 204, 304.
[[nodiscard]] ResponseFraming frame(const ResponseHead& head,
                                    std::string_view requestMethod) noexcept;

}  // namespace proxy::http
