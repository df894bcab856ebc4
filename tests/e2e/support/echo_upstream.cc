#include "e2e/support/echo_upstream.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "e2e/support/http_upstream.h"

namespace e2e {

namespace {

// Whether there is an answer to give. This is no reading: of whatever else there may be in `got`,
// in front of a message or behind it, all is given back.
bool isWhole(std::string_view got) {
  constexpr std::string_view kHeadEnd = "\r\n\r\n";
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  const std::size_t end = got.find(kHeadEnd);
  if (end == std::string_view::npos) return false;
  const std::string_view body = got.substr(end + kHeadEnd.size());
  const std::string head(got.substr(0, end));
  if (head.find("\r\nTransfer-Encoding: chunked") != std::string::npos) {
    return body.ends_with("0\r\n\r\n");
  }
  const std::size_t length = head.find(kLength);
  if (length == std::string::npos) return true;
  return body.size() >= std::strtoull(head.c_str() + length + kLength.size(), nullptr, 10);
}

}  // namespace

EchoUpstream::EchoUpstream() : stop_(eventfd(0, EFD_CLOEXEC)) {
  thread_ = std::thread([this] { serve(); });
}

EchoUpstream::~EchoUpstream() { finish(); }

const std::string& EchoUpstream::everything() {
  finish();
  acceptAll();
  for (auto& [fd, connection] : connections_) everything_ += connection.peer.rest().bytes;
  connections_.clear();
  return everything_;
}

void EchoUpstream::finish() {
  if (!thread_.joinable()) return;
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

void EchoUpstream::serve() {
  for (;;) {
    std::vector<pollfd> waiting = {{stop_.get(), POLLIN, 0}, {listener_.fd(), POLLIN, 0}};
    for (const auto& [fd, connection] : connections_) waiting.push_back({fd, POLLIN, 0});
    ::poll(waiting.data(), waiting.size(), -1);
    if (waiting[0].revents != 0) return;
    for (std::size_t i = 2; i < waiting.size(); ++i) {
      if (waiting[i].revents == 0) continue;
      if (!receive(connections_.at(waiting[i].fd))) connections_.erase(waiting[i].fd);
    }
    if (waiting[1].revents != 0) acceptAll();
  }
}

void EchoUpstream::acceptAll() {
  for (;;) {
    socksplice::UniqueFd fd(accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) return;
    const int number = fd.get();
    connections_.insert_or_assign(number, Connection{.peer = Peer(std::move(fd))});
  }
}

bool EchoUpstream::receive(Connection& connection) try {
  std::array<char, 65536> room;
  const ssize_t count = ::recv(connection.peer.fd(), room.data(), room.size(), 0);
  if (count < 0) return errno == EAGAIN;
  const std::string_view bytes(room.data(), static_cast<std::size_t>(count));
  everything_ += bytes;
  connection.got += bytes;
  if (isWhole(connection.got)) connection.peer.send(ok(std::exchange(connection.got, {})));
  return count > 0;
} catch (const std::system_error&) {
  return false;  // the proxy went away
}

}  // namespace e2e
