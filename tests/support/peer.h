// The other end of a connection, as the test plays it: it has something to say and remembers what
// it heard. Never blocks; work() does what can be done now.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "support/socket_pair.h"

namespace support {

class Peer {
 public:
  Peer() = default;
  explicit Peer(UniqueFd fd) : fd_(std::move(fd)) { setBlocking(fd_.get(), false); }

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  /// Adds to what is to be said; work() sends it.
  Peer& say(std::string_view bytes) {
    toSay_.append(bytes);
    return *this;
  }
  /// Half-closes once everything is said.
  Peer& thenEnd() {
    endsThen_ = true;
    return *this;
  }
  /// Whether work() reads.
  void listen(bool listening) noexcept { listening_ = listening; }

  /// Sends and reads what the socket allows, each at most `limit` bytes.
  void work(std::size_t limit = std::size_t{1} << 20) {
    if (!fd_) return;
    speak(limit);
    if (listening_) hear(limit);
  }

  [[nodiscard]] bool saidAll() const noexcept {
    return said_ == toSay_.size() && (!endsThen_ || ended_);
  }
  [[nodiscard]] std::size_t said() const noexcept { return said_; }
  [[nodiscard]] const std::string& heard() const noexcept { return heard_; }
  /// The other end half-closed, in order.
  [[nodiscard]] bool heardEnd() const noexcept { return heardEnd_; }
  /// The errno with which the connection failed, or 0.
  [[nodiscard]] int error() const noexcept { return error_; }
  /// Nothing more will be heard.
  [[nodiscard]] bool over() const noexcept { return heardEnd_ || error_ != 0; }

  /// One byte of TCP urgent data behind what was said.
  void sayUrgent(char byte) { must(static_cast<int>(::send(fd(), &byte, 1, MSG_OOB)), "MSG_OOB"); }
  /// Says it now, or throws.
  void sayNow(std::string_view bytes) {
    if (bytes.empty()) return;
    const auto sent = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (must(static_cast<int>(sent), "send") != static_cast<int>(bytes.size())) {
      throw std::runtime_error("the socket did not take everything at once");
    }
  }
  void endNow() { must(shutdown(fd(), SHUT_WR), "shutdown"); }
  /// Closes in a way that the other end sees as a reset.
  void reset() {
    const linger now = {.l_onoff = 1, .l_linger = 0};
    must(setsockopt(fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now), "SO_LINGER");
    fd_.reset();
  }
  void close() { fd_.reset(); }

 private:
  void speak(std::size_t limit) {
    const std::size_t count = std::min(limit, toSay_.size() - said_);
    if (count > 0) {
      const auto sent = ::send(fd(), toSay_.data() + said_, count, MSG_NOSIGNAL);
      if (sent < 0) return note(errno);
      said_ += static_cast<std::size_t>(sent);
    }
    if (endsThen_ && !ended_ && said_ == toSay_.size()) {
      ended_ = true;
      shutdown(fd(), SHUT_WR);
    }
  }

  void hear(std::size_t limit) {
    std::array<char, std::size_t{64} * 1024> room;
    while (limit > 0 && !over()) {
      const auto got = ::recv(fd(), room.data(), std::min(limit, room.size()), 0);
      if (got < 0) return note(errno);
      if (got == 0) {
        heardEnd_ = true;
        return;
      }
      heard_.append(room.data(), static_cast<std::size_t>(got));
      limit -= static_cast<std::size_t>(got);
    }
  }

  // What was sent before a reset is still to be heard, so a failed send says nothing yet.
  void note(int error) {
    if (error == EAGAIN || error == EINTR || error == EPIPE) return;
    error_ = error;
  }

  UniqueFd fd_;
  std::string toSay_;
  std::size_t said_ = 0;
  bool endsThen_ = false;
  bool ended_ = false;
  bool listening_ = true;
  std::string heard_;
  bool heardEnd_ = false;
  int error_ = 0;
};

}  // namespace support
