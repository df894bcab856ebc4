// What of a head goes on to the other side, and what is said in its place: hop-by-hop fields go
// (RFC 9110, 7.6.1), framing and status lines are written anew. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/framing.h"
#include "http/head.h"
#include "http/problem.h"
#include "http/target.h"

namespace proxy::http {

enum class ForwardedStyle : std::uint8_t {
  kNone,
  kForwarded,   ///< RFC 7239
  kXForwarded,  ///< X-Forwarded-For, -Proto, -Host
};

struct ForwardRules {
  std::string via = "proxy";  ///< the pseudonym in Via; empty: none is added
  ForwardedStyle forwarded = ForwardedStyle::kXForwarded;
  bool trustForwarded = false;  ///< incoming ones go on, added to; else they are dropped, as those
                                ///< whose quoting would swallow what is added
  std::string host;             ///< said as Host for a request of 1.0 that has none; may be empty
};

/// What is known of the client's side.
struct ClientSide {
  std::string_view address;  ///< without port; empty if the client came over a path
  bool isV6 = false;
  std::string_view scheme = "http";
};

/// Max-Forwards (RFC 9110, 7.6.2), which counts for OPTIONS and TRACE only.
struct MaxForwards {
  bool valid = true;
  std::optional<std::uint64_t>
      left;  ///< how often it may be passed on; nothing: as often as need be
};

[[nodiscard]] MaxForwards maxForwards(const RequestHead& head) noexcept;

/// Appends the head for the upstream: origin form (asterisk form stays), Host from the target where
/// that is absolute (RFC 9112, 3.2.2), the body's framing as given, 1.1, connection kept. With
/// `upgrade`, Connection and Upgrade go on (RFC 9110, 7.8). Max-Forwards, where it counts, is one
/// less; it is valid, and not 0.
void appendRequest(std::string& out, const RequestHead& head, const Target& target,
                   const BodyLength& body, const ClientSide& client, const ForwardRules& rules,
                   bool upgrade);

struct ResponseRules {
  Version clientVersion = Version::k11;
  bool keepAlive = true;  ///< what Connection says; in 1.0 keep-alive is said, in 1.1 close is
  bool upgrade = false;   ///< a 101: Connection and Upgrade go on
  std::string_view via = "proxy";
  std::string_view date;  ///< added where the response has none; empty: not
};

/// Appends the head for the client, with a status line of ours and this framing: SizedBody writes
/// Content-Length, ChunkedBody Transfer-Encoding, BodyUntilEnd neither; NoBody neither, unless the
/// answer is to HEAD or a 304, where the upstream's Content-Length is passed on. To CONNECT, what
/// the proxy behind us asks for to authenticate is passed on too.
void appendResponse(std::string& out, const ResponseHead& head, const BodyLength& body,
                    std::string_view requestMethod, const ResponseRules& rules);

/// Appends the fields of a trailer section that may go on: no framing, routing, authentication or
/// hop-by-hop fields (RFC 9110, 6.5.1).
void appendTrailers(std::string& out, Fields trailers);

/// Appends a whole answer of ours: head, Proxy-Status (RFC 9209) by the name `via`, and a small
/// text body (none for HEAD).
void appendProblem(std::string& out, Problem problem, std::string_view requestMethod,
                   const ResponseRules& rules);

}  // namespace proxy::http
