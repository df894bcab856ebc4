#include "socksplice/pools.h"

#include <algorithm>

namespace socksplice {

namespace {

Pools::Limits sane(Pools::Limits limits) noexcept {
  limits.hold = std::clamp(limits.hold, std::size_t{4096}, std::size_t{1} << 30);
  return limits;
}

}  // namespace

Pools::Pools(const Limits& limits)
    : limits_(sane(limits)),
      pipes_({.capacity = limits_.hold, .lent = limits_.lentPipes, .idle = limits_.idlePipes}),
      buffers_(limits_.idleBuffers),
      scratch_(new std::byte[limits_.hold]) {}  // not make_unique: it would touch every page

}  // namespace socksplice
