// Moves bytes one way, from one non-blocking stream socket to another, without an event loop:
// move() goes on until a socket blocks or its share is used up, and says what it waits for.
//
// Between two calls the pump holds what the target did not take, in a borrowed pipe or buffer, at
// most Pools::Limits::hold bytes; nothing is read while anything is held, so no byte is lost or
// overtaken. A pump that holds nothing has borrowed nothing. Where a stream gets no pipe, nothing
// is held at all: what the target does not take stays in the source.
//
// Readiness is a state (poll(2), or level-triggered epoll): where a socket is reported to wait for,
// there may be more to read even now. SIGPIPE must be ignored or blocked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "socksplice/buffer_pool.h"
#include "socksplice/pipe_pool.h"
#include "socksplice/pools.h"

namespace socksplice {

enum class Wait : std::uint8_t {
  kNothing,  ///< the share is used up and nothing is held: the source may be read again at once
  kSource,   ///< for the source to become readable
  kTarget,   ///< for the target to become writable
  kEnd,      ///< no more: the source ended in order or is at its limit, and the target has all
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

  /// The source's end is known to stand behind the bytes that can be read (EPOLLRDHUP, POLLRDHUP):
  /// it is then read, and passed on, together with the last of them. Optional. The last bytes are
  /// then sent so that they wait for the target's shutdown, up to 200 ms: shut it at kEnd.
  void endFollows() noexcept { endFollows_ = true; }

  /// From now on only the next `bytes` of the source are this pump's: kEnd comes behind the last of
  /// them, and the source stays as it is. Between two limits nothing may be held.
  void limit(std::uint64_t bytes) noexcept;

  /// Bytes of the limit that were not read yet. What is left at kEnd, the source did not have.
  [[nodiscard]] std::uint64_t left() const noexcept { return left_; }

  /// Holds bytes that were read from the source by somebody else: they go out first. Called before
  /// the first move(); false where memory has run out.
  [[nodiscard]] bool hold(std::span<const std::byte> bytes) noexcept;

  /// The source is known to have failed (SO_ERROR, which the kernel then forgets): what it sent
  /// before can still be read, but what then looks like its end is kSourceFailed.
  void sourceFailed(int error) noexcept { sourceError_ = error; }

  /// Moves from `source` to `target`, and begins no step after `share` bytes.
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

  Step step(int source, int target, std::size_t share, Progress& progress) noexcept;
  Step fillPipe(int source, int target, Progress& progress) noexcept;
  Step pass(int source, int target, Progress& progress) noexcept;
  Step copy(int source, int target, Progress& progress) noexcept;
  Step read(int source, std::size_t asked, std::size_t& count) noexcept;
  Step send(int target, std::size_t count, Progress& progress) noexcept;
  Step sendBuffer(int target, Progress& progress) noexcept;
  Step drainPipe(int target, Progress& progress) noexcept;
  Step emptyPipeIntoBuffer() noexcept;
  Step sourceEnded(int error) noexcept;
  Step targetFailed(int error) noexcept;

  [[nodiscard]] std::size_t stepSize(std::size_t most) const noexcept;
  [[nodiscard]] std::size_t readSize() const noexcept;
  void noteSplice(std::size_t got) noexcept;
  void noteCopy(std::size_t asked, std::size_t got) noexcept;

  Pools* pools_;
  PooledPipe pipe_;
  PooledBuffer buffer_;
  std::uint64_t left_ = std::numeric_limits<std::uint64_t>::max();  // of the limit
  int error_ = 0;
  int sourceError_ = 0;
  bool ended_ = false;
  bool endFollows_ = false;
  bool splicing_;            // the lane of the next read, unless the limit is near
  bool canSplice_;           // false once a socket or the kernel refused
  std::uint8_t small_ = 0;   // splices in a row that brought little
  std::uint8_t growth_ = 0;  // copy lane: doublings of the read size
};

}  // namespace socksplice
