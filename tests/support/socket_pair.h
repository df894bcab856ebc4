// Two connected stream sockets of one process, over loopback TCP or AF_UNIX, both non-blocking.
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "socksplice/unique_fd.h"

namespace support {

using socksplice::UniqueFd;

enum class Transport { kTcp, kUnix };

inline std::string nameOf(Transport transport) {
  return transport == Transport::kTcp ? "Tcp" : "Unix";
}

/// Dies with what the kernel said: a test cannot go on without its sockets.
inline int must(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

inline void setOption(int fd, int level, int option, int value) {
  must(setsockopt(fd, level, option, &value, sizeof value), "setsockopt");
}

[[nodiscard]] inline int getOption(int fd, int level, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  must(getsockopt(fd, level, option, &value, &size), "getsockopt");
  return value;
}

inline void setBlocking(int fd, bool blocking) {
  const int flags = must(fcntl(fd, F_GETFL), "fcntl");
  must(fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK), "fcntl");
}

[[nodiscard]] inline bool isBlocking(int fd) {
  return (must(fcntl(fd, F_GETFL), "fcntl") & O_NONBLOCK) == 0;
}

/// True while the descriptor's number belongs to something open.
[[nodiscard]] inline bool isOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

/// What `fd` can read now.
[[nodiscard]] inline int unread(int fd) {
  int bytes = 0;
  must(ioctl(fd, FIONREAD, &bytes), "FIONREAD");
  return bytes;
}

struct SocketPair {
  UniqueFd near;  ///< for the code under test
  UniqueFd far;   ///< for the peer, whom the test plays
};

/// With `bufferSize`, every kernel buffer between the two is about that small; with `segment`, a
/// packet carries that much at most, as over a real line.
inline SocketPair tcpPair(int bufferSize = 0, int segment = 0) {
  const auto open = [bufferSize, segment] {
    UniqueFd fd(must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    if (bufferSize != 0) {
      setOption(fd.get(), SOL_SOCKET, SO_SNDBUF, bufferSize);
      setOption(fd.get(), SOL_SOCKET, SO_RCVBUF, bufferSize);
    }
    if (segment != 0) setOption(fd.get(), IPPROTO_TCP, TCP_MAXSEG, segment);
    setOption(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
    return fd;
  };
  const UniqueFd listener = open();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  must(bind(listener.get(), any, size), "bind");
  must(listen(listener.get(), 1), "listen");
  must(getsockname(listener.get(), any, &size), "getsockname");

  SocketPair pair{.near = {}, .far = open()};
  must(connect(pair.far.get(), any, size), "connect");
  pair.near.reset(must(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept"));
  setBlocking(pair.near.get(), false);
  setBlocking(pair.far.get(), false);
  return pair;
}

inline SocketPair unixPair(int bufferSize = 0) {
  int ends[2];
  must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), "socketpair");
  SocketPair pair{.near = UniqueFd(ends[0]), .far = UniqueFd(ends[1])};
  if (bufferSize != 0) {
    for (const int end : ends) setOption(end, SOL_SOCKET, SO_SNDBUF, bufferSize);
  }
  return pair;
}

inline SocketPair pairOf(Transport transport, int bufferSize = 0) {
  return transport == Transport::kTcp ? tcpPair(bufferSize) : unixPair(bufferSize);
}

}  // namespace support
