#include "socket_io.h"

#include <sys/socket.h>

#include <cerrno>

namespace socksplice {

namespace {

// Elsewhere the last bytes just leave alone, and SIGPIPE has to be ignored or blocked.
#ifdef MSG_MORE
constexpr int kMore = MSG_MORE;
#else
constexpr int kMore = 0;
#endif
#ifdef MSG_NOSIGNAL
constexpr int kNoSignal = MSG_NOSIGNAL;
#else
constexpr int kNoSignal = 0;
#endif

}  // namespace

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
    sent = ::send(socket, from, length, MSG_DONTWAIT | kNoSignal | (more ? kMore : 0));
  } while (sent < 0 && errno == EINTR);
  return sent;
}

}  // namespace socksplice
