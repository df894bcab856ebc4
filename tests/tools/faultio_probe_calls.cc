// What single calls do: which are cut, which may not be, and which descriptors are none of the
// library's business.

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string_view>
#include <vector>

#include "faultio_probe.h"

// The fortified headers call these; here they are called by name, whatever the flags of the build.
extern "C" {
ssize_t __read_chk(int fd, void* data, size_t size, size_t room);
ssize_t __recv_chk(int fd, void* data, size_t size, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void* data, size_t size, size_t room, int flags, sockaddr* from,
                       socklen_t* length);
}

namespace probe {
namespace {

constexpr std::size_t kAsked = 64;
constexpr std::size_t kBigWrite = 2 * PIPE_BUF;
constexpr int kTries = 200;

int temporaryFile(std::size_t bytes) {
  std::FILE* const file = std::tmpfile();
  require(file != nullptr, "tmpfile");
  const int fd = ::dup(::fileno(file));
  (void)std::fclose(file);
  require(::ftruncate(fd, static_cast<off_t>(bytes)) == 0, "ftruncate");
  return fd;
}

std::array<char, kBigWrite> buffer{};

std::array<iovec, 4> quarters(std::size_t bytes) {
  std::array<iovec, 4> vector{};
  for (std::size_t i = 0; i < 4; ++i) vector[i] = {&buffer[i * bytes / 4], bytes / 4};
  return vector;
}

void reportSending(std::string_view name, const std::function<ssize_t(int fd)>& call) {
  const Channel channel(socketEnds(SOCK_STREAM));
  report(name, call(channel.in()));
}

void reportReceiving(std::string_view name, const std::function<ssize_t(int fd)>& call) {
  const Channel channel(socketEnds(SOCK_STREAM));
  channel.fill(kAsked);
  report(name, call(channel.out()));
}

void lengthsOfSockets() {
  char* const data = buffer.data();
  auto vector = quarters(kAsked);
  msghdr message{};
  message.msg_iov = vector.data();
  message.msg_iovlen = vector.size();

  reportSending("send", [&](int fd) { return ::send(fd, data, kAsked, 0); });
  reportSending("sendto", [&](int fd) { return ::sendto(fd, data, kAsked, 0, nullptr, 0); });
  reportSending("sendmsg", [&](int fd) { return ::sendmsg(fd, &message, 0); });
  reportSending("write", [&](int fd) { return ::write(fd, data, kAsked); });
  reportSending("writev", [&](int fd) { return ::writev(fd, vector.data(), 4); });
  reportReceiving("recv", [&](int fd) { return ::recv(fd, data, kAsked, 0); });
  reportReceiving("recvfrom",
                  [&](int fd) { return ::recvfrom(fd, data, kAsked, 0, nullptr, nullptr); });
  reportReceiving("recvmsg", [&](int fd) { return ::recvmsg(fd, &message, 0); });
  reportReceiving("read", [&](int fd) { return ::read(fd, data, kAsked); });
  reportReceiving("readv", [&](int fd) { return ::readv(fd, vector.data(), 4); });
  reportReceiving("read_chk", [&](int fd) { return __read_chk(fd, data, kAsked, buffer.size()); });
  reportReceiving("recv_chk",
                  [&](int fd) { return __recv_chk(fd, data, kAsked, buffer.size(), 0); });
  reportReceiving("recvfrom_chk", [&](int fd) {
    return __recvfrom_chk(fd, data, kAsked, buffer.size(), 0, nullptr, nullptr);
  });

  const int file = temporaryFile(kAsked);
  off_t offset = 0;
  off64_t offset64 = 0;
  reportSending("sendfile", [&](int fd) { return ::sendfile(fd, file, &offset, kAsked); });
  reportSending("sendfile64", [&](int fd) { return ::sendfile64(fd, file, &offset64, kAsked); });
  ::close(file);
}

void lengthsOfPipes() {
  auto vector = quarters(kBigWrite);
  const Channel source(pipeEnds());
  const Channel target(pipeEnds());
  const Channel sockets(socketEnds(SOCK_STREAM));
  source.fill(kAsked);
  sockets.fill(kAsked);
  report("tee", ::tee(source.out(), target.in(), kAsked, 0));
  report("pipe_read", ::read(source.out(), buffer.data(), kAsked));
  report("splice_in", ::splice(sockets.out(), nullptr, target.in(), nullptr, kAsked, 0));

  const Channel full(pipeEnds());
  full.fill(kAsked);
  report("splice_out", ::splice(full.out(), nullptr, sockets.in(), nullptr, kAsked, 0));

  const Channel written(pipeEnds());
  report("pipe_write", ::write(written.in(), buffer.data(), kBigWrite));
  report("pipe_writev", ::writev(written.in(), vector.data(), 4));
}

// A hundred entries of a byte: a cut keeps to the first 64.
void lengthOfLongVector() {
  const std::vector<iovec> vector(100, iovec{buffer.data(), 1});
  reportSending("long_vector", [&](int fd) { return ::writev(fd, vector.data(), 100); });
}

void untouchedEvents() {
  const int event = ::eventfd(0, EFD_NONBLOCK);
  const int timer = ::timerfd_create(CLOCK_MONOTONIC, 0);
  const itimerspec soon{{0, 0}, {0, 1}};
  std::uint64_t value = 1;
  for (int i = 0; i < kTries; ++i) {
    require(::write(event, &value, sizeof value) == sizeof value, "write of an eventfd");
    require(::read(event, &value, sizeof value) == sizeof value && value == 1,
            "read of an eventfd");
    require(::timerfd_settime(timer, 0, &soon, nullptr) == 0, "timerfd_settime");
    require(::read(timer, &value, sizeof value) == sizeof value && value == 1, "read of a timerfd");
  }
  ::close(event);
  ::close(timer);
}

void untouchedFiles() {
  const int file = temporaryFile(0);
  const int copy = temporaryFile(0);
  auto vector = quarters(kAsked);
  for (int i = 0; i < kTries; ++i) {
    require(::write(file, buffer.data(), kAsked) == kAsked, "write of a file");
    require(::writev(file, vector.data(), 4) == kAsked, "writev of a file");
    require(::lseek(file, 0, SEEK_SET) == 0, "lseek");
    require(::read(file, buffer.data(), kAsked) == kAsked, "read of a file");
    require(::readv(file, vector.data(), 4) == kAsked, "readv of a file");
    off_t offset = 0;
    require(::sendfile(copy, file, &offset, kAsked) == kAsked, "sendfile to a file");
  }
  ::close(file);
  ::close(copy);
}

void untouchedPackets() {
  for (const Ends ends : {socketEnds(SOCK_DGRAM), socketEnds(SOCK_SEQPACKET)}) {
    const Channel channel(ends);
    for (int i = 0; i < kTries; ++i) {
      require(::write(channel.in(), buffer.data(), kAsked) == kAsked, "write of a packet");
      require(::read(channel.out(), buffer.data(), kAsked) == kAsked, "read of a packet");
    }
  }
}

void untouchedStandardStreams() {
  const Channel channel(socketEnds(SOCK_STREAM));
  const Channel pipe(pipeEnds());
  const int stdoutBefore = ::dup(1);
  const int stderrBefore = ::dup(2);
  require(::dup2(channel.out(), 0) == 0 && ::dup2(channel.in(), 1) == 1, "dup2");
  require(::dup2(channel.in(), 2) == 2, "dup2");
  bool isWhole = true;
  for (int i = 0; i < kTries; ++i) {
    for (const int out : {1, 2}) {
      isWhole = isWhole && ::write(out, buffer.data(), kAsked) == kAsked;
      isWhole = isWhole && ::read(0, buffer.data(), kAsked) == kAsked;
    }
    pipe.fill(kAsked);
    isWhole = isWhole && ::splice(pipe.out(), nullptr, 1, nullptr, kAsked, 0) == kAsked;
    isWhole = isWhole && ::read(0, buffer.data(), kAsked) == kAsked;
  }
  ::dup2(stdoutBefore, 1);
  ::dup2(stderrBefore, 2);
  ::close(stdoutBefore);
  ::close(stderrBefore);
  require(isWhole, "standard streams");
}

}  // namespace

void lengths() {
  lengthsOfSockets();
  lengthsOfPipes();
  lengthOfLongVector();
}

void untouched() {
  untouchedEvents();
  untouchedFiles();
  untouchedPackets();
  untouchedStandardStreams();
  report("untouched", 1);
}

void whole() {
  const Channel pipe(pipeEnds());
  require(::write(pipe.in(), buffer.data(), PIPE_BUF) == PIPE_BUF, "a write of PIPE_BUF bytes");
  auto vector = quarters(PIPE_BUF);
  require(::writev(pipe.in(), vector.data(), 4) == PIPE_BUF, "a writev of PIPE_BUF bytes");
  const Channel sockets(socketEnds(SOCK_STREAM));
  sockets.fill(kAsked);
  require(::recv(sockets.out(), buffer.data(), kAsked, MSG_PEEK) == kAsked, "recv with MSG_PEEK");
  require(::read(sockets.out(), buffer.data(), 0) == 0, "a read of nothing");
  report("whole", 1);
}

}  // namespace probe
