// A seam: who writes down what was asked and answered. Called on every worker's thread; never
// blocks.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/handler.h"

namespace proxy::http1 {

struct AccessEntry {
  std::string_view client;   ///< its address, without port; "-" if it came over a path
  std::string_view method;   ///< empty, as the version, where no request could be read
  std::string_view target;   ///< then: the beginning of what came instead, as far as the line goes
  std::string_view version;  ///< "HTTP/1.1"
  std::string_view host;
  std::string_view referer;
  std::string_view userAgent;
  int status = 0;                 ///< 0: the client left before there was one
  std::uint64_t sent = 0;         ///< bytes the client's socket took, heads and framing included
  std::uint64_t bodySent = 0;     ///< the same, without heads
  std::uint64_t received = 0;     ///< bytes of the request's body
  std::int64_t milliseconds = 0;  ///< from the first byte of the request to the last of the answer
  bool complete = false;          ///< the answer was sent whole
  std::string_view error;         ///< a sentence why it was refused or cut off; empty if by nobody,
                                  ///< or by the client
  bool reused = false;            ///< not the client's first request
  http::Notes notes;
};

class AccessLog {
 public:
  virtual ~AccessLog() = default;
  virtual void write(const AccessEntry& entry) = 0;
};

}  // namespace proxy::http1
