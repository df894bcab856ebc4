// All that pumps borrow from, and the limits they keep. One for each thread that moves bytes;
// it outlives every Pump and Relay made with it.
#pragma once

#include <cstddef>
#include <memory>

#include "socksplice/buffer_pool.h"
#include "socksplice/lane.h"
#include "socksplice/pipe_pool.h"

namespace socksplice {

class Pools {
 public:
  struct Limits {
    Lane lane = Lane::kAuto;
    /// The most bytes held of one direction, between a source and a target that does not keep up;
    /// also the largest step. 4 KiB to 1 GiB.
    std::size_t hold = std::size_t{1024} * 1024;
    std::size_t lentPipes = 256;  ///< pipes out at once, two descriptors each
    std::size_t idlePipes = 16;   ///< pipes kept open for the next borrower
    std::size_t idleBuffers = std::size_t{4} * 1024 * 1024;  ///< bytes kept for the next borrower
  };

  Pools() : Pools(Limits{}) {}
  explicit Pools(const Limits& limits);

  [[nodiscard]] const Limits& limits() const noexcept { return limits_; }
  [[nodiscard]] PipePool& pipes() noexcept { return pipes_; }
  [[nodiscard]] BufferPool& buffers() noexcept { return buffers_; }

  /// Memory of limits().hold bytes that holds nothing between two calls: what the copy lane reads
  /// goes through it while it is still in the processor's cache.
  [[nodiscard]] std::byte* scratch() noexcept { return scratch_.get(); }

 private:
  const Limits limits_;
  PipePool pipes_;
  BufferPool buffers_;
  std::unique_ptr<std::byte[]> scratch_;
};

}  // namespace socksplice
