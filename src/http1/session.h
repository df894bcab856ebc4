// The connection of one client who speaks HTTP/1: reads the heads of its requests one after the
// other, has a ClientExchange answer each, and ends in order. Owned by its Sessions and destroyed
// by the loop; lives on one worker's thread.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "core/address.h"
#include "core/clock.h"
#include "core/deadline.h"
#include "core/fd_watcher.h"
#include "core/metrics.h"
#include "http1/client_exchange.h"
#include "http1/input.h"
#include "net/service.h"

namespace proxy::http1 {

class Sessions;

class Session final {
 public:
  /// In order of happening; kIdle follows the end of an exchange.
  enum class State : std::uint8_t {
    kIdle,       ///< nothing of a request has come
    kHead,       ///< a head is not complete
    kExchange,   ///< the request is being answered
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

  // For its exchange.

  [[nodiscard]] int socket() const noexcept { return fd_.get(); }
  [[nodiscard]] Input& input() noexcept { return input_; }
  [[nodiscard]] const Address& peer() const noexcept { return peer_; }
  /// Of the peer, without port.
  [[nodiscard]] std::string_view address() const noexcept { return address_; }
  [[nodiscard]] std::uint32_t requests() const noexcept { return requests_; }
  /// Whether another request may follow.
  [[nodiscard]] bool mayGoOn() const noexcept;

  /// What is wanted of the socket: the exchange is told when it is ready for that. Where the kernel
  /// allows no more watches, the session is finished.
  void watch(bool read, bool write);
  [[nodiscard]] bool reads() const noexcept { return reading_; }
  [[nodiscard]] bool writes() const noexcept { return writing_; }
  /// The exchange is told when this time is over, unless another is set before.
  void wait(milliseconds time);
  void waitForNothing() noexcept { deadline_.clear(); }

  /// The client has sent its end.
  void noteEnd() noexcept { clientEnded_ = true; }
  /// It has its answer; `keeps`: and may ask again.
  void answered(bool keeps);
  /// It has its answer, and the connection is the handler's from now on.
  void handOver();
  /// `why` is the metric that counts it. An end in order is one that the client can tell from the
  /// messages, or that comes between two of them.
  void finish(Metric why);

 private:
  friend class Sessions;

  // kIdle, kHead
  void read();
  void proceed();
  [[nodiscard]] bool isBetween() const noexcept;
  [[nodiscard]] bool parseHead();
  void serve();
  void refuse(http::Problem problem);

  // kLingering
  void linger();
  void throwAway();

  void release();
  void onReady(Ready ready);
  void onDeadline();

  Sessions& owner_;
  std::list<std::unique_ptr<Session>>::iterator place_;  // in the owner's list
  State state_ = State::kIdle;
  bool proceeding_ = false;  // proceed() is running below us
  bool draining_ = false;
  bool clientEnded_ = false;  // it has sent its end
  bool reading_ = false;      // what the watcher was told to want
  bool writing_ = false;
  std::uint32_t requests_ = 0;
  milliseconds lingerEnds_{0};  // kLingering
  Address peer_;
  std::string address_;
  socksplice::UniqueFd fd_;
  FdWatcher watcher_;
  Deadline deadline_;
  Input input_;
  std::unique_ptr<ClientExchange> exchange_;  // kHead, kExchange
};

}  // namespace proxy::http1
