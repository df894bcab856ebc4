#include "gateway/service.h"

#include <utility>

namespace proxy::gateway {

GatewayService::GatewayService(Worker& worker, const http1::Settings& sessions,
                               const Settings& gateway, const relay::Settings& relay,
                               http1::AccessLog* log)
    : upgraded_(worker, relay),
      gateway_(worker, gateway, *this),
      sessions_(worker, sessions, gateway_, log) {}

void GatewayService::update(const std::shared_ptr<const RemoteList>& remotes) {
  gateway_.update(*remotes);
}

void GatewayService::drain() {
  gateway_.drain();
  sessions_.drain();
}

void GatewayService::abort() {
  sessions_.abort();
  upgraded_.abort();
}

void GatewayService::join(Upgraded connections) {
  const Address peer = Address::peerOf(connections.client.get());
  upgraded_.join({.socket = std::move(connections.client), .peer = peer}, connections.fromClient,
                 std::move(connections.upstream), connections.fromUpstream,
                 std::move(connections.route));
}

}  // namespace proxy::gateway
