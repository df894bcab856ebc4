// Reads and writes of a stream socket that never wait and, where the system lets a call say so
// (MSG_NOSIGNAL), never raise SIGPIPE; a call interrupted by a signal is repeated.
#pragma once

#include <sys/types.h>

#include <cerrno>
#include <cstddef>

namespace socksplice {

/// Whether a call failed with `error` because it would have had to wait.
[[nodiscard]] constexpr bool wouldBlock(int error) noexcept {
  return error == EAGAIN || error == EWOULDBLOCK;
}

/// Reads up to `length` bytes; 0 at the end, -1 with errno.
ssize_t receive(int socket, std::byte* to, std::size_t length) noexcept;

/// The same, but the bytes can be read again.
ssize_t peek(int socket, std::byte* to, std::size_t length) noexcept;

/// Takes `length` bytes that are known to be there, for which `scratch` has room; false with errno
/// if they are not.
bool discard(int socket, std::byte* scratch, std::size_t length) noexcept;

/// Writes up to `length` bytes; -1 with errno. `more` joins them with what is written, or with the
/// end that is passed on, right afterwards (MSG_MORE).
ssize_t transmit(int socket, const std::byte* from, std::size_t length, bool more) noexcept;

}  // namespace socksplice
