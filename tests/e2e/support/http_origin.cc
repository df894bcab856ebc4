#include "e2e/support/http_origin.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <vector>

namespace e2e {

namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kLength = "Content-Length: ";

std::uint64_t numberBehind(const std::string& text, std::string_view key) {
  const std::size_t at = text.find(key);
  return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + key.size(), nullptr, 10);
}

}  // namespace

HttpOrigin::HttpOrigin() : stop_(eventfd(0, EFD_CLOEXEC)) {
  thread_ = std::thread([this] { serve(); });
}

HttpOrigin::~HttpOrigin() {
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

void HttpOrigin::serve() {
  for (;;) {
    std::vector<pollfd> waiting = {{stop_.get(), POLLIN, 0}, {listener_.fd(), POLLIN, 0}};
    for (const auto& [fd, connection] : connections_) {
      waiting.push_back({fd, static_cast<short>(isAnswering(connection) ? POLLOUT : POLLIN), 0});
    }
    ::poll(waiting.data(), waiting.size(), -1);
    if (waiting[0].revents != 0) return;
    for (std::size_t i = 2; i < waiting.size(); ++i) {
      if (waiting[i].revents == 0) continue;
      Connection& connection = connections_.at(waiting[i].fd);
      const bool goesOn = isAnswering(connection) ? send(connection) : receive(connection);
      if (!goesOn) connections_.erase(waiting[i].fd);
    }
    if (waiting[1].revents != 0) acceptAll();
  }
}

void HttpOrigin::acceptAll() {
  for (;;) {
    socksplice::UniqueFd fd(accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) return;
    const int number = fd.get();
    connections_.insert_or_assign(number, Connection{.peer = Peer(std::move(fd))});
  }
}

bool HttpOrigin::receive(Connection& connection) {
  std::array<char, 65536> room;
  const ssize_t got = ::recv(connection.peer.fd(), room.data(), room.size(), 0);
  if (got < 0) return errno == EAGAIN;
  return got > 0 && take(connection, {room.data(), static_cast<std::size_t>(got)});
}

bool HttpOrigin::take(Connection& connection, std::string_view bytes) {
  if (connection.bodyLeft == 0) {
    connection.head += bytes;
    const std::size_t end = connection.head.find(kHeadEnd);
    if (end == std::string::npos) return true;
    const std::string behind = connection.head.substr(end + kHeadEnd.size());
    begin(connection);
    if (connection.bodyLeft > 0) return behind.empty() || take(connection, behind);
  } else {
    connection.bodyRight &= !pattern().firstWrong(connection.bodySeen, bytes);
    connection.bodySeen += bytes.size();
    connection.bodyLeft -= std::min<std::uint64_t>(bytes.size(), connection.bodyLeft);
  }
  if (connection.bodyLeft > 0) return true;
  answer(connection);
  return send(connection);
}

void HttpOrigin::begin(Connection& connection) {
  connection.bodyLeft = numberBehind(connection.head, kLength);
  connection.bodySeen = 0;
  connection.bodyRight = true;
  connection.isLast = connection.head.find("Connection: close") != std::string::npos;
}

void HttpOrigin::answer(Connection& connection) {
  std::string text;
  connection.answerSent = 0;
  connection.answerLeft = 0;
  if (connection.head.starts_with("PUT ")) {
    text = std::to_string(connection.bodySeen) + (connection.bodyRight ? " right\n" : " wrong\n");
  } else {
    connection.answerLeft = numberBehind(connection.head, "GET /");
  }
  connection.answerHead = "HTTP/1.1 200 OK\r\n" + std::string(kLength) +
                          std::to_string(text.size() + connection.answerLeft) +
                          (connection.isLast ? "\r\nConnection: close" : "") +
                          std::string(kHeadEnd) + text;
  connection.head.clear();
}

bool HttpOrigin::send(Connection& connection) try {
  while (isAnswering(connection)) {
    const bool isHead = !connection.answerHead.empty();
    const std::string_view bytes =
        isHead ? std::string_view(connection.answerHead)
               : pattern().from(connection.answerSent).substr(0, connection.answerLeft);
    const std::size_t sent = connection.peer.sendSome(bytes);
    if (sent == 0) return true;
    if (isHead) {
      connection.answerHead.erase(0, sent);
    } else {
      connection.answerSent += sent;
      connection.answerLeft -= sent;
    }
  }
  return !connection.isLast;
} catch (const std::system_error&) {
  return false;  // the client went away
}

}  // namespace e2e
