// Buffers to borrow for what a socket did not take at once. A buffer is a queue: bytes are put in
// when it is borrowed and leave from the front. Belongs to one thread, and outlives what it lent.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace socksplice {

class BufferPool;

/// A buffer on loan: goes back to its pool when the loan ends. Empty when there was none to lend.
class PooledBuffer {
 public:
  PooledBuffer() noexcept = default;
  PooledBuffer(PooledBuffer&& other) noexcept;
  PooledBuffer& operator=(PooledBuffer&& other) noexcept;
  ~PooledBuffer() { reset(); }

  explicit operator bool() const noexcept { return memory_ != nullptr; }

  /// The bytes held, in order.
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return {memory_.get() + begin_, std::size_t{end_} - begin_};
  }
  /// Room behind the bytes held.
  [[nodiscard]] std::span<std::byte> room() noexcept {
    return {memory_.get() + end_, capacity_ - end_};
  }
  /// The first `count` bytes of room() have been written.
  void commit(std::size_t count) noexcept { end_ += static_cast<std::uint32_t>(count); }
  /// The first `count` bytes are done with.
  void consume(std::size_t count) noexcept { begin_ += static_cast<std::uint32_t>(count); }

  /// Ends the loan.
  void reset() noexcept;

 private:
  friend class BufferPool;

  BufferPool* pool_ = nullptr;
  std::unique_ptr<std::byte[]> memory_;
  std::uint32_t capacity_ = 0;
  std::uint32_t begin_ = 0;
  std::uint32_t end_ = 0;
};

class BufferPool {
 public:
  /// Sizes that are kept for the next borrower; a larger buffer is allocated for its loan alone.
  static constexpr std::array<std::uint32_t, 6> kSizes = {1024,  4096,   16384,
                                                          65536, 262144, 1048576};

  /// Keeps at most `idleBytes` of unused buffers.
  explicit BufferPool(std::size_t idleBytes = 4 * 1024 * 1024) noexcept : idleLimit_(idleBytes) {}
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  ~BufferPool();

  /// A buffer with room for `size` bytes (at most 1 GiB); empty where memory has run out.
  [[nodiscard]] PooledBuffer borrow(std::size_t size) noexcept;

  [[nodiscard]] std::size_t lentBytes() const noexcept { return lentBytes_; }
  [[nodiscard]] std::size_t idleBytes() const noexcept { return idleBytes_; }

 private:
  friend class PooledBuffer;
  void giveBack(std::unique_ptr<std::byte[]> memory, std::uint32_t capacity) noexcept;
  [[nodiscard]] std::unique_ptr<std::byte[]> takeIdle(std::size_t sizeClass) noexcept;

  const std::size_t idleLimit_;
  std::size_t lentBytes_ = 0;
  std::size_t idleBytes_ = 0;
  // Unused buffers of each size, linked through their own first bytes.
  std::array<std::unique_ptr<std::byte[]>, kSizes.size()> idle_;
};

}  // namespace socksplice
