// What was read from a socket ahead of its use: a head that is not complete, the first bytes of a
// body, the next request of a client who does not wait. A buffer is borrowed while there are bytes.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string_view>

#include "socksplice/buffer_pool.h"

namespace proxy::http1 {

class Input {
 public:
  /// The first read asks for `first` bytes.
  Input(socksplice::BufferPool& pool, std::size_t first) noexcept : pool_(pool), first_(first) {}

  /// The bytes that were not used, in one piece.
  [[nodiscard]] std::string_view bytes() const noexcept {
    const auto bytes = buffer_.bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  [[nodiscard]] bool empty() const noexcept { return !buffer_ || buffer_.bytes().empty(); }

  /// Reads once, at most until bytes() are `most`: what it read, 0 at the end, or -1 with errno.
  /// bytes() may move.
  [[nodiscard]] ssize_t fill(int socket, std::size_t most);

  /// Keeps bytes that stand behind all of bytes(), which stay where they are, until release().
  /// Once. False where memory has run out.
  [[nodiscard]] bool keepForLater(std::string_view bytes);
  [[nodiscard]] bool hasLater() const noexcept { return static_cast<bool>(later_); }

  /// The first `count` bytes are done with; they stay where they are until bytes() may move.
  void use(std::size_t count) noexcept { buffer_.consume(count); }

  /// Forgets all of it.
  void clear() noexcept {
    buffer_.reset();
    later_.reset();
  }

  /// What was used is not looked at any more. What was kept for later is in bytes() now; a buffer
  /// in which nothing is left goes back.
  void release();

 private:
  [[nodiscard]] bool makeRoom(std::size_t room);

  socksplice::BufferPool& pool_;
  const std::size_t first_;
  socksplice::PooledBuffer buffer_;
  socksplice::PooledBuffer later_;
};

}  // namespace proxy::http1
