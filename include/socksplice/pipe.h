// A kernel pipe through which bytes are spliced from socket to socket, and the count of what it
// holds. Both ends are non-blocking. Owned by one thread at a time.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "socksplice/unique_fd.h"

namespace socksplice {

class Pipe {
 public:
  /// A pipe smaller than this is not worth having: an unprivileged user beyond
  /// fs.pipe-user-pages-soft is given pipes of 8 KiB.
  static constexpr std::size_t kSmallestUseful = 64 * 1024;

  /// Opens a pipe with room for `capacity` bytes, or for as much as the kernel grants
  /// (fs.pipe-max-size, fs.pipe-user-pages-soft). Where descriptors have run out, or less than
  /// kSmallestUseful is granted, the pipe is empty and errno says why.
  [[nodiscard]] static Pipe open(std::size_t capacity) noexcept;

  Pipe() noexcept = default;
  Pipe(Pipe&& other) noexcept;
  Pipe& operator=(Pipe&& other) noexcept;

  explicit operator bool() const noexcept { return static_cast<bool>(read_); }
  [[nodiscard]] int readEnd() const noexcept { return read_.get(); }
  [[nodiscard]] int writeEnd() const noexcept { return write_.get(); }

  /// Bytes of page slots, as F_GETPIPE_SZ tells. A slot holds one fragment, of 1 byte or of 32 KiB,
  /// so the pipe may be full with less than this, or hold more.
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

  /// Bytes inside.
  [[nodiscard]] std::size_t held() const noexcept { return held_; }

  /// Splices up to `length` bytes in from a non-blocking socket; -1 with errno, 0 at what may be
  /// its end. EAGAIN while bytes are held says nothing about the socket: the pipe may be what is
  /// full.
  ssize_t fill(int source, std::size_t length) noexcept;

  /// Splices what is held out to a non-blocking socket, as much as it takes; -1 with errno.
  /// What the socket did not take stays.
  ssize_t drain(int target) noexcept;

  /// Reads up to `length` of what is held into memory; -1 with errno.
  ssize_t read(void* to, std::size_t length) noexcept;

 private:
  UniqueFd read_;
  UniqueFd write_;
  std::uint32_t capacity_ = 0;
  std::size_t held_ = 0;
};

}  // namespace socksplice
