#pragma once

// What a descriptor is, as far as faults are concerned. Asked anew on every call, since descriptor
// numbers are reused. Any thread.

namespace faultio {

/// Descriptors from here on are left alone: no edge of theirs could be remembered (watch.h).
inline constexpr int kMaxDescriptors = 1 << 20;

enum class Kind {
  Other,   // never touched: files, terminals, eventfds, epoll, datagrams, 0 to 2, no descriptor
  Socket,  // a stream socket: cut datagrams would lose bytes
  Pipe,    // taken for a byte pipe: the reading end of a packet pipe does not show O_DIRECT
};

struct Descriptor {
  Kind kind = Kind::Other;
  bool nonBlocking = false;
};

/// Kind::Other where `fd` is not open, with errno set; else errno is kept.
[[nodiscard]] Descriptor describe(int fd);

/// The log and the test's own output: a call that touches one of them is left alone altogether.
[[nodiscard]] constexpr bool isStandardStream(int fd) { return fd >= 0 && fd <= 2; }

}  // namespace faultio
