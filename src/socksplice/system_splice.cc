#include "socksplice/system_splice.h"

#include <fcntl.h>

#include <cerrno>

#include "socksplice/lane.h"

namespace socksplice {

#if SOCKSPLICE_HAS_SPLICE

static_assert(static_cast<unsigned>(SpliceFlags::kMove) == SPLICE_F_MOVE);
static_assert(static_cast<unsigned>(SpliceFlags::kNonBlock) == SPLICE_F_NONBLOCK);
static_assert(static_cast<unsigned>(SpliceFlags::kMore) == SPLICE_F_MORE);

ssize_t systemSplice(int source, int target, std::size_t length, SpliceFlags flags) noexcept {
  ssize_t moved;
  do {
    moved = ::splice(source, nullptr, target, nullptr, length, static_cast<unsigned>(flags));
  } while (moved < 0 && errno == EINTR);
  return moved;
}

#else

ssize_t systemSplice(int /*source*/, int /*target*/, std::size_t /*length*/,
                     SpliceFlags /*flags*/) noexcept {
  errno = ENOSYS;
  return -1;
}

#endif

}  // namespace socksplice
