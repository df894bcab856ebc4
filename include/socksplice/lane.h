// How bytes cross from one socket to the other, and whether this build can do it without copying.
#pragma once

#include <cstdint>

#if defined(__linux__) && !defined(SOCKSPLICE_PORTABLE)
#define SOCKSPLICE_HAS_SPLICE 1
#else
#define SOCKSPLICE_HAS_SPLICE 0
#endif

namespace socksplice {

/// True where this build moves bytes with splice(2); false where every byte is copied through one
/// buffer (other kernels, or a build with SOCKSPLICE_PORTABLE).
inline constexpr bool kZeroCopy = SOCKSPLICE_HAS_SPLICE != 0;

enum class Lane : std::uint8_t {
  kAuto,    ///< copy while reads are small, splice while they come back full
  kSplice,  ///< always splice, where the build and the sockets can
  kCopy,    ///< never splice
};

}  // namespace socksplice
