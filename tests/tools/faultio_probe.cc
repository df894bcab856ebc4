#include "faultio_probe.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace probe {

void fail(const char* what) {
  std::printf("failed: %s (%s)\n", what, std::strerror(errno));
  (void)std::fflush(stdout);
  std::_Exit(1);
}

void require(bool isSo, const char* what) {
  if (!isSo) fail(what);
}

void report(std::string_view name, long long value) {
  std::printf("%.*s=%lld\n", static_cast<int>(name.size()), name.data(), value);
}

Ends socketEnds(int type) {
  std::array<int, 2> fds{};
  require(::socketpair(AF_UNIX, type, 0, fds.data()) == 0, "socketpair");
  return {fds[0], fds[1]};
}

// Past the library, which may refuse pipes with EMFILE.
Ends pipeEnds(int flags) {
  std::array<int, 2> fds{};
  require(::syscall(SYS_pipe2, fds.data(), flags) == 0, "pipe2");
  return {fds[1], fds[0]};
}

Channel::~Channel() {
  closeIn();
  ::close(ends_.out);
}

void Channel::closeIn() {
  if (ends_.in >= 0) ::close(ends_.in);
  ends_.in = -1;
}

void Channel::fill(std::size_t bytes) const {
  const std::vector<char> data(bytes, 'x');
  require(::syscall(SYS_write, ends_.in, data.data(), bytes) == static_cast<long>(bytes), "fill");
}

}  // namespace probe

int main(int count, char** words) {
  const std::vector<std::string> arguments(words + 1, words + count);
  const auto is = [&](std::size_t i, std::string_view word) {
    return i < arguments.size() && arguments[i] == word;
  };
  const auto number = [&](std::size_t i) { return std::stoul(arguments.at(i)); };

  // Nothing here may hang the test that waits for it.
  ::alarm(90);
  if (is(0, "lengths"))
    probe::lengths();
  else if (is(0, "untouched"))
    probe::untouched();
  else if (is(0, "whole"))
    probe::whole();
  else if (is(0, "stream"))
    probe::stream(arguments.at(1), number(2), is(3, "nonblocking"));
  else if (is(0, "rates"))
    probe::rates();
  else if (is(0, "threads"))
    probe::threads();
  else if (is(0, "rearm"))
    probe::rearm();
  else if (is(0, "edges"))
    probe::edges(is(1, "pipe"), is(2, "short"), number(3));
  else
    probe::fail("no such command");
  return 0;
}
