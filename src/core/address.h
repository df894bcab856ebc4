// A socket address: IPv4, IPv6 or a path. A value.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/expected.h"

namespace proxy {

class Address {
 public:
  Address() noexcept { storage_.any.sa_family = AF_UNSPEC; }

  /// An IPv4 or IPv6 literal without brackets; nothing if `host` is no literal.
  static std::optional<Address> literal(std::string_view host, std::uint16_t port);
  /// A stream socket's path; a sentence if it is too long (sockaddr_un holds 107 bytes).
  static Expected<Address> atPath(std::string_view path);
  /// What accept(2), getsockname(2) or a resolver gave.
  static Address copyOf(const sockaddr* address, socklen_t size) noexcept;
  /// Where the peer of `fd` is; of no family if it has none.
  static Address peerOf(int fd) noexcept;
  /// Where `fd` is bound.
  static Address boundTo(int fd) noexcept;

  [[nodiscard]] int family() const noexcept { return storage_.any.sa_family; }
  [[nodiscard]] const sockaddr* get() const noexcept { return &storage_.any; }
  [[nodiscard]] socklen_t size() const noexcept { return size_; }
  [[nodiscard]] bool isPath() const noexcept { return family() == AF_UNIX; }

  /// Where isPath(); empty for a peer that has none.
  [[nodiscard]] std::string path() const;
  /// 0 for a path.
  [[nodiscard]] std::uint16_t port() const noexcept;
  void setPort(std::uint16_t port) noexcept;

  /// `127.0.0.1:80`, `[::1]:80`, `unix:/run/x`, or `unix:` for a peer without a path.
  [[nodiscard]] std::string text() const;

  /// The same without port and brackets; empty for a path.
  [[nodiscard]] std::string host() const;

  bool operator==(const Address& other) const noexcept;

 private:
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un path;
  } storage_;
  socklen_t size_ = sizeof(sa_family_t);
};

}  // namespace proxy
