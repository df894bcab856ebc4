// Bytes through retry loops. Each byte is a function of its position, so that the receiver notices
// one that is lost, doubled or out of place.

#include <fcntl.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <thread>
#include <vector>

#include "faultio_probe.h"

namespace probe {
namespace {

constexpr std::size_t kChunk = 5000;

std::atomic<int> retries = 0;

char patternAt(std::size_t position) {
  return static_cast<char>(position * 131 ^ position >> 8U ^ position >> 16U);
}

// What every program owes to a call that may fail: again after EINTR, and when ready after EAGAIN.
std::size_t insist(int fd, short events, const std::function<ssize_t()>& call) {
  for (;; ++retries) {
    const ssize_t moved = call();
    if (moved >= 0) return static_cast<std::size_t>(moved);
    if (errno == EINTR) continue;
    require(errno == EAGAIN, "a call in a retry loop");
    pollfd ready{fd, events, 0};
    require(::poll(&ready, 1, -1) == 1 || errno == EINTR, "poll");
  }
}

using Move = std::function<ssize_t(int fd, char* data, std::size_t size)>;

void give(int fd, std::size_t bytes, const Move& move) {
  std::array<char, kChunk> chunk{};
  for (std::size_t sent = 0; sent < bytes;) {
    const std::size_t size = std::min(kChunk, bytes - sent);
    for (std::size_t i = 0; i < size; ++i) chunk[i] = patternAt(sent + i);
    sent += insist(fd, POLLOUT, [&] { return move(fd, chunk.data(), size); });
  }
}

std::size_t check(const char* data, std::size_t size, std::size_t position) {
  for (std::size_t i = 0; i < size; ++i) {
    require(data[i] == patternAt(position + i), "a byte is not the one for its position");
  }
  return position + size;
}

std::size_t take(int fd, const Move& move) {
  std::array<char, kChunk> chunk{};
  for (std::size_t received = 0;;) {
    const std::size_t size = insist(fd, POLLIN, [&] { return move(fd, chunk.data(), kChunk); });
    if (size == 0) return received;
    received = check(chunk.data(), size, received);
  }
}

std::array<iovec, 3> thirds(char* data, std::size_t size) {
  const std::size_t third = size / 3;
  return {{{data, third}, {data + third, third}, {data + 2 * third, size - 2 * third}}};
}

msghdr messageOf(std::array<iovec, 3>& vector) {
  msghdr message{};
  message.msg_iov = vector.data();
  message.msg_iovlen = vector.size();
  return message;
}

struct Calls {
  std::string_view kind;
  Move give;
  Move take;
};

const std::vector<Calls>& callsOfSockets() {
  static const std::vector<Calls> kCalls{
      {"send", [](int fd, char* d, std::size_t n) { return ::send(fd, d, n, 0); },
       [](int fd, char* d, std::size_t n) { return ::recv(fd, d, n, 0); }},
      {"sendto", [](int fd, char* d, std::size_t n) { return ::sendto(fd, d, n, 0, nullptr, 0); },
       [](int fd, char* d, std::size_t n) { return ::recvfrom(fd, d, n, 0, nullptr, nullptr); }},
      {"write", [](int fd, char* d, std::size_t n) { return ::write(fd, d, n); },
       [](int fd, char* d, std::size_t n) { return ::read(fd, d, n); }},
      {"writev",
       [](int fd, char* d, std::size_t n) { return ::writev(fd, thirds(d, n).data(), 3); },
       [](int fd, char* d, std::size_t n) { return ::readv(fd, thirds(d, n).data(), 3); }},
      {"sendmsg",
       [](int fd, char* d, std::size_t n) {
         auto vector = thirds(d, n);
         const msghdr message = messageOf(vector);
         return ::sendmsg(fd, &message, 0);
       },
       [](int fd, char* d, std::size_t n) {
         auto vector = thirds(d, n);
         msghdr message = messageOf(vector);
         return ::recvmsg(fd, &message, 0);
       }},
  };
  return kCalls;
}

const Calls& callsOf(std::string_view kind) {
  const auto& calls = callsOfSockets();
  const auto found =
      std::find_if(calls.begin(), calls.end(), [&](const Calls& c) { return c.kind == kind; });
  return found == calls.end() ? calls.front() : *found;
}

// Everything from one socket to the next through a pipe, as a relay does.
void relay(int from, int to) {
  const Channel pipe(pipeEnds(O_NONBLOCK));
  for (;;) {
    std::size_t held = insist(from, POLLIN, [&] {
      return ::splice(from, nullptr, pipe.in(), nullptr, kChunk, SPLICE_F_NONBLOCK);
    });
    if (held == 0) return;
    while (held > 0) {
      held -= insist(to, POLLOUT, [&] {
        return ::splice(pipe.out(), nullptr, to, nullptr, held, SPLICE_F_NONBLOCK);
      });
    }
  }
}

// tee starts at the head of the pipe again and again, so what was teed is then dropped from it.
std::size_t takeByTee(int source) {
  const Channel copy(pipeEnds(O_NONBLOCK));
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  std::array<char, kChunk> chunk{};
  for (std::size_t received = 0;;) {
    const std::size_t teed =
        insist(source, POLLIN, [&] { return ::tee(source, copy.in(), kChunk, 0); });
    if (teed == 0) {
      ::close(nowhere);
      return received;
    }
    for (std::size_t left = teed; left > 0;) {
      left -= insist(source, POLLIN,
                     [&] { return ::splice(source, nullptr, nowhere, nullptr, left, 0); });
    }
    for (std::size_t left = teed; left > 0;) {
      const std::size_t size =
          insist(copy.out(), POLLIN, [&] { return ::read(copy.out(), chunk.data(), left); });
      received = check(chunk.data(), size, received);
      left -= size;
    }
  }
}

void giveFile(int fd, std::size_t bytes) {
  std::FILE* const file = std::tmpfile();
  require(file != nullptr, "tmpfile");
  for (std::size_t i = 0; i < bytes; ++i) (void)std::fputc(patternAt(i), file);
  require(std::fflush(file) == 0, "fflush");
  off_t offset = 0;
  while (static_cast<std::size_t>(offset) < bytes) {
    const std::size_t left = bytes - static_cast<std::size_t>(offset);
    (void)insist(fd, POLLOUT,
                 [&] { return ::sendfile(fd, ::fileno(file), &offset, std::min(left, kChunk)); });
  }
  (void)std::fclose(file);
}

}  // namespace

void stream(std::string_view kind, std::size_t bytes, bool nonBlocking) {
  const bool isTee = kind == "tee";
  const int type = SOCK_STREAM | (nonBlocking ? SOCK_NONBLOCK : 0);
  const auto newEnds = [&] {
    return isTee ? pipeEnds(nonBlocking ? O_NONBLOCK : 0) : socketEnds(type);
  };
  const Calls& calls = callsOf(isTee ? "write" : kind);

  Channel first(newEnds());
  Channel second(newEnds());
  std::thread giver([&] {
    if (kind == "sendfile")
      giveFile(first.in(), bytes);
    else
      give(first.in(), bytes, calls.give);
    first.closeIn();
  });
  std::thread relayer;
  if (kind == "splice") {
    relayer = std::thread([&] {
      relay(first.out(), second.in());
      second.closeIn();
    });
  }
  const int last = kind == "splice" ? second.out() : first.out();
  const std::size_t received = isTee ? takeByTee(last) : take(last, calls.take);
  giver.join();
  if (relayer.joinable()) relayer.join();
  report("received", static_cast<long long>(received));
  report("retries", retries);
}

}  // namespace probe
