// Moves bytes one way, from one non-blocking stream socket to another, without an event loop:
// move() goes on until a socket blocks or its share is used up, and says what it waits for.
//
// Between two calls the pump holds what the target did not take, in a borrowed pipe or buffer, at
// most Pools::Limits::hold bytes; nothing is read while anything is held, so no byte is lost or
// overtaken. A pump that holds nothing has borrowed nothing.
//
// Readiness may be edge-triggered: where a socket is reported to wait for, the kernel has said that
// there is nothing more now. SIGPIPE must be ignored or blocked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "socksplice/buffer_pool.h"
#include "socksplice/pipe_pool.h"
#include "socksplice/pools.h"

namespace socksplice {

enum class Wait : std::uint8_t {
  kNothing,       ///< the share is used up: call again
  kSource,        ///< for the source to become readable
  kTarget,        ///< for the target to become writable
  kEnd,           ///< no more: the source ended in order, and the target has every byte
  kSourceFailed,  ///< no more: the source failed (error()), and the target has all that came before
  kTargetFailed,  ///< no more: the target failed (error()), and what was held is lost with it
};

class Pump {
 public:
  struct Progress {
    std::size_t copied = 0;   ///< bytes the target took from memory
    std::size_t spliced = 0;  ///< bytes the target took from a pipe
    Wait wait = Wait::kNothing;

    [[nodiscard]] std::size_t moved() const noexcept { return copied + spliced; }
  };

  explicit Pump(Pools& pools) noexcept;

  /// Has the kernel tell with every read of `source` whether something is left, if it can: this
  /// saves a read that finds nothing for each that finds something. Optional; before the first
  /// move().
  void expect(int source) noexcept;

  /// Moves about `share` bytes (at most one step more) from `source` to `target`.
  Progress move(int source, int target, std::size_t share) noexcept;

  /// Bytes taken from the source and not yet by the target.
  [[nodiscard]] std::size_t held() const noexcept;

  /// The errno of kSourceFailed or kTargetFailed, else 0.
  [[nodiscard]] int error() const noexcept { return error_; }

  /// Drops what is held.
  void drop() noexcept;

 private:
  // One step of a move: nothing to say (go on), or what to wait for.
  using Step = std::optional<Wait>;

  Step step(int source, int target, Progress& progress) noexcept;
  Step fillPipe(int source, int target, Progress& progress) noexcept;
  Step copy(int source, int target, Progress& progress) noexcept;
  Step read(int source, std::size_t asked, std::size_t& count) noexcept;
  Step send(int target, std::size_t count, Progress& progress) noexcept;
  Step sendBuffer(int target, Progress& progress) noexcept;
  Step drainPipe(int target, Progress& progress) noexcept;
  Step emptyPipeIntoBuffer() noexcept;
  Step sourceEnded(int error) noexcept;
  Step targetFailed(int error) noexcept;

  [[nodiscard]] std::size_t readSize() const noexcept;
  void chooseLane(std::size_t asked, std::size_t got) noexcept;

  Pools* pools_;
  PooledPipe pipe_;
  PooledBuffer buffer_;
  int error_ = 0;
  bool ended_ = false;
  bool tellsLeft_ = false;   // see expect()
  bool splicing_;            // the lane of the next read
  bool canSplice_;           // false once a socket or the kernel refused
  std::uint8_t small_ = 0;   // splices in a row that brought little
  std::uint8_t growth_ = 0;  // copy lane: doublings of the read size
};

}  // namespace socksplice
