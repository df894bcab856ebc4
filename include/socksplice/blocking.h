// The two forms for a thread of one's own: they return when the work is done.
//
// Both make the sockets non-blocking and leave them so, wait with poll(2), and keep SIGPIPE from
// the calling thread. They own nothing: the caller closes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "socksplice/lane.h"

namespace socksplice {

struct Spliced {
  std::uint64_t bytes = 0;  ///< taken by the target
  int error = 0;            ///< 0 at an orderly end, else the errno of the side that failed
};

/// Moves bytes from `source` to `target`, at most `chunkSize` at a time, until the source ends;
/// then shuts the target's write side. Two threads may each run one direction of a pair.
Spliced splice(std::size_t chunkSize, int source, int target, Lane lane = Lane::kAuto);

struct Relayed {
  std::uint64_t fromA = 0;  ///< bytes that came from a and were taken by b
  std::uint64_t fromB = 0;  ///< bytes that came from b and were taken by a
  int error = 0;            ///< 0 when both ends are done, else the errno of the side that failed
};

/// Joins `a` and `b` both ways until both ends are done, carrying half-closes across. When one side
/// fails, returns as soon as what it had sent before is delivered. At an error close(2) alone would
/// make what was cut off look complete: resetOnClose() both, which drops what a socket has not sent
/// yet (see unacknowledged(), relay.h).
Relayed relay(int a, int b, Lane lane = Lane::kAuto);

}  // namespace socksplice
