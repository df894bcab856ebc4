#include "socksplice/buffer_pool.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace socksplice {

namespace {

// The index of the smallest kept size with room for `size` bytes; kSizes.size() if none has.
std::size_t sizeClass(std::size_t size) noexcept {
  const auto& sizes = BufferPool::kSizes;
  return static_cast<std::size_t>(std::lower_bound(sizes.begin(), sizes.end(), size) -
                                  sizes.begin());
}

}  // namespace

PooledBuffer::PooledBuffer(PooledBuffer&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      memory_(std::move(other.memory_)),
      capacity_(std::exchange(other.capacity_, 0)),
      begin_(std::exchange(other.begin_, 0)),
      end_(std::exchange(other.end_, 0)) {}

PooledBuffer& PooledBuffer::operator=(PooledBuffer&& other) noexcept {
  if (this != &other) {
    reset();
    pool_ = std::exchange(other.pool_, nullptr);
    memory_ = std::move(other.memory_);
    capacity_ = std::exchange(other.capacity_, 0);
    begin_ = std::exchange(other.begin_, 0);
    end_ = std::exchange(other.end_, 0);
  }
  return *this;
}

void PooledBuffer::reset() noexcept {
  if (pool_ == nullptr) return;
  std::exchange(pool_, nullptr)->giveBack(std::move(memory_), std::exchange(capacity_, 0));
  begin_ = end_ = 0;
}

BufferPool::~BufferPool() {
  for (std::size_t c = 0; c < kSizes.size(); ++c) {
    while (takeIdle(c)) {
    }
  }
}

PooledBuffer BufferPool::borrow(std::size_t size) noexcept {
  PooledBuffer buffer;
  const std::size_t c = sizeClass(size);
  const auto capacity = c < kSizes.size() ? kSizes[c] : static_cast<std::uint32_t>(size);
  if (c < kSizes.size()) buffer.memory_ = takeIdle(c);
  if (!buffer.memory_) buffer.memory_.reset(new (std::nothrow) std::byte[capacity]);
  if (!buffer.memory_) return buffer;
  buffer.pool_ = this;
  buffer.capacity_ = capacity;
  lentBytes_ += capacity;
  return buffer;
}

void BufferPool::giveBack(std::unique_ptr<std::byte[]> memory, std::uint32_t capacity) noexcept {
  lentBytes_ -= capacity;
  const std::size_t c = sizeClass(capacity);
  if (c == kSizes.size() || idleBytes_ + capacity > idleLimit_) return;
  std::byte* next = idle_[c].release();
  std::memcpy(memory.get(), &next, sizeof next);
  idle_[c] = std::move(memory);
  idleBytes_ += capacity;
}

std::unique_ptr<std::byte[]> BufferPool::takeIdle(std::size_t sizeClass) noexcept {
  std::unique_ptr<std::byte[]> memory = std::move(idle_[sizeClass]);
  if (memory) {
    std::byte* next;
    std::memcpy(&next, memory.get(), sizeof next);
    idle_[sizeClass].reset(next);
    idleBytes_ -= kSizes[sizeClass];
  }
  return memory;
}

}  // namespace socksplice
