// One request of a client with its answer: asks a Handler, hands it the request's body, writes what
// it answers, and writes down how it went. Owned by its Session, from the request's first byte to
// the answer's last; lives on the session's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/fd_watcher.h"
#include "http/handler.h"
#include "http/head_parser.h"
#include "http1/incoming_body.h"
#include "http1/message_writer.h"
#include "http1/pace.h"
#include "http1/parser_pool.h"

namespace proxy::http1 {

class Session;
class Sessions;

class ClientExchange final : private http::Exchange,
                             private http::Body::Reader,
                             private IncomingBody::Source {
 public:
  /// In order of happening.
  enum class State : std::uint8_t {
    kHead,       ///< the request's head is not complete
    kAnswering,  ///< the handler has the request; its body may be on its way
    kSending,    ///< the answer is on its way
    kOver,       ///< counted and logged
  };

  ClientExchange(Sessions& owner, Session& session, milliseconds now);

  /// The request's head, as far as it has come, all of it at each call.
  [[nodiscard]] http::Parsed parse(std::string_view head);
  [[nodiscard]] std::size_t headSize() const noexcept { return parser_->headSize(); }
  [[nodiscard]] http::Problem problem() const noexcept { return parser_->problem(); }
  [[nodiscard]] milliseconds began() const noexcept { return began_; }

  /// Behind a whole head: asks the handler.
  void serve();

  /// The client is told why, and the connection ends where its next byte is not known for sure.
  void refuse(http::Problem problem);

  /// From the session: what its socket is ready for, and that the time it was asked for is over.
  void onReady(Ready ready);
  void onLate();

  /// Counts and logs it, once. The session says when, and calls cancel() and takeOver() then.
  void end(bool complete);
  void cancel();
  void takeOver(socksplice::UniqueFd client, std::string early);

  /// The handler is running below us: not to be destroyed.
  [[nodiscard]] bool inHandler() const noexcept { return inHandler_; }

 private:
  // kAnswering: http::Exchange
  [[nodiscard]] const http::RequestHead& request() const noexcept override;
  [[nodiscard]] const http::Target& target() const noexcept override;
  [[nodiscard]] const http::RequestFraming& framing() const noexcept override;
  [[nodiscard]] http::ClientSide client() const noexcept override;
  [[nodiscard]] http::Body* body() noexcept override;
  [[nodiscard]] http::Notes& notes() noexcept override;
  void inform(const http::ResponseHead& head) override;
  void respond(const http::ResponseHead& head, const http::BodyLength& length,
               http::Body* body) override;
  void upgrade(const http::ResponseHead& head) override;
  void fail(http::Problem problem) override;
  void begin(int status, http::Body* body, bool chunked);
  [[nodiscard]] http::ResponseRules rules(bool keepAlive) const;
  [[nodiscard]] bool mayKeepAlive() const noexcept;

  // kAnswering, kSending
  void bodyReady() override;
  void advance();
  void answered();
  void truncated();

  // The client's part in it
  void bodyWaits() override;
  void bodyOver() override;
  void onReadable(Ready ready);
  void watch(bool read, bool write);
  void expectClient();
  [[nodiscard]] bool awaitsGo() const noexcept;
  void checkPace();
  [[nodiscard]] bool keepsUp(Pace& pace, std::uint64_t moved, milliseconds now) const;
  [[nodiscard]] std::uint64_t taken() const noexcept;
  void look();
  void lookSoon();

  void log(bool complete) const;
  [[nodiscard]] bool underWay() const noexcept;

  Sessions& owner_;
  Session& session_;
  const milliseconds began_;
  State state_ = State::kHead;
  bool inHandler_ = false;  // Handler::answer() is running below us
  bool continued_ = false;  // the client was told to go on
  bool keepAlive_ = false;
  bool untilEnd_ = false;  // the answer ends with the connection
  bool upgrading_ = false;
  bool looking_ = false;  // the session's deadline is for a look at the client
  bool parsed_ = false;
  int status_ = 0;
  std::uint64_t headsSize_ = 0;  // of what was written, modulo 2^64
  std::string refused_;          // the beginning of what was taken for a request
  std::string_view error_;       // the sentence of the problem that ended it
  ParserPool<http::RequestParser>::Loan parser_;
  http::Target target_;
  std::optional<IncomingBody> body_;
  MessageWriter writer_;
  Pace sending_;  // of the client: the request's body
  Pace taking_;   // of the client: what is written
  http::Notes notes_;
  std::unique_ptr<http::Answer> answer_;
};

}  // namespace proxy::http1
