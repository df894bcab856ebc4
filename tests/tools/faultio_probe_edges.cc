// Edge-triggered epoll: a program that stopped at EAGAIN or at a short count must hear of the rest.

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <functional>

#include "faultio_probe.h"

namespace probe {
namespace {

constexpr std::size_t kChunk = 16384;
constexpr int kNonBlockingSocket = SOCK_STREAM | SOCK_NONBLOCK;

class Epoll {
 public:
  Epoll() : fd_(::epoll_create1(EPOLL_CLOEXEC)) {}
  ~Epoll() { ::close(fd_); }
  Epoll(const Epoll&) = delete;
  Epoll& operator=(const Epoll&) = delete;

  void add(int fd, std::uint32_t events) const { control(EPOLL_CTL_ADD, fd, events); }
  void remove(int fd) const { control(EPOLL_CTL_DEL, fd, 0); }
  // Unseen by the library.
  void addSecretly(int fd, std::uint32_t events) const {
    epoll_event event{.events = events, .data = {.fd = fd}};
    require(::syscall(SYS_epoll_ctl, fd_, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
  }
  [[nodiscard]] int count() const {
    std::array<epoll_event, 4> events{};
    return ::epoll_wait(fd_, events.data(), 4, 0);
  }
  [[nodiscard]] epoll_event wait() const {
    epoll_event event{};
    while (::epoll_wait(fd_, &event, 1, -1) != 1) require(errno == EINTR, "epoll_wait");
    return event;
  }

 private:
  void control(int operation, int fd, std::uint32_t events) const {
    epoll_event event{.events = events, .data = {.fd = fd}};
    require(::epoll_ctl(fd_, operation, fd, &event) == 0, "epoll_ctl");
  }

  int fd_;
};

using Step = std::function<ssize_t(char* data, std::size_t size)>;

// Until EAGAIN, or until a short count too: both mean "wait for the next edge".
std::size_t moveUntilTold(std::size_t most, bool stopsAtShort, const Step& step) {
  std::array<char, kChunk> chunk{};
  for (std::size_t moved = 0;;) {
    const std::size_t asked = std::min(kChunk, most - moved);
    if (asked == 0) return moved;
    const ssize_t size = step(chunk.data(), asked);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      require(errno == EAGAIN, "a call on a non-blocking descriptor");
      return moved;
    }
    moved += static_cast<std::size_t>(size);
    if (stopsAtShort && static_cast<std::size_t>(size) < asked) return moved;
  }
}

// Requires that the 64 bytes are not used up before the fault.
void recvUntilFault(int fd) {
  std::array<char, 4> data{};
  for (int i = 0; i < 15; ++i) {
    if (::recv(fd, data.data(), data.size(), 0) < static_cast<ssize_t>(data.size())) return;
  }
  fail("no fault came");
}

int eventsAfterFault(const std::function<void(const Epoll&, int fd)>& add) {
  const Epoll epoll;
  const Channel channel(socketEnds(kNonBlockingSocket));
  channel.fill(64);
  add(epoll, channel.out());
  require(epoll.count() == 1, "the first edge");
  require(epoll.count() == 0, "an edge comes once");
  recvUntilFault(channel.out());
  return epoll.count();
}

int eventsAfterFaultyReuse() {
  const Epoll epoll;
  Ends ends = socketEnds(kNonBlockingSocket);
  epoll.add(ends.out, EPOLLIN | EPOLLET);
  const int number = ends.out;
  ::close(ends.in);
  ::close(ends.out);
  const Channel next(socketEnds(kNonBlockingSocket));
  require(next.in() == number || next.out() == number, "the number is used again");
  next.fill(64);
  recvUntilFault(next.out());
  return epoll.count();
}

int eventsAfterRemoval() {
  const Epoll epoll;
  const Channel channel(socketEnds(kNonBlockingSocket));
  channel.fill(64);
  epoll.add(channel.out(), EPOLLIN | EPOLLET);
  epoll.remove(channel.out());
  recvUntilFault(channel.out());
  return epoll.count();
}

int eventsAfterFaultyWrite() {
  const Epoll epoll;
  const Channel channel(socketEnds(kNonBlockingSocket));
  epoll.add(channel.in(), EPOLLOUT | EPOLLET);
  require(epoll.count() == 1 && epoll.count() == 0, "the first edge");
  const std::array<char, 4> data{};
  while (::send(channel.in(), data.data(), data.size(), 0) == static_cast<ssize_t>(data.size())) {
  }
  return epoll.count();
}

}  // namespace

void rearm() {
  report("reading", eventsAfterFault([](const Epoll& e, int fd) { e.add(fd, EPOLLIN | EPOLLET); }));
  report("writing", eventsAfterFaultyWrite());
  report("unknown",
         eventsAfterFault([](const Epoll& e, int fd) { e.addSecretly(fd, EPOLLIN | EPOLLET); }));
  report("one_shot", eventsAfterFault([](const Epoll& e, int fd) {
           e.add(fd, EPOLLIN | EPOLLET | EPOLLONESHOT);
         }));
  report("removed", eventsAfterRemoval());
  report("reused", eventsAfterFaultyReuse());
}

void edges(bool isPipe, bool stopsAtShort, std::size_t bytes) {
  const Channel channel(isPipe ? pipeEnds(O_NONBLOCK) : socketEnds(kNonBlockingSocket));
  const Epoll epoll;
  epoll.add(channel.in(), EPOLLOUT | EPOLLET);
  epoll.add(channel.out(), EPOLLIN | EPOLLET);
  const Step write = [&](char* data, std::size_t size) {
    return ::write(channel.in(), data, size);
  };
  const Step read = [&](char* data, std::size_t size) { return ::read(channel.out(), data, size); };
  std::size_t written = 0;
  std::size_t received = 0;
  while (received < bytes) {
    const epoll_event event = epoll.wait();
    if (event.data.fd == channel.in())
      written += moveUntilTold(bytes - written, stopsAtShort, write);
    // The receiver does not know how many bytes come: it goes on until it is told to wait.
    else
      received += moveUntilTold(SIZE_MAX, stopsAtShort, read);
  }
  report("received", static_cast<long long>(received));
}

}  // namespace probe
