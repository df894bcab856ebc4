#include "support/held_connect.h"

#include <dlfcn.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace support {

namespace {
thread_local std::function<void()> held;
}

HeldConnect::HeldConnect(std::function<void()> meanwhile) { held = std::move(meanwhile); }
HeldConnect::~HeldConnect() { held = nullptr; }

}  // namespace support

extern "C" int connect(int fd, const sockaddr* address, socklen_t length) {
  static const auto real = reinterpret_cast<decltype(&connect)>(dlsym(RTLD_NEXT, "connect"));
  const int result = real(fd, address, length);
  const int error = errno;
  if (support::held) support::held();
  errno = error;
  return result;
}
