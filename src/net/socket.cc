#include "net/socket.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace proxy {

namespace {

// As many as the kernel allows (net.core.somaxconn cuts it).
constexpr int kBacklog = 65535;

Expected<UniqueFd, int> openSocket(int family) {
#ifdef SOCK_NONBLOCK
  UniqueFd fd(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return unexpected(int{errno});
#else
  UniqueFd fd(socket(family, SOCK_STREAM, 0));
  if (!fd) return unexpected(int{errno});
  fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
#endif
  return fd;
}

void turnOn(int fd, int level, int option) {
  const int on = 1;
  setsockopt(fd, level, option, &on, sizeof on);
}

void apply(int fd, const Address& address, const SocketSettings& settings) {
  if (address.isPath()) return;
  turnOn(fd, SOL_SOCKET, SO_KEEPALIVE);
  turnOn(fd, SOL_SOCKET, SO_OOBINLINE);
  if (settings.noDelay) turnOn(fd, IPPROTO_TCP, TCP_NODELAY);
}

// Only a refusal proves that nobody listens: another kind of socket, or one that is not ours to
// connect to, may well be alive.
bool nobodyListensAt(const Address& address) {
  const auto fd = openSocket(AF_UNIX);
  return fd && connect(fd->get(), address.get(), address.size()) < 0 && errno == ECONNREFUSED;
}

bool isSocket(const std::string& path) {
  struct stat status{};
  return lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

// bind(2) fails with EADDRINUSE on any existing file; only a socket nobody listens at is removed.
void removeStale(const Address& address) {
  const std::string path = address.path();
  if (isSocket(path) && nobodyListensAt(address)) unlink(path.c_str());
}

std::string teach(int error, const Address& address) {
  switch (error) {
    case EADDRINUSE:
      if (!address.isPath()) return "the port is in use by another program";
      return isSocket(address.path()) ? "another program listens there"
                                      : "a file that is no socket is there: remove it, or choose "
                                        "another path";
    case ENOENT:
      return "its directory does not exist: make it first";
    case EACCES:
      return address.isPath() ? "no permission to create the socket there"
                              : "no permission; ports below 1024 need CAP_NET_BIND_SERVICE";
    case EADDRNOTAVAIL:
      return "this machine has no such address";
    case EAFNOSUPPORT:
      return "this machine has no IPv6";
    default:
      return std::strerror(error);
  }
}

}  // namespace

Expected<UniqueFd> listenAt(const Address& address, const SocketSettings& settings) {
  auto fd = openSocket(address.family());
  if (!fd) return unexpected(teach(fd.error(), address));
  if (address.isPath()) removeStale(address);
  if (address.family() == AF_INET6) turnOn(fd->get(), IPPROTO_IPV6, IPV6_V6ONLY);
  if (!address.isPath()) turnOn(fd->get(), SOL_SOCKET, SO_REUSEADDR);
  apply(fd->get(), address, settings);
  if (bind(fd->get(), address.get(), address.size()) < 0 || listen(fd->get(), kBacklog) < 0) {
    return unexpected(teach(errno, address));
  }
  return *std::move(fd);
}

bool isLocal(const Address& address) {
  if (address.isPath()) return true;
  Address anyPort = address;
  anyPort.setPort(0);
  const auto fd = openSocket(address.family());
  return fd && bind(fd->get(), anyPort.get(), anyPort.size()) == 0;
}

bool isShortage(int error) noexcept {
  return error == EAGAIN || error == EMFILE || error == ENFILE || error == ENOBUFS ||
         error == ENOMEM;
}

Expected<UniqueFd, int> beginConnect(const Address& address, const SocketSettings& settings) {
  auto fd = openSocket(address.family());
  if (!fd) return fd;
  apply(fd->get(), address, settings);
  // EINTR: the connection goes on in the background, as with EINPROGRESS.
  if (connect(fd->get(), address.get(), address.size()) < 0 && errno != EINPROGRESS &&
      errno != EINTR) {
    return unexpected(int{errno});
  }
  return fd;
}

int connectStatus(int fd) {
  sockaddr_storage peer;
  socklen_t size = sizeof peer;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0) {
    // A port of this machine that nobody listens at may be given to the socket itself, which then
    // connects to itself (RFC 9293, simultaneous open).
    const Address there = Address::copyOf(reinterpret_cast<sockaddr*>(&peer), size);
    return !there.isPath() && there == Address::boundTo(fd) ? ECONNREFUSED : 0;
  }
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return errno;
  return error != 0 ? error : EINPROGRESS;
}

bool hasPeer(int fd) {
  sockaddr_storage peer;
  socklen_t size = sizeof peer;
  return getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
}

}  // namespace proxy
