#include "core/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "core/format.h"

namespace proxy {

namespace {

// The BSDs keep the size in the address as well, where the kernel fills it in: for == it must be
// there.
void noteSize(sockaddr& address, socklen_t size) noexcept {
#ifdef SIN6_LEN
  address.sa_len = static_cast<decltype(address.sa_len)>(size);
#else
  static_cast<void>(address);
  static_cast<void>(size);
#endif
}

}  // namespace

std::optional<Address> Address::literal(std::string_view host, std::uint16_t port) {
  const std::string text(host);
  Address address;
  std::memset(&address.storage_, 0, sizeof address.storage_);
  if (inet_pton(AF_INET, text.c_str(), &address.storage_.v4.sin_addr) == 1) {
    address.storage_.v4.sin_family = AF_INET;
    address.size_ = sizeof(sockaddr_in);
  } else if (inet_pton(AF_INET6, text.c_str(), &address.storage_.v6.sin6_addr) == 1) {
    address.storage_.v6.sin6_family = AF_INET6;
    address.size_ = sizeof(sockaddr_in6);
  } else {
    return std::nullopt;
  }
  noteSize(address.storage_.any, address.size_);
  address.setPort(port);
  return address;
}

Expected<Address> Address::atPath(std::string_view path) {
  Address address;
  sockaddr_un& target = address.storage_.path;
  if (path.empty()) return unexpected(std::string("the path is empty"));
  if (path.size() >= sizeof target.sun_path) {
    return unexpected(fmt::format("the path is longer than {} bytes", sizeof target.sun_path - 1));
  }
  target = {};
  target.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), target.sun_path);
  address.size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  noteSize(address.storage_.any, address.size_);
  return address;
}

Address Address::copyOf(const sockaddr* address, socklen_t size) noexcept {
  Address copy;
  if (size < sizeof(sa_family_t)) return copy;
  copy.size_ = std::min<socklen_t>(size, sizeof copy.storage_);
  std::memcpy(&copy.storage_, address, copy.size_);
  return copy;
}

Address Address::peerOf(int fd) noexcept {
  sockaddr_storage storage;
  socklen_t size = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  return getpeername(fd, address, &size) == 0 ? copyOf(address, size) : Address();
}

Address Address::boundTo(int fd) noexcept {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) < 0) return {};
  return copyOf(reinterpret_cast<const sockaddr*>(&storage), size);
}

std::uint16_t Address::port() const noexcept {
  switch (family()) {
    case AF_INET:
      return ntohs(storage_.v4.sin_port);
    case AF_INET6:
      return ntohs(storage_.v6.sin6_port);
    default:
      return 0;
  }
}

void Address::setPort(std::uint16_t port) noexcept {
  if (family() == AF_INET) storage_.v4.sin_port = htons(port);
  if (family() == AF_INET6) storage_.v6.sin6_port = htons(port);
}

std::string Address::path() const {
  const std::size_t start = offsetof(sockaddr_un, sun_path);
  if (!isPath() || size_ <= start) return {};
  return {storage_.path.sun_path, strnlen(storage_.path.sun_path, size_ - start)};
}

std::string Address::host() const {
  char host[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET) inet_ntop(AF_INET, &storage_.v4.sin_addr, host, sizeof host);
  if (family() == AF_INET6) inet_ntop(AF_INET6, &storage_.v6.sin6_addr, host, sizeof host);
  return host;
}

std::string Address::text() const {
  switch (family()) {
    case AF_INET:
      return fmt::format("{}:{}", host(), port());
    case AF_INET6:
      return fmt::format("[{}]:{}", host(), port());
    case AF_UNIX:
      return fmt::format("unix:{}", path());
    default:
      return "unknown";
  }
}

bool Address::operator==(const Address& other) const noexcept {
  return size_ == other.size_ && std::memcmp(&storage_, &other.storage_, size_) == 0;
}

}  // namespace proxy
