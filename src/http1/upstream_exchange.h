// One request and its answer over one connection to an upstream. Request and answer may move at the
// same time. Owned by whoever asks; lives on one worker's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/body.h"
#include "http/head_parser.h"
#include "http/problem.h"
#include "http1/connection.h"
#include "http1/incoming_body.h"
#include "http1/input.h"
#include "http1/message_writer.h"
#include "http1/parser_pool.h"
#include "socksplice/relay.h"

namespace proxy::http1 {

class UpstreamExchange final : private Connection::User,
                               private http::Body::Reader,
                               private IncomingBody::Source {
 public:
  class Owner {
   public:
    /// 1xx, but not 101.
    virtual void onInterim(const http::ResponseHead& head) = 0;
    /// The answer's head; its body is body().
    virtual void onAnswer(const http::ResponseHead& head, const http::ResponseFraming& framing) = 0;
    /// There will be no answer, or the one that has begun cannot be finished.
    virtual void onNoAnswer(http::Problem problem) = 0;
    /// The answer's body was read to its end, or cannot be: detach() may be called.
    virtual void onBodyOver() = 0;
    /// Something moved, or the answer's body begins to wait for more.
    virtual void onProgress() = 0;
    /// Nothing moved in the time that the connection was given.
    virtual void onLate() = 0;

   protected:
    ~Owner() = default;
  };

  using Parsers = ParserPool<http::ResponseParser>;

  /// Heads may have `headBytes` at most, which the parsers know too.
  UpstreamExchange(socksplice::Pools& pools, Workspace& workspace, Parsers& parsers,
                   std::size_t headBytes, Owner& owner);

  /// Sends a request: its head, and a body or null. All of them outlive the exchange. Another one
  /// may be started when the connection was let go.
  void start(Connection& connection, std::string_view method, std::string_view head,
             http::Body* body, bool chunked);

  /// Of the answer; null if it has none.
  [[nodiscard]] IncomingBody* body() noexcept { return body_ ? &*body_ : nullptr; }

  /// Not one byte of an answer came.
  [[nodiscard]] bool silent() const noexcept { return silent_; }
  /// The request's body has to come first.
  [[nodiscard]] bool waitsForClient() const noexcept {
    return writer_.waits() == http::Body::Wait::kSource;
  }
  /// All of the request was sent, or no more of it can be.
  [[nodiscard]] bool asked() const noexcept { return writer_.over(); }
  /// Bytes of the request that the kernel has taken.
  [[nodiscard]] std::uint64_t sent() const noexcept { return writer_.sent(); }
  /// Those that the upstream has taken.
  [[nodiscard]] std::uint64_t taken() const noexcept {
    return sent() - socksplice::unacknowledged(connection_->fd());
  }
  /// Both messages are complete, and the connection can carry others.
  [[nodiscard]] bool reusable() const noexcept;
  /// The bytes that were read behind the answer's head, or its body.
  [[nodiscard]] std::string_view early() const noexcept { return input_.bytes(); }

  /// Lets go of the connection: nothing is called any more.
  void detach() noexcept;

 private:
  void onConnection(Ready ready) override;
  void onConnectionLate() override;
  void readHead();
  [[nodiscard]] bool parseHeads();
  void bodyReady() override;
  void advanceRequest();
  void bodyWaits() override;
  void bodyOver() override;
  void noAnswer(http::Problem problem);

  socksplice::Pools& pools_;
  const std::size_t headBytes_;
  Owner& owner_;
  Connection* connection_ = nullptr;
  std::string_view method_;
  http::Body* requestBody_ = nullptr;
  MessageWriter writer_;
  Input input_;
  Parsers::Loan parser_;
  std::optional<IncomingBody> body_;
  int sendError_ = 0;  // the kernel has told of it, and will not again
  bool silent_ = true;
  bool answered_ = false;
  bool keepAlive_ = false;
  bool unwatched_ = false;  // the kernel refused to
};

}  // namespace proxy::http1
