#include "socket_io.h"

#include <sys/socket.h>

#include <cerrno>

namespace socksplice {

ssize_t receive(int socket, std::byte* to, std::size_t length) noexcept {
  ssize_t got;
  do {
    got = ::recv(socket, to, length, MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  return got;
}

ssize_t transmit(int socket, const std::byte* from, std::size_t length, bool more) noexcept {
  ssize_t sent;
  do {
    sent = ::send(socket, from, length, MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0));
  } while (sent < 0 && errno == EINTR);
  return sent;
}

}  // namespace socksplice
