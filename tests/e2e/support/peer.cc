#include "e2e/support/peer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <system_error>

#include <gtest/gtest.h>

#include "socksplice/relay.h"
#include "support/eventually.h"

namespace e2e {

namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

int queueSize(int fd, unsigned long request) {
  int bytes = 0;
  if (ioctl(fd, request, &bytes) < 0) fail("ioctl");
  return bytes;
}

socksplice::UniqueFd connectedTo(const Address& address, int receiveBuffer) {
  socksplice::UniqueFd fd(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) fail("socket");
  if (receiveBuffer != 0) {
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &receiveBuffer, sizeof receiveBuffer);
  }
  // On loopback a connection is there at once, or is refused, unless a backlog is full.
  const timeval patience{.tv_sec = Deadline().left() / 1000, .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(fd.get(), address.get(), address.size()) < 0) fail("connect");
  return fd;
}

}  // namespace

Address addressFrom(std::string_view text) {
  if (text.starts_with("unix:")) return Address::atPath(text.substr(5)).value();
  const std::size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  std::uint16_t port = 0;
  std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  return Address::literal(host, port).value();
}

Peer::Peer(socksplice::UniqueFd fd) : fd_(std::move(fd)) { fcntl(fd_.get(), F_SETFL, O_NONBLOCK); }

void Peer::waitFor(short events, const Deadline& deadline, const char* what) const {
  pollfd waiting{.fd = fd_.get(), .events = events, .revents = 0};
  if (::poll(&waiting, 1, deadline.left()) <= 0) {
    throw std::runtime_error(std::string(what) + " takes too long");
  }
}

std::size_t Peer::sendSome(std::string_view bytes) {
  const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) fail("send");
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

void Peer::send(std::string_view bytes) {
  const Deadline deadline;
  while (!bytes.empty()) {
    const std::size_t sent = sendSome(bytes);
    if (sent == 0) waitFor(POLLOUT, deadline, "to send");
    bytes.remove_prefix(sent);
  }
}

void Peer::sendUrgent(char byte) {
  if (::send(fd_.get(), &byte, 1, MSG_OOB | MSG_NOSIGNAL) != 1) fail("send urgent data");
}

std::string Peer::receive(std::size_t count) {
  const Deadline deadline;
  std::string bytes(count, '\0');
  for (std::size_t have = 0; have < count;) {
    const ssize_t got = ::recv(fd_.get(), bytes.data() + have, count - have, 0);
    if (got == 0) {
      throw std::runtime_error("the stream ended after " + std::to_string(have) + " of " +
                               std::to_string(count) + " bytes");
    }
    if (got < 0 && errno != EAGAIN) fail("receive");
    if (got < 0) waitFor(POLLIN, deadline, "to receive");
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  return bytes;
}

Peer::Rest Peer::rest() {
  const Deadline deadline;
  Rest rest;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (got == 0) return rest;
    if (got > 0) {
      rest.bytes.append(buffer.data(), static_cast<std::size_t>(got));
    } else if (errno == EAGAIN) {
      waitFor(POLLIN, deadline, "the end of a stream");
    } else {
      rest.error = errno;
      return rest;
    }
  }
}

bool Peer::isSilentFor(milliseconds time) const {
  pollfd waiting{.fd = fd_.get(), .events = POLLIN, .revents = 0};
  return ::poll(&waiting, 1, static_cast<int>(time.count())) == 0;
}

std::size_t Peer::waiting() const {
  return static_cast<std::size_t>(queueSize(fd_.get(), FIONREAD));
}

std::size_t Peer::unacknowledged() const {
  return static_cast<std::size_t>(queueSize(fd_.get(), TIOCOUTQ));
}

void Peer::waitUntilAcknowledged() const {
  EXPECT_TRUE(support::eventually([&] { return unacknowledged() == 0; }))
      << "bytes remain unacknowledged";
}

void Peer::endWriting() {
  if (shutdown(fd_.get(), SHUT_WR) < 0) fail("shutdown");
}

void Peer::reset() {
  socksplice::resetOnClose(fd_.get());
  fd_.reset();
}

Peer dial(std::string_view address, int receiveBuffer) {
  return Peer(connectedTo(addressFrom(address), receiveBuffer));
}

int dialError(std::string_view address) {
  try {
    connectedTo(addressFrom(address), 0);
    return 0;
  } catch (const std::system_error& error) {
    return error.code().value();
  }
}

}  // namespace e2e
