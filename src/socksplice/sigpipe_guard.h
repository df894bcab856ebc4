// Keeps SIGPIPE from the calling thread for as long as it lives: splice(2) has no MSG_NOSIGNAL, and
// a library cannot ask its caller to change how the process handles signals.
#pragma once

#include <pthread.h>

#include <csignal>
#include <ctime>

namespace socksplice {

class SigpipeGuard {
 public:
  SigpipeGuard() noexcept {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    wasPending_ = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  SigpipeGuard(const SigpipeGuard&) = delete;
  SigpipeGuard& operator=(const SigpipeGuard&) = delete;

  ~SigpipeGuard() {
    // A SIGPIPE of ours was sent to this thread and waits; taken here, it is never delivered.
    sigset_t pending;
    if (!wasPending_ && sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1) {
      int taken;
      sigwait(&pipe_, &taken);
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_;
  sigset_t before_;
  bool wasPending_ = false;
};

}  // namespace socksplice
