// How often faults come, and in which order: every errno counted here was injected, since each call
// is made only when the kernel could have served it.

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "faultio_probe.h"

namespace probe {
namespace {

constexpr int kCalls = 10000;

struct Tally {
  int eintr = 0;
  int eagain = 0;
  int emfile = 0;
  int firstFault = -1;
  std::uint64_t sequence = 0;

  void add(int call, int error) {
    if (error == EINTR) ++eintr;
    if (error == EAGAIN) ++eagain;
    if (error == EMFILE) ++emfile;
    if (error != 0 && firstFault < 0) firstFault = call;
    sequence = (sequence ^ static_cast<std::uint64_t>(error)) * 0x100000001B3U;  // FNV-1
  }
  // Positive, since it is printed as a signed number.
  [[nodiscard]] long long fingerprint() const { return static_cast<long long>(sequence >> 1U); }
};

// One byte always waits in the channel.
Tally takeBytes(const Channel& channel, const std::function<ssize_t(int fd, char* byte)>& take) {
  Tally tally;
  channel.fill(1);
  for (int i = 0; i < kCalls; ++i) {
    char byte = 0;
    const ssize_t taken = take(channel.out(), &byte);
    tally.add(i, taken == 1 ? 0 : errno);
    if (taken == 1) channel.fill(1);
  }
  return tally;
}

Tally takeBySockets(int type, int flags) {
  const Channel channel(socketEnds(type));
  return takeBytes(channel, [flags](int fd, char* byte) { return ::recv(fd, byte, 1, flags); });
}

Tally takeByPipe(bool isWatched) {
  const Channel channel(pipeEnds(O_NONBLOCK));
  const int epoll = ::epoll_create1(0);
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.fd = channel.out()}};
  if (isWatched)
    require(::epoll_ctl(epoll, EPOLL_CTL_ADD, channel.out(), &event) == 0, "epoll_ctl");
  const Tally tally = takeBytes(channel, [](int fd, char* byte) { return ::read(fd, byte, 1); });
  ::close(epoll);
  return tally;
}

int countOpens(const std::function<bool()>& opens) {
  Tally tally;
  for (int i = 0; i < kCalls; ++i) tally.add(i, opens() ? 0 : errno);
  return tally.emfile;
}

bool opensPipe(int (*open)(std::array<int, 2>& ends)) {
  std::array<int, 2> ends{};
  if (open(ends) != 0) return false;
  ::close(ends[0]);
  ::close(ends[1]);
  return true;
}

bool opensSocket() {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

int countAccepts(const std::function<int(int listener)>& accept) {
  const auto newSocket = [] {
    return static_cast<int>(::syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0));
  };
  const int listener = newSocket();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socklen_t length = sizeof(sa_family_t);  // the kernel chooses an abstract name: unix(7), autobind
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  require(::bind(listener, generic, length) == 0 && ::listen(listener, 1) == 0, "listen");
  length = sizeof address;
  require(::getsockname(listener, generic, &length) == 0, "getsockname");

  int client = -1;
  const int refused = countOpens([&] {
    if (client < 0) {
      client = newSocket();
      require(::connect(client, generic, length) == 0, "connect");
    }
    const int accepted = accept(listener);
    require(accepted >= 0 || errno != EAGAIN, "EAGAIN from a blocking accept");
    if (accepted < 0) return false;
    ::close(accepted);
    ::close(client);
    client = -1;
    return true;
  });
  if (client >= 0) ::close(client);
  ::close(listener);
  return refused;
}

}  // namespace

void rates() {
  const Tally tally = takeBySockets(SOCK_STREAM | SOCK_NONBLOCK, 0);
  report("calls", kCalls);
  report("eintr", tally.eintr);
  report("eagain", tally.eagain);
  report("first_fault", tally.firstFault);
  report("sequence", tally.fingerprint());

  report("eagain_blocking", takeBySockets(SOCK_STREAM, 0).eagain);
  report("eagain_dontwait", takeBySockets(SOCK_STREAM, MSG_DONTWAIT).eagain);
  report("eagain_private_pipe", takeByPipe(false).eagain);
  report("eagain_watched_pipe", takeByPipe(true).eagain);

  report("emfile_socket", countOpens(opensSocket));
  report("emfile_pipe", countOpens([] {
           return opensPipe([](std::array<int, 2>& ends) { return ::pipe(ends.data()); });
         }));
  report(
      "emfile_pipe2", countOpens([] {
        return opensPipe([](std::array<int, 2>& ends) { return ::pipe2(ends.data(), O_CLOEXEC); });
      }));
  report("emfile_accept", countAccepts([](int fd) { return ::accept(fd, nullptr, nullptr); }));
  report("emfile_accept4",
         countAccepts([](int fd) { return ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC); }));
}

void threads() {
  for (const char* const name : {"first", "second"}) {
    std::thread([name] {
      report(name, takeBySockets(SOCK_STREAM | SOCK_NONBLOCK, 0).fingerprint());
    }).join();
  }
}

}  // namespace probe
