// A listener of the test's own, to which the code under test connects.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <stdexcept>
#include <utility>

#include "core/address.h"
#include "net/socket.h"
#include "support/peer.h"

namespace support {

class Upstream {
 public:
  explicit Upstream(const proxy::Address& at = *proxy::Address::literal("127.0.0.1", 0)) {
    auto listener = proxy::listenAt(at, {});
    if (!listener) throw std::runtime_error(listener.error());
    listener_ = *std::move(listener);
  }

  [[nodiscard]] proxy::Address address() const { return proxy::Address::boundTo(listener_.get()); }

  /// The next connection, if one is there.
  [[nodiscard]] std::optional<Peer> accept() {
    UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) return std::nullopt;
    return Peer(std::move(fd));
  }

 private:
  UniqueFd listener_;
};

}  // namespace support
