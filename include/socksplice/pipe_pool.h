// Pipes to borrow, kept open between uses. Belongs to one thread, and outlives what it lent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "socksplice/pipe.h"

namespace socksplice {

class PipePool;

/// A pipe on loan: goes back to its pool when the loan ends. Empty when there was none to lend.
class PooledPipe {
 public:
  PooledPipe() noexcept = default;
  PooledPipe(PooledPipe&& other) noexcept;
  PooledPipe& operator=(PooledPipe&& other) noexcept;
  ~PooledPipe() { reset(); }

  explicit operator bool() const noexcept { return static_cast<bool>(pipe_); }
  Pipe* operator->() noexcept { return &pipe_; }
  const Pipe* operator->() const noexcept { return &pipe_; }
  Pipe& operator*() noexcept { return pipe_; }

  /// Ends the loan. A pipe that still holds bytes is closed, never lent again.
  void reset() noexcept;

 private:
  friend class PipePool;
  PooledPipe(PipePool& pool, Pipe pipe) noexcept : pool_(&pool), pipe_(std::move(pipe)) {}

  PipePool* pool_ = nullptr;
  Pipe pipe_;
};

class PipePool {
 public:
  struct Limits {
    std::size_t capacity = 1024 * 1024;  ///< bytes asked of the kernel for each pipe
    std::size_t lent = 256;              ///< pipes out at once; two descriptors each
    std::size_t idle = 16;               ///< pipes kept open for the next borrower
  };

  explicit PipePool(Limits limits);
  PipePool(const PipePool&) = delete;
  PipePool& operator=(const PipePool&) = delete;

  /// The pipe used last, or a new one; empty at the limit or where the kernel grants none.
  [[nodiscard]] PooledPipe borrow() noexcept;

  [[nodiscard]] std::size_t lent() const noexcept { return lent_; }
  [[nodiscard]] std::size_t idle() const noexcept { return idle_.size(); }
  /// How often borrow() came back empty.
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

 private:
  friend class PooledPipe;
  void giveBack(Pipe pipe) noexcept;

  const Limits limits_;
  std::size_t lent_ = 0;
  std::uint64_t refused_ = 0;
  std::uint32_t spared_ = 0;  // borrowers to refuse without asking the kernel
  std::vector<Pipe> idle_;    // its full size is reserved, so that giving back cannot throw
};

}  // namespace socksplice
