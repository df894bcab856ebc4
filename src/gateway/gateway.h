// The Handler that asks upstreams. One for each worker; belongs to its thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/rate_limit.h"
#include "gateway/connection_pool.h"
#include "gateway/settings.h"
#include "http/handler.h"
#include "http1/message_writer.h"
#include "http1/upstream_exchange.h"
#include "net/remotes.h"
#include "net/worker.h"
#include "socksplice/unique_fd.h"

namespace proxy::gateway {

/// Two connections that go on as bytes, each with what was read from it too early.
struct Upgraded {
  socksplice::UniqueFd client;
  std::string fromClient;
  socksplice::UniqueFd upstream;
  std::string fromUpstream;
  Route route;  ///< says where the upstream stands
};

class Gateway final : public http::Handler {
 public:
  class Relay {
   public:
    virtual void join(Upgraded connections) = 0;

   protected:
    ~Relay() = default;
  };

  Gateway(Worker& worker, const Settings& settings, Relay& relay);
  ~Gateway() override;

  [[nodiscard]] std::unique_ptr<http::Answer> answer(http::Exchange& exchange) override;

  void update(const RemoteList& remotes) { rotation_.update(remotes); }
  /// No connection waits for another request from now on.
  void drain() { pool_.close(); }

  // For its answers.
  [[nodiscard]] Worker& worker() noexcept { return worker_; }
  [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
  [[nodiscard]] http1::Workspace& workspace() noexcept { return workspace_; }
  [[nodiscard]] http1::UpstreamExchange::Parsers& parsers() noexcept { return parsers_; }
  [[nodiscard]] ConnectionPool& pool() noexcept { return pool_; }
  [[nodiscard]] Relay& relay() noexcept { return relay_; }
  [[nodiscard]] Route route() noexcept { return rotation_.deal(); }
  /// Whether this address could not be reached a short while ago, or did not answer.
  [[nodiscard]] bool isFailing(const Address& address) const noexcept;
  /// It has answered over a connection that was made for the request.
  void answered(const Address& address);
  /// It could not be reached.
  void unreached(std::string_view remote, const Address& address, int error);
  /// It is failing from now on. Also logs it, a few times a second at most.
  void leaveOut(std::string_view remote, const Address& address, std::string_view why);

 private:
  struct Failing {
    Address address;
    milliseconds until;
  };

  Worker& worker_;
  const Settings settings_;
  Relay& relay_;
  http1::Workspace workspace_;
  http1::UpstreamExchange::Parsers parsers_;
  ConnectionPool pool_;
  Rotation rotation_;
  std::vector<Failing> failing_;  // few
  RateLimit warnings_{5, std::chrono::seconds(1)};
};

}  // namespace proxy::gateway
