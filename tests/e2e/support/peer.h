// One end of a connection, as a client or an origin holds it. Its verbs wait until they are done,
// and throw where the connection or the deadline does not allow it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/address.h"
#include "e2e/support/deadline.h"
#include "socksplice/unique_fd.h"

namespace e2e {

using proxy::Address;

/// From "127.0.0.1:80", "[::1]:80" or "unix:/path".
Address addressFrom(std::string_view text);

class Peer {
 public:
  /// How a stream went on until its end.
  struct Rest {
    std::string bytes;
    int error = 0;  ///< 0: it ended in order
  };

  Peer() = default;
  explicit Peer(socksplice::UniqueFd fd);

  [[nodiscard]] int fd() const { return fd_.get(); }

  void send(std::string_view bytes);
  void sendUrgent(char byte);

  /// What the kernel takes at once; 0 if it must wait.
  std::size_t sendSome(std::string_view bytes);

  std::string receive(std::size_t count);
  Rest rest();

  /// True if for so long there is nothing to read, no end and no error either.
  [[nodiscard]] bool isSilentFor(milliseconds time) const;

  /// Bytes that have come and wait to be read.
  [[nodiscard]] std::size_t waiting() const;
  /// Bytes that the other side's kernel has not acknowledged.
  [[nodiscard]] std::size_t unacknowledged() const;
  void waitUntilAcknowledged() const;

  void endWriting();
  void reset();
  void close() { fd_.reset(); }

 private:
  void waitFor(short events, const Deadline& deadline, const char* what) const;

  socksplice::UniqueFd fd_;
};

/// Connects, with a receive buffer of about that many bytes if it is not 0.
/// Throws std::system_error if nobody answers.
Peer dial(std::string_view address, int receiveBuffer = 0);

/// The errno of an attempt to connect, or 0.
int dialError(std::string_view address);

}  // namespace e2e
