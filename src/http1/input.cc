#include "http1/input.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "socksplice/socket_io.h"

namespace proxy::http1 {

// By way of the stack, so that no more is borrowed than has come.
ssize_t Input::fill(int socket, std::size_t most) {
  std::array<std::byte, std::size_t{16} * 1024> fresh;
  const std::size_t held = bytes().size();
  if (held >= most) {
    errno = ENOBUFS;
    return -1;
  }
  const std::size_t wanted = std::min({most - held, std::max(first_, held), fresh.size()});
  const ssize_t got = socksplice::receive(socket, fresh.data(), wanted);
  if (got <= 0) return got;
  const auto count = static_cast<std::size_t>(got);
  if (!makeRoom(count)) {
    errno = ENOBUFS;
    return -1;
  }
  std::memcpy(buffer_.room().data(), fresh.data(), count);
  buffer_.commit(count);
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
