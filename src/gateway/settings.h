// What an operator may set of the gateway's upstream side. A value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/clock.h"
#include "http/forward.h"
#include "http/head_parser.h"
#include "net/socket.h"

namespace proxy::gateway {

struct Settings {
  SocketSettings socket;
  http::HeadLimits head;  ///< of answers
  http::ForwardRules forward;
  milliseconds connectTimeout{5000};
  milliseconds answerTimeout{60'000};  ///< from the whole request to the whole head of its answer
  milliseconds bodyTimeout{60'000};    ///< between two bytes of an answer, or of a request it takes
  milliseconds idleTimeout{30'000};    ///< of a connection that waits for its next request
  std::size_t idleConnections = 64;    ///< of a worker, over all remotes
  milliseconds failTimeout{10'000};    ///< an address that failed is left out so long
  std::vector<std::uint16_t> connectPorts;  ///< to which CONNECT is allowed
};

}  // namespace proxy::gateway
