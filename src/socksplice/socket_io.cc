#include "socket_io.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#if defined(TCP_INQ) && !defined(SOCKSPLICE_PORTABLE)
#define SOCKSPLICE_HAS_INQ 1
#else
#define SOCKSPLICE_HAS_INQ 0
#endif

namespace socksplice {

namespace {

ssize_t receivePlain(int socket, std::byte* to, std::size_t length) noexcept {
  ssize_t got;
  do {
    got = ::recv(socket, to, length, MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  return got;
}

#if SOCKSPLICE_HAS_INQ

Received receiveWithRest(int socket, std::byte* to, std::size_t length) noexcept {
  iovec whole = {.iov_base = to, .iov_len = length};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message{};
  message.msg_iov = &whole;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got;
  do {
    got = ::recvmsg(socket, &message, MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return {.bytes = got};

  const cmsghdr* note = CMSG_FIRSTHDR(&message);
  int left = 1;
  if (note != nullptr && note->cmsg_level == IPPROTO_TCP && note->cmsg_type == TCP_CM_INQ) {
    std::memcpy(&left, CMSG_DATA(note), sizeof left);
  }
  return {.bytes = got, .drained = left == 0};
}

#endif

}  // namespace

bool tellWhatIsLeft([[maybe_unused]] int socket) noexcept {
#if SOCKSPLICE_HAS_INQ
  const int on = 1;
  return setsockopt(socket, IPPROTO_TCP, TCP_INQ, &on, sizeof on) == 0;
#else
  return false;
#endif
}

Received receive(int socket, std::byte* to, std::size_t length,
                 [[maybe_unused]] bool tellsLeft) noexcept {
#if SOCKSPLICE_HAS_INQ
  if (tellsLeft) return receiveWithRest(socket, to, length);
#endif
  return {.bytes = receivePlain(socket, to, length)};
}

ssize_t transmit(int socket, const std::byte* from, std::size_t length, bool more) noexcept {
  ssize_t sent;
  do {
    sent = ::send(socket, from, length, MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0));
  } while (sent < 0 && errno == EINTR);
  return sent;
}

}  // namespace socksplice
