#include "socksplice/socket_io.h"

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

// Linux drops the bytes of a TCP socket without copying them; elsewhere the flag does nothing.
#ifdef __linux__
constexpr int kUncopied = MSG_TRUNC;
#else
constexpr int kUncopied = 0;
#endif

ssize_t receiveWith(int flags, int socket, std::byte* to, std::size_t length) noexcept {
  ssize_t got;
  do {
    got = ::recv(socket, to, length, MSG_DONTWAIT | flags);
  } while (got < 0 && errno == EINTR);
  return got;
}

}  // namespace

ssize_t receive(int socket, std::byte* to, std::size_t length) noexcept {
  return receiveWith(0, socket, to, length);
}

ssize_t peek(int socket, std::byte* to, std::size_t length) noexcept {
  return receiveWith(MSG_PEEK, socket, to, length);
}

bool discard(int socket, std::byte* scratch, std::size_t length) noexcept {
  while (length > 0) {
    const ssize_t got = receiveWith(kUncopied, socket, scratch, length);
    if (got == 0 || (got < 0 && !wouldBlock(errno))) return false;
    if (got > 0) length -= static_cast<std::size_t>(got);
  }
  return true;
}

ssize_t transmit(int socket, const std::byte* from, std::size_t length, bool more) noexcept {
  ssize_t sent;
  do {
    sent = ::send(socket, from, length, MSG_DONTWAIT | kNoSignal | (more ? kMore : 0));
  } while (sent < 0 && errno == EINTR);
  return sent;
}

}  // namespace socksplice
