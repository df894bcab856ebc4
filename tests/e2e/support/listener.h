// A socket at which an origin of the test accepts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/support/peer.h"
#include "socksplice/unique_fd.h"

namespace e2e {

class Listener {
 public:
  /// What is accepted has a receive buffer of about that many bytes if it is not 0.
  explicit Listener(std::string_view address = "127.0.0.1:0", int receiveBuffer = 0);

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] std::string address() const;
  [[nodiscard]] std::uint16_t port() const;

  /// Waits for the next one.
  Peer accept();

  /// True if for so long nobody comes.
  [[nodiscard]] bool isAloneFor(milliseconds time) const;

  void close() { fd_.reset(); }

 private:
  socksplice::UniqueFd fd_;
};

/// A port that is taken and refuses every connection.
class ClosedPort {
 public:
  ClosedPort();
  [[nodiscard]] std::string address() const;

 private:
  socksplice::UniqueFd fd_;
};

/// A listener that does not answer: its backlog is full.
class SilentPort {
 public:
  SilentPort();
  [[nodiscard]] std::string address() const;

 private:
  socksplice::UniqueFd fd_;
  std::vector<socksplice::UniqueFd> waiting_;
};

}  // namespace e2e
