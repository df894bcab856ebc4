// Reads and writes of a stream socket that never wait and never raise SIGPIPE.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace socksplice {

struct Received {
  ssize_t bytes = 0;     ///< as from recv(2): 0 at the end, -1 with errno
  bool drained = false;  ///< the kernel said that nothing is left to read, not even an end
};

/// From now on receive() learns from the kernel what is left (TCP_INQ, Linux 4.18 and later): an
/// exact answer, which saves the read that only finds nothing. A short read alone proves nothing,
/// for an end or an urgent mark may follow. False where this is not to be had.
bool tellWhatIsLeft(int socket) noexcept;

/// Reads up to `length` bytes. Sets `drained` only if `tellsLeft`, the result of tellWhatIsLeft().
[[nodiscard]] Received receive(int socket, std::byte* to, std::size_t length,
                               bool tellsLeft) noexcept;

/// Writes up to `length` bytes; -1 with errno. `more` joins them with what is written, or with the
/// end that is passed on, right afterwards (MSG_MORE).
ssize_t transmit(int socket, const std::byte* from, std::size_t length, bool more) noexcept;

}  // namespace socksplice
