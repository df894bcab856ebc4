#pragma once

// The first bytes of an iovec, as an iovec on the stack: what is left of a vector call after a cut.

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace faultio {

class ShortVector {
 public:
  /// Entries beyond these are never part of a cut call. That is a lawful cut too.
  static constexpr std::size_t kMaxEntries = 64;

  /// How many bytes the entries hold that a cut may keep; 0 for a vector the kernel will refuse.
  [[nodiscard]] static std::size_t bytesOf(const iovec* vector, std::size_t count) {
    if (vector == nullptr || count > kMostKernelEntries) return 0;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < std::min(count, kMaxEntries); ++i) {
      if (vector[i].iov_len > kMostKernelBytes - bytes) return 0;
      bytes += vector[i].iov_len;
    }
    return bytes;
  }

  /// The first `limit` bytes of `vector`; requires limit <= bytesOf(vector, count).
  ShortVector(const iovec* vector, std::size_t limit) {
    for (; limit > 0; ++count_) {
      entries_[count_] = vector[count_];
      entries_[count_].iov_len = std::min(limit, vector[count_].iov_len);
      limit -= entries_[count_].iov_len;
    }
  }

  [[nodiscard]] iovec* entries() { return entries_.data(); }
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  static constexpr std::size_t kMostKernelEntries = 1024;      // UIO_MAXIOV, readv(2)
  static constexpr std::size_t kMostKernelBytes = 0x7ffff000;  // MAX_RW_COUNT, read(2)

  std::array<iovec, kMaxEntries> entries_;
  std::size_t count_ = 0;
};

}  // namespace faultio
