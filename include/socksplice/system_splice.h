// splice(2) itself, as thin as a system call can be wrapped. Most callers want Pump or Relay.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace socksplice {

/// The three flags of splice(2); they may be joined with `|`.
enum class SpliceFlags : unsigned {
  kNone = 0,
  kMove = 1,      ///< SPLICE_F_MOVE: a hint to move pages, ignored by today's kernels
  kNonBlock = 2,  ///< SPLICE_F_NONBLOCK: do not wait for the *pipe*; a blocking socket still blocks
  kMore = 4,      ///< SPLICE_F_MORE: more follows at once; never on a last piece (200 ms of delay)
};

constexpr SpliceFlags operator|(SpliceFlags a, SpliceFlags b) noexcept {
  return static_cast<SpliceFlags>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

/// Moves up to `length` bytes from `source` to `target`, one of which must be a pipe.
/// Returns the bytes moved, 0 at the end of the source, or -1 with errno as in splice(2); a call
/// interrupted by a signal is repeated. Where kZeroCopy is false it fails with ENOSYS.
/// Raises SIGPIPE when `target` is a socket that was shut: ignore or block that signal.
ssize_t systemSplice(int source, int target, std::size_t length, SpliceFlags flags) noexcept;

}  // namespace socksplice
