// What the process does about one signal, for as long as it lives.
#pragma once

#include <csignal>

namespace support {

class SignalDisposition {
 public:
  using Handler = void (*)(int);

  SignalDisposition(int signal, Handler handler) noexcept : signal_(signal) {
    struct sigaction now{};
    now.sa_handler = handler;
    sigaction(signal, &now, &before_);
  }
  SignalDisposition(const SignalDisposition&) = delete;
  SignalDisposition& operator=(const SignalDisposition&) = delete;
  ~SignalDisposition() { sigaction(signal_, &before_, nullptr); }

 private:
  const int signal_;
  struct sigaction before_{};
};

}  // namespace support
