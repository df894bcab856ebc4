// The far end of a connection played by a thread that may wait: blocking sockets, whole strings.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>

#include "support/socket_pair.h"

namespace support {

/// Sends everything; the errno if the connection failed.
inline int sendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return 0;
}

struct Heard {
  std::string bytes;
  int error = 0;  ///< 0 at an orderly end
};

/// Reads until the end, or until `most` bytes have come.
inline Heard readAll(int fd, std::size_t most = std::string::npos) {
  Heard heard;
  std::array<char, std::size_t{64} * 1024> room;
  while (heard.bytes.size() < most) {
    const auto got = ::recv(fd, room.data(), std::min(room.size(), most - heard.bytes.size()), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) heard.error = errno;
    if (got <= 0) break;
    heard.bytes.append(room.data(), static_cast<std::size_t>(got));
  }
  return heard;
}

}  // namespace support
