#include "http1/input.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace proxy::http1 {

ssize_t Input::fill(int socket, std::size_t most) {
  const std::size_t held = bytes().size();
  const std::size_t wanted = std::min(most, std::max(first_, held * 2));
  if (held >= most || !makeRoom(wanted - held)) {
    errno = ENOBUFS;
    return -1;
  }
  const auto room = buffer_.room();
  ssize_t got;
  do {
    got = recv(socket, room.data(), std::min(room.size(), most - held), 0);
  } while (got < 0 && errno == EINTR);
  if (got > 0) buffer_.commit(static_cast<std::size_t>(got));
  const int error = errno;
  if (held == 0 && got <= 0) buffer_.reset();
  errno = error;
  return got;
}

bool Input::keepForLater(std::string_view bytes) {
  if (bytes.empty()) return true;
  later_ = pool_.borrow(bytes.size());
  if (!later_) return false;
  std::memcpy(later_.room().data(), bytes.data(), bytes.size());
  later_.commit(bytes.size());
  return true;
}

void Input::release() {
  if (later_) buffer_ = std::move(later_);
  if (empty()) buffer_.reset();
}

bool Input::makeRoom(std::size_t room) {
  if (buffer_ && buffer_.room().size() >= room) return true;
  const std::string_view held = bytes();
  socksplice::PooledBuffer larger = pool_.borrow(held.size() + room);
  if (!larger) return false;
  if (!held.empty()) std::memcpy(larger.room().data(), held.data(), held.size());
  larger.commit(held.size());
  buffer_ = std::move(larger);
  return true;
}

}  // namespace proxy::http1
