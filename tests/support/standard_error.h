// stderr as a pipe whose other end the test holds.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

#include "support/socket_pair.h"

namespace support {

class StandardError {
 public:
  StandardError() {
    std::fflush(stderr);
    int ends[2];
    must(pipe2(ends, O_CLOEXEC), "pipe2");
    read_.reset(ends[0]);
    const UniqueFd write(ends[1]);
    before_.reset(must(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3), "dup"));
    must(dup2(write.get(), STDERR_FILENO), "dup2");
  }
  StandardError(const StandardError&) = delete;
  StandardError& operator=(const StandardError&) = delete;
  ~StandardError() { restore(); }

  /// From now on stderr is what it was; read() then comes to an end.
  void restore() {
    if (!before_) return;
    std::fflush(stderr);
    dup2(before_.get(), STDERR_FILENO);
    before_.reset();
  }

  /// Reads until the end, or at most once if `once`.
  [[nodiscard]] std::string read(bool once = false) {
    std::string text;
    std::array<char, 4096> room;
    for (;;) {
      const auto got = ::read(read_.get(), room.data(), room.size());
      if (got <= 0) return text;
      text.append(room.data(), static_cast<std::size_t>(got));
      if (once) return text;
    }
  }

  /// True when read() would not wait.
  [[nodiscard]] bool hasText() const { return unread(read_.get()) > 0; }

  /// True once a write(2) to it would wait.
  [[nodiscard]] bool isFull() const {
    pollfd one = {.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    return must(poll(&one, 1, 0), "poll") == 0;
  }

 private:
  UniqueFd read_;
  UniqueFd before_;
};

}  // namespace support
