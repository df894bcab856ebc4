// Addresses at which a connection goes wrong in a way of its own, for as long as they live.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/address.h"
#include "support/socket_pair.h"

namespace support {

/// A port of this machine at which nobody listens, and nobody else can.
class RefusingPort {
 public:
  RefusingPort() : fd_(must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")) {
    const auto any = proxy::Address::literal("127.0.0.1", 0);
    must(bind(fd_.get(), any->get(), any->size()), "bind");
  }
  [[nodiscard]] proxy::Address address() const { return proxy::Address::boundTo(fd_.get()); }

 private:
  UniqueFd fd_;
};

/// A listener whose backlog is full: over TCP a connection is never answered, at a path connect(2)
/// says EAGAIN.
class FullBacklog {
 public:
  explicit FullBacklog(const proxy::Address& at)
      : listener_(must(socket(at.family(), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")) {
    must(bind(listener_.get(), at.get(), at.size()), "bind");
    must(::listen(listener_.get(), 0), "listen");
    first_ = UniqueFd(must(socket(at.family(), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    must(connect(first_.get(), address().get(), address().size()), "connect");
  }
  [[nodiscard]] proxy::Address address() const { return proxy::Address::boundTo(listener_.get()); }

  /// Takes the one who stands in the backlog, and so makes room for the next.
  [[nodiscard]] UniqueFd accept() {
    return UniqueFd(must(::accept(listener_.get(), nullptr, nullptr), "accept"));
  }

 private:
  UniqueFd listener_;
  UniqueFd first_;
};

}  // namespace support
