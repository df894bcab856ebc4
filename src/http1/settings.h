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
  milliseconds bodyTimeout{60'000};       ///< a client must send or take something meanwhile
  std::uint32_t keepAliveRequests = 0;    ///< of one connection; 0: no limit
  http::ForwardRules forward;
};

}  // namespace proxy::http1
