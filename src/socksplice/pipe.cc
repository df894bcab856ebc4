#include "socksplice/pipe.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "socksplice/lane.h"
#include "socksplice/system_splice.h"

namespace socksplice {

namespace {

constexpr SpliceFlags kFlags = SpliceFlags::kMove | SpliceFlags::kNonBlock;

#if SOCKSPLICE_HAS_SPLICE

// Asks for less and less: EPERM above fs.pipe-max-size, and for a user over his share of pages.
std::uint32_t resize(int pipe, std::size_t capacity) noexcept {
  while (capacity > Pipe::kSmallestUseful &&
         fcntl(pipe, F_SETPIPE_SZ, static_cast<int>(capacity)) < 0) {
    capacity /= 2;
  }
  const int granted = fcntl(pipe, F_GETPIPE_SZ);
  return granted > 0 ? static_cast<std::uint32_t>(granted) : 0;
}

#endif

}  // namespace

Pipe Pipe::open([[maybe_unused]] std::size_t capacity) noexcept {
  Pipe pipe;
#if SOCKSPLICE_HAS_SPLICE
  int ends[2];
  if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) return pipe;
  pipe.read_.reset(ends[0]);
  pipe.write_.reset(ends[1]);
  pipe.capacity_ = resize(ends[1], std::min(capacity, std::size_t{1} << 30));
  if (pipe.capacity_ < kSmallestUseful) {
    pipe = Pipe();
    errno = EPERM;
  }
#else
  errno = ENOSYS;
#endif
  return pipe;
}

Pipe::Pipe(Pipe&& other) noexcept
    : read_(std::move(other.read_)),
      write_(std::move(other.write_)),
      capacity_(std::exchange(other.capacity_, 0)),
      held_(std::exchange(other.held_, 0)) {}

Pipe& Pipe::operator=(Pipe&& other) noexcept {
  read_ = std::move(other.read_);
  write_ = std::move(other.write_);
  capacity_ = std::exchange(other.capacity_, 0);
  held_ = std::exchange(other.held_, 0);
  return *this;
}

ssize_t Pipe::fill(int source, std::size_t length) noexcept {
  // From 6.8 on the kernel refuses lengths above SSIZE_MAX; 1 GiB is more than any pipe takes.
  const ssize_t moved =
      systemSplice(source, write_.get(), std::min(length, std::size_t{1} << 30), kFlags);
  if (moved > 0) held_ += static_cast<std::size_t>(moved);
  return moved;
}

ssize_t Pipe::drain(int target) noexcept {
  // The length is exact: asked for more, the kernel may mark the last batch MSG_MORE when the pipe
  // held a multiple of 16 fragments, and the tail then waits 200 ms.
  const ssize_t moved = systemSplice(read_.get(), target, held_, kFlags);
  if (moved > 0) held_ -= static_cast<std::size_t>(moved);
  return moved;
}

ssize_t Pipe::read(void* to, std::size_t length) noexcept {
  ssize_t got;
  do {
    got = ::read(read_.get(), to, std::min(length, held_));
  } while (got < 0 && errno == EINTR);
  if (got > 0) held_ -= static_cast<std::size_t>(got);
  return got;
}

}  // namespace socksplice
