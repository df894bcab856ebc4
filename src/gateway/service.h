// The gateway's door: HTTP sessions whose requests are answered by upstreams, and the relay for
// those that turn into something else.
#pragma once

#include "gateway/gateway.h"
#include "gateway/settings.h"
#include "http1/sessions.h"
#include "http1/settings.h"
#include "net/service.h"
#include "relay/service.h"

namespace proxy::gateway {

class GatewayService final : public Service, private Gateway::Relay {
 public:
  GatewayService(Worker& worker, const http1::Settings& sessions, const Settings& gateway,
                 const relay::Settings& relay, http1::AccessLog* log);

  void serve(Accepted client) override { sessions_.serve(std::move(client)); }
  void update(const std::shared_ptr<const RemoteList>& remotes) override;
  void drain() override;
  void abort() override;
  [[nodiscard]] std::size_t size() const override { return sessions_.size() + upgraded_.size(); }

 private:
  void join(Upgraded connections) override;

  relay::RelayService upgraded_;
  Gateway gateway_;
  http1::Sessions sessions_;
};

}  // namespace proxy::gateway
