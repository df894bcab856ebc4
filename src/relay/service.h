// The relay room's door: joins each client to a remote, and parses nothing.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string_view>

#include "core/clock.h"
#include "core/rate_limit.h"
#include "net/remotes.h"
#include "net/service.h"
#include "net/socket.h"
#include "net/worker.h"
#include "relay/session.h"

namespace proxy::relay {

struct Settings {
  SocketSettings socket;
  milliseconds connectTimeout{5000};
  milliseconds idleTimeout{3'600'000};
};

class RelayService final : public Service {
 public:
  RelayService(Worker& worker, const Settings& settings);
  ~RelayService() override;

  void serve(Accepted client) override;
  /// A client whose upstream stands already, with what was read from each of them too early.
  /// `route` says where it stands.
  void join(Accepted client, std::string_view fromClient, socksplice::UniqueFd upstream,
            std::string_view fromUpstream, Route route);
  void update(const std::shared_ptr<const RemoteList>& remotes) override;
  void abort() override;
  [[nodiscard]] std::size_t size() const override { return sessions_.size(); }

  // For its sessions.
  [[nodiscard]] Worker& worker() noexcept { return worker_; }
  [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
  /// Logs that a remote could not be reached; a few times a second at most.
  void warnConnectFailed(std::string_view remote, const Address& address, int error);
  /// Whether the end of a session may be logged as a warning, which is so a few times a second;
  /// then how many were not since.
  [[nodiscard]] std::optional<std::uint64_t> mayWarnOfEnd();
  /// Takes a finished session out of the list and hands it to the loop.
  void release(Session& session);

 private:
  Session& add(Accepted client, Route route);

  Worker& worker_;
  const Settings settings_;
  Rotation rotation_;
  std::list<std::unique_ptr<Session>> sessions_;
  RateLimit connectWarnings_{5, std::chrono::seconds(1)};
  RateLimit endWarnings_{5, std::chrono::seconds(1)};
};

}  // namespace proxy::relay
