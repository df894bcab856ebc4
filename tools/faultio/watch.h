#pragma once

// Which epoll watches each descriptor, and for what. A program that registers edge-triggered waits
// for the next edge after EAGAIN or a short count; where the kernel would give none, because the
// fault was ours, rearm() makes one. The table is indexed by descriptor number and each row has its
// own lock: any thread.

#include <sys/epoll.h>

namespace faultio {

using EpollCtl = int(int epfd, int operation, int fd, epoll_event* event);

/// Calls `control` and remembers what it changed, in one step: another thread may get the event,
/// and a fault, before epoll_ctl has returned in this one.
int watch(EpollCtl* control, int epfd, int operation, int fd, epoll_event* event);

/// To be called before `fd` is closed. Keeps errno.
void forget(int fd);

/// Whether an epoll is known to watch `fd`. Keeps errno.
[[nodiscard]] bool isWatched(int fd);

/// Has epoll report `fd` again if it is ready: EPOLL_CTL_MOD looks at the state, not at the edges.
/// True if that was needed and done. Keeps errno.
bool rearm(int fd);

}  // namespace faultio
