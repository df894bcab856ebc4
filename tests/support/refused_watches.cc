#include "support/refused_watches.h"

#include <dlfcn.h>
#include <sys/epoll.h>

#include <atomic>
#include <cerrno>
#include <limits>

namespace support {

namespace {
constexpr int kPlenty = std::numeric_limits<int>::max();
std::atomic<int> left{kPlenty};
}  // namespace

RefusedWatches::RefusedWatches(int free) { left = free; }
RefusedWatches::~RefusedWatches() { left = kPlenty; }

}  // namespace support

extern "C" int epoll_ctl(int epoll, int what, int fd, epoll_event* event) noexcept {
  static const auto real = reinterpret_cast<decltype(&epoll_ctl)>(dlsym(RTLD_NEXT, "epoll_ctl"));
  const bool counts = what == EPOLL_CTL_ADD && support::left != support::kPlenty;
  if (counts && support::left-- <= 0) {
    errno = ENOSPC;
    return -1;
  }
  return real(epoll, what, fd, event);
}
