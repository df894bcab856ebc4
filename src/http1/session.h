// One client who speaks HTTP/1: reads its requests one after the other, has a Handler answer each,
// and writes the answers in order. Owned by its Sessions and destroyed by the loop; lives on one
// worker's thread.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/address.h"
#include "core/clock.h"
#include "core/deadline.h"
#include "core/fd_watcher.h"
#include "core/metrics.h"
#include "http/handler.h"
#include "http/head_parser.h"
#include "http1/incoming_body.h"
#include "http1/input.h"
#include "http1/message_writer.h"
#include "http1/pace.h"
#include "net/service.h"

namespace proxy::http1 {

class Sessions;

class Session final : private http::Exchange,
                      private http::Body::Reader,
                      private IncomingBody::Source {
 public:
  /// In order of happening; kIdle follows the end of an exchange.
  enum class State : std::uint8_t {
    kIdle,       ///< nothing of a request has come
    kHead,       ///< a head is not complete
    kAnswering,  ///< the handler has the request; its body may be on its way
    kSending,    ///< the answer is on its way
    kLingering,  ///< all was said; what the client still sends is thrown away, for a while
    kFinished,   ///< the descriptor is closed, or somebody else's
  };

  Session(Sessions& owner, Accepted client);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  void start();

  /// Ends as soon as no exchange is under way.
  void drain();

  /// Resets the client, in any state.
  void abort();

 private:
  friend class Sessions;

  // What there is only while an exchange is under way.
  struct Current;

  // kIdle, kHead
  void read();
  void proceed();
  [[nodiscard]] bool isBetween() const noexcept;
  [[nodiscard]] bool parseHead();
  void beginExchange();

  // kAnswering: http::Exchange
  [[nodiscard]] const http::RequestHead& request() const noexcept override;
  [[nodiscard]] const http::Target& target() const noexcept override;
  [[nodiscard]] const http::RequestFraming& framing() const noexcept override;
  [[nodiscard]] http::ClientSide client() const noexcept override;
  [[nodiscard]] http::Body* body() noexcept override;
  void inform(const http::ResponseHead& head) override;
  void respond(const http::ResponseHead& head, const http::BodyLength& length,
               http::Body* body) override;
  void fail(http::Problem problem) override;
  void upgrade(const http::ResponseHead& head) override;
  [[nodiscard]] http::Notes& notes() noexcept override;

  void bodyWaits() override;
  void bodyOver() override;
  void expectClient();
  void checkPace();
  [[nodiscard]] bool keepsUp(Pace& pace, std::uint64_t moved, milliseconds now) const;
  [[nodiscard]] std::uint64_t taken() const noexcept;
  void look();
  void lookSoon();
  void onUnasked(Ready ready);

  // kSending
  void refuse(http::Problem problem);
  void begin(int status, http::Body* body, bool chunked);
  void bodyReady() override;
  void advance();
  void answered();
  void truncated();
  void handOver();

  // kLingering
  void linger();
  void throwAway();

  void endExchange(bool complete);
  void finish(Metric why);
  void release();

  void onReady(Ready ready);
  void onDeadline();
  void wait(milliseconds time);
  void watch(bool read, bool write);
  [[nodiscard]] http::ResponseRules rules(bool keepAlive) const;
  [[nodiscard]] bool mayKeepAlive() const noexcept;

  Sessions& owner_;
  std::list<std::unique_ptr<Session>>::iterator place_;  // in the owner's list
  State state_ = State::kIdle;
  bool proceeding_ = false;  // proceed() is running below us
  bool draining_ = false;
  bool clientEnded_ = false;  // it has sent its end
  bool reading_ = false;      // what the watcher was told to want
  bool writing_ = false;
  std::uint32_t requests_ = 0;
  bool looking_ = false;        // the deadline is set for a look at the client
  milliseconds lingerEnds_{0};  // kLingering
  Address peer_;
  std::string address_;  // of the peer, without port
  socksplice::UniqueFd fd_;
  FdWatcher watcher_;
  Deadline deadline_;
  Input input_;
  std::unique_ptr<Current> current_;
};

}  // namespace proxy::http1
