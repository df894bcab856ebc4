// A part of a test in a process of its own, for what would end or spoil this one.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include "support/socket_pair.h"

namespace support {

/// Runs `work` in a forked process. Gives what `work` returns, or 128 + the signal that ended it.
/// To be called while this process has one thread.
template <class Work>
[[nodiscard]] int inChild(Work work) {
  const pid_t child = must(fork(), "fork");
  if (child == 0) _exit(work());
  int status = 0;
  must(waitpid(child, &status, 0), "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace support
