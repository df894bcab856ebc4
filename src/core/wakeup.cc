#include "core/wakeup.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#ifdef __linux__
#include <sys/eventfd.h>
#endif

namespace proxy {

Wakeup::Wakeup() {
#ifdef __linux__
  read_.reset(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!read_) throw std::system_error(errno, std::generic_category(), "eventfd");
#else
  int ends[2];
  if (pipe(ends) < 0) throw std::system_error(errno, std::generic_category(), "pipe");
  read_.reset(ends[0]);
  write_.reset(ends[1]);
  for (const int end : ends) {
    fcntl(end, F_SETFL, O_NONBLOCK);
    fcntl(end, F_SETFD, FD_CLOEXEC);
  }
#endif
}

void Wakeup::signal() noexcept {
  const std::uint64_t one = 1;
  const int to = write_ ? write_.get() : read_.get();
  // EAGAIN: the counter or the pipe is full, so the reader will wake anyway.
  while (write(to, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

void Wakeup::clear() noexcept {
  std::uint64_t count;
  ssize_t got;
  do {
    got = read(read_.get(), &count, sizeof count);
  } while ((got < 0 && errno == EINTR) || (got > 0 && write_));
}

}  // namespace proxy
