// What a process holds and has used, as /proc says.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace e2e {

struct Vitals {
  std::size_t sockets = 0;
  std::size_t pipeEnds = 0;
  std::size_t descriptors = 0;  ///< these two, and all others
  std::size_t residentKiB = 0;
  std::chrono::milliseconds cpu{0};  ///< of all threads
  std::uint64_t naps = 0;            ///< how often one of its threads went to sleep

  static Vitals of(pid_t process);
};

}  // namespace e2e
