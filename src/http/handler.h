// A seam: a Handler answers exchanges. The one who speaks with the client (HTTP/1, HTTP/2) makes
// the Exchange, and knows nothing of who answers; a gateway, a cache, an origin is a Handler, and
// knows nothing of how the client speaks. Belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/body.h"
#include "http/forward.h"
#include "http/framing.h"
#include "http/head.h"
#include "http/problem.h"
#include "http/target.h"

namespace socksplice {
class UniqueFd;
}

namespace proxy::http {

/// What a handler knows of an exchange that the access log is to say.
struct Notes {
  std::string_view upstream;         ///< whom it asked; lives as long as the handler
  std::int64_t connectedAfter = -1;  ///< ms since the request; -1: it did not come to that
  std::int64_t answeredAfter = -1;   ///< ms, until the head of the answer
  bool reused = false;               ///< the connection had served before
  std::uint8_t attempts = 0;
};

/// A request that waits for its answer. The handler calls one of respond(), fail() and upgrade(),
/// once; until then inform() as often as it likes.
class Exchange {
 public:
  [[nodiscard]] virtual const RequestHead& request() const noexcept = 0;
  [[nodiscard]] virtual const Target& target() const noexcept = 0;
  [[nodiscard]] virtual const RequestFraming& framing() const noexcept = 0;
  [[nodiscard]] virtual ClientSide client() const noexcept = 0;
  /// Null if there is none.
  [[nodiscard]] virtual Body* body() noexcept = 0;

  /// An interim answer (1xx, not 101).
  virtual void inform(const ResponseHead& head) = 0;

  /// The answer. `body` belongs to the handler's Answer; null if there is none. The head is used
  /// during the call only.
  virtual void respond(const ResponseHead& head, const BodyLength& length, Body* body) = 0;

  /// There is none, or the one that was begun cannot be finished.
  virtual void fail(Problem problem) = 0;

  /// The answer is 101, or 2xx to CONNECT: when the client has it, Answer::takeOver() is called.
  virtual void upgrade(const ResponseHead& head) = 0;

  [[nodiscard]] virtual Notes& notes() noexcept = 0;

 protected:
  ~Exchange() = default;
};

/// What a handler does for one exchange.
class Answer {
 public:
  virtual ~Answer() = default;

  /// The exchange is over, or the client has left: the Exchange may not be called any more. The
  /// Answer is destroyed soon, when none of its functions is running.
  virtual void cancel() = 0;

  /// After upgrade(): the connection to the client is the handler's, with the bytes that were read
  /// from it too early.
  virtual void takeOver(socksplice::UniqueFd client, std::string early) = 0;
};

class Handler {
 public:
  virtual ~Handler() = default;

  /// Begins to answer. The exchange outlives the Answer; it may be answered within this call.
  [[nodiscard]] virtual std::unique_ptr<Answer> answer(Exchange& exchange) = 0;
};

}  // namespace proxy::http
