// What an operator may set of the HTTP/1 sessions. A value.
#pragma once

#include <cstdint>

#include "core/clock.h"
#include "http/forward.h"
#include "http/head_parser.h"

namespace proxy::http1 {

struct Settings {
  http::HeadLimits head;
  std::uint64_t maxBody = 0;         ///< bytes of a request's body; 0: no limit
  milliseconds headTimeout{10'000};  ///< for a whole head, from its first byte or the connection
  milliseconds keepAliveTimeout{60'000};  ///< between two requests

  /// A period in which a client, if it is waited for throughout, must send or take bodyMinimum
  /// bytes, or all that is left. Each direction has its own, and it begins anew whenever the client
  /// has caught up with us: time in which the upstream is waited for is not the client's. So one
  /// who stops is noticed after one period, or after two if it moved enough in the first.
  milliseconds bodyTimeout{60'000};
  /// With 60 s a rate of 17 B/s: far below the slowest honest line, and enough that to hold a
  /// thousand sessions costs 17 kB/s. 1: any byte will do, for bodies that are sent as things
  /// happen.
  std::uint32_t bodyMinimum = 1024;

  std::uint32_t keepAliveRequests = 0;  ///< of one connection; 0: no limit
  http::ForwardRules forward;
};

}  // namespace proxy::http1
