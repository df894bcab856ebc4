// The answer to one exchange, from an upstream: finds a connection, asks, and passes on what comes.
// Owned by the exchange; lives on one worker's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.h"
#include "core/clock.h"
#include "gateway/gateway.h"
#include "http/handler.h"
#include "http1/connection.h"
#include "http1/upstream_exchange.h"
#include "net/remotes.h"

namespace proxy::gateway {

class UpstreamAnswer final : public http::Answer,
                             private http1::Connection::User,
                             private http1::UpstreamExchange::Owner {
 public:
  /// In order of happening; a second attempt begins at kConnecting.
  enum class State : std::uint8_t {
    kConnecting,  ///< a connection is being made
    kAsking,      ///< the request is on its way, or its answer is awaited
    kPassing,     ///< the answer is being passed on
    kUpgrading,   ///< both connections are about to be joined
    kOver,        ///< nothing more is done
  };

  UpstreamAnswer(Gateway& gateway, http::Exchange& exchange);

  void start();
  void cancel() override;
  void takeOver(socksplice::UniqueFd client, std::string early) override;

 private:
  // kConnecting
  [[nodiscard]] http::Problem refusal() const;
  [[nodiscard]] bool isAllowed() const;
  void answerOurselves();
  [[nodiscard]] bool asksForUpgrade() const;
  void attempt();
  [[nodiscard]] bool attemptOne();
  [[nodiscard]] bool nextAddress();
  [[nodiscard]] bool hasFailed(const Address& address) const;
  void onConnection(Ready ready) override;
  void onConnectionLate() override;
  [[nodiscard]] bool connectEnded(int status);
  void connectFailed(int error);
  void unreached(http::Problem problem);

  // kAsking
  void ask();
  void expectAnswer();
  [[nodiscard]] bool isAsked() const;
  [[nodiscard]] bool isToSayGo() const;
  void writeRequest();
  void onInterim(const http::ResponseHead& head) override;
  void onAnswer(const http::ResponseHead& head, const http::ResponseFraming& framing) override;
  void onNoAnswer(http::Problem problem) override;
  void noteSilence(std::string_view why);
  void noteAnswer();
  void preferAnother();
  [[nodiscard]] bool mayRepeat() const;
  [[nodiscard]] bool isRepeatable() const;

  // kPassing
  void onBodyOver() override;
  void onProgress() override;
  void expectMore();
  [[nodiscard]] bool isToSayMore();
  void onLate() override;
  void noteHang();
  void letGo();

  void fail(http::Problem problem);
  [[nodiscard]] std::int64_t sinceStart() const noexcept;

  // How far the request has come.
  struct Taken {
    bool asked;           // all of it is on its way
    std::uint64_t bytes;  // that the upstream has
    bool operator==(const Taken&) const = default;
  };

  Gateway& gateway_;
  http::Exchange& exchange_;
  State state_ = State::kConnecting;
  bool skipFailing_ = true;
  bool allFailing_ = false;  // all addresses were, when the request came
  bool repeated_ = false;    // the request was sent a second time
  bool upgrade_ = false;     // the client asks for another protocol
  milliseconds started_;
  Route first_;
  Route route_;
  std::vector<Address> failed_;  // those that could not be reached
  std::string request_;          // its head, as the upstream gets it
  std::optional<Taken> taken_;   // when the upstream's time was set
  bool timed_ = false;           // the time for the answer runs
  std::unique_ptr<http1::Connection> connection_;
  std::optional<http1::UpstreamExchange> upstream_;
};

}  // namespace proxy::gateway
