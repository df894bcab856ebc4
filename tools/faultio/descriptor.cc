#include "descriptor.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace faultio {
namespace {

Kind kindOf(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return Kind::Other;
  if (S_ISFIFO(status.st_mode)) return Kind::Pipe;
  if (!S_ISSOCK(status.st_mode)) return Kind::Other;
  int type = 0;
  socklen_t length = sizeof type;
  if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0) return Kind::Other;
  return type == SOCK_STREAM ? Kind::Socket : Kind::Other;
}

}  // namespace

Descriptor describe(int fd) {
  if (fd < 0 || isStandardStream(fd) || fd >= kMaxDescriptors) return {};
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return {};
  return {kindOf(fd), (flags & O_NONBLOCK) != 0};
}

}  // namespace faultio
