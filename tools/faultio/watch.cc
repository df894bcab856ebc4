#include "watch.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>

#include "descriptor.h"

namespace faultio {
namespace {

// No initialisers: the table is zeros from the program's loading on, before any constructor, and
// costs address space but no memory.
struct Row {
  bool locked;
  bool watched;
  int epfd;
  epoll_event event;
};

std::array<Row, kMaxDescriptors> rows;

// Spins instead of calling pthread_mutex_lock, which the sanitizers replace. Nobody waits long: two
// threads meet here only over one descriptor.
class LockedRow {
 public:
  explicit LockedRow(int fd) : row_(rows[static_cast<std::size_t>(fd)]) {
    while (lock().exchange(true, std::memory_order_acquire)) ::sched_yield();
  }
  ~LockedRow() { lock().store(false, std::memory_order_release); }
  LockedRow(const LockedRow&) = delete;
  LockedRow& operator=(const LockedRow&) = delete;
  Row* operator->() const { return &row_; }

 private:
  std::atomic_ref<bool> lock() const { return std::atomic_ref<bool>(row_.locked); }

  Row& row_;
};

bool hasRow(int fd) { return fd >= 0 && fd < kMaxDescriptors; }

// Level-triggered epoll reports by itself. A spent EPOLLONESHOT waits for the program's own MOD,
// which looks at the state too, and EPOLLEXCLUSIVE forbids MOD.
bool waitsForAnEdge(const epoll_event& event) {
  return (event.events & EPOLLET) != 0 && (event.events & (EPOLLONESHOT | EPOLLEXCLUSIVE)) == 0;
}

}  // namespace

int watch(EpollCtl* control, int epfd, int operation, int fd, epoll_event* event) {
  if (!hasRow(fd)) return control(epfd, operation, fd, event);
  const LockedRow row(fd);
  const int result = control(epfd, operation, fd, event);
  if (operation == EPOLL_CTL_DEL) {
    if (row->epfd == epfd) row->watched = false;
  } else if (result == 0) {
    row->watched = true;
    row->epfd = epfd;
    row->event = *event;
  }
  return result;
}

void forget(int fd) {
  if (hasRow(fd)) LockedRow(fd)->watched = false;
}

bool isWatched(int fd) { return hasRow(fd) && LockedRow(fd)->watched; }

bool rearm(int fd) {
  if (!hasRow(fd)) return false;
  const LockedRow row(fd);
  if (!row->watched || !waitsForAnEdge(row->event)) return false;
  const int before = errno;
  // A raw call: to the thread sanitizer this must not look like an access by the program. It fails
  // harmlessly where the descriptor or the epoll went away unseen, as by dup2() or close_range().
  const bool done = ::syscall(SYS_epoll_ctl, row->epfd, EPOLL_CTL_MOD, fd, &row->event) == 0;
  errno = before;
  return done;
}

}  // namespace faultio
