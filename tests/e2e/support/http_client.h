// A client that speaks HTTP/1 on a raw socket: it sends what the test says, byte for byte, and
// reads the answers strictly.
#pragma once

#include <string>
#include <string_view>

#include "e2e/support/http_message.h"

namespace e2e {

class HttpClient : public HttpStream {
 public:
  /// With a receive buffer of about that many bytes if it is not 0.
  explicit HttpClient(std::string_view address, int receiveBuffer = 0)
      : HttpStream(dial(address, receiveBuffer)) {}

  /// The next answer, with those of 1xx in front of it. It may be cut short: see its flaw.
  /// `method`: of its request, for it changes what the head means.
  HttpAnswer answer(std::string_view method = "GET");

  /// The next answer's head alone, whatever its status.
  HttpAnswer answerHead(std::string_view method = "GET");

  /// Sends a request and reads its answer.
  HttpAnswer ask(std::string_view request) {
    send(request);
    return answer(request.substr(0, request.find(' ')));
  }
};

/// A GET of `target` by a client of 1.1.
std::string get(std::string_view target = "/");
/// "/7"
std::string path(std::size_t number);
/// A request with a body of a known length.
std::string withBody(std::string_view method, std::string_view target, std::string_view body);

}  // namespace e2e
