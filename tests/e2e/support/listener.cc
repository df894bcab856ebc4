#include "e2e/support/listener.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace e2e {

namespace {

socksplice::UniqueFd boundTo(const Address& address) {
  socksplice::UniqueFd fd(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd || bind(fd.get(), address.get(), address.size()) < 0) {
    throw std::system_error(errno, std::generic_category(), "bind " + address.text());
  }
  return fd;
}

void listenWith(int fd, int backlog) {
  if (listen(fd, backlog) < 0) throw std::system_error(errno, std::generic_category(), "listen");
}

bool readableWithin(int fd, int ms) {
  pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&waiting, 1, ms) > 0;
}

}  // namespace

Listener::Listener(std::string_view address, int receiveBuffer)
    : fd_(boundTo(addressFrom(address))) {
  if (receiveBuffer != 0) {
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receiveBuffer, sizeof receiveBuffer);
  }
  listenWith(fd_.get(), 4096);
}

std::string Listener::address() const { return Address::boundTo(fd_.get()).text(); }

std::uint16_t Listener::port() const { return Address::boundTo(fd_.get()).port(); }

Peer Listener::accept() {
  const Deadline deadline;
  for (;;) {
    socksplice::UniqueFd fd(accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (fd) return Peer(std::move(fd));
    if (errno != EAGAIN) throw std::system_error(errno, std::generic_category(), "accept");
    if (!readableWithin(fd_.get(), deadline.left())) throw std::runtime_error("nobody connects");
  }
}

bool Listener::isAloneFor(milliseconds time) const {
  return !readableWithin(fd_.get(), static_cast<int>(time.count()));
}

ClosedPort::ClosedPort() : fd_(boundTo(addressFrom("127.0.0.1:0"))) {}

std::string ClosedPort::address() const { return Address::boundTo(fd_.get()).text(); }

SilentPort::SilentPort() : fd_(boundTo(addressFrom("127.0.0.1:0"))) {
  listenWith(fd_.get(), 0);
  const Address address = Address::boundTo(fd_.get());
  for (;;) {
    socksplice::UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    static_cast<void>(connect(fd.get(), address.get(), address.size()));
    pollfd waiting{.fd = fd.get(), .events = POLLOUT, .revents = 0};
    const bool answered = ::poll(&waiting, 1, 50) > 0;
    waiting_.push_back(std::move(fd));
    if (!answered) return;
  }
}

std::string SilentPort::address() const { return Address::boundTo(fd_.get()).text(); }

}  // namespace e2e
