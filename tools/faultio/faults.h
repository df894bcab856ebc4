#pragma once

// Decides what becomes of each call: left alone, cut to a part of what was asked, or failed with an
// errno that the kernel could have given too. Counts all of it. Any thread; each draws from its own
// random sequence, so one thread's faults repeat for a seed whatever the others do.

#include <cstddef>

#include "config.h"
#include "descriptor.h"

namespace faultio {

/// Before this, every call is left alone.
void startFaults(const Config& config);

/// What POSIX and the man pages allow to happen to a call.
enum class Bending {
  Full,       // cut or failed
  PipeWrite,  // the same, but to a pipe no cut of PIPE_BUF bytes or less: those are written as one
  Fail,       // failed, never cut: MSG_PEEK, where cutting each retry would hide the rest for ever
  Nothing,    // left alone: urgent data and the error queue
};

/// A call about to move up to `asked` bytes.
struct Transfer {
  int fd = -1;
  int other = -1;  // the other end of a splice, tee or sendfile
  std::size_t asked = 0;
  bool dontWait = false;  // by its own flag, on top of what O_NONBLOCK says
  Bending bending = Bending::Full;
};

/// `error` is the errno to fail with, or 0; then ask the kernel for `limit` bytes.
struct Verdict {
  int error = 0;
  std::size_t limit = 0;
};

/// EAGAIN is given only where readiness can still be learnt: on a socket, or on a pipe that an
/// epoll watches. An edge lost by it has been made up for when this returns. Keeps errno.
[[nodiscard]] Verdict judge(const Transfer& transfer);

/// The errno for accept and accept4 on `listener`, or 0. Keeps errno.
[[nodiscard]] int judgeAccept(int listener);

/// The errno for a call that opens descriptors of `kind`, or 0.
[[nodiscard]] int judgeOpen(Kind kind);

/// To be called when a cut showed: all of the limit was moved, so there may be more. Keeps errno.
void noteCut(const Transfer& transfer);

/// Writes the counters as one line to `path`.
void reportFaults(const char* path);

}  // namespace faultio
