#include "socksplice/blocking.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "sigpipe_guard.h"
#include "socksplice/pump.h"
#include "socksplice/relay.h"

namespace socksplice {

namespace {

constexpr std::size_t kShare = std::size_t{16} * 1024 * 1024;

// A side of which nothing is wanted, since its bytes wait for the other or it has ended, is not
// watched; this often (in milliseconds) it is asked whether it failed.
constexpr int kLook = 1000;

int makeNonBlocking(int fd) noexcept {
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return errno;
  return 0;
}

void waitFor(int fd, short events) noexcept {
  pollfd one = {.fd = fd, .events = events, .revents = 0};
  ::poll(&one, 1, -1);  // an EINTR only makes the caller try once more
}

pollfd watched(int fd, Relay::Interest interest) noexcept {
  const int events = (interest.read ? POLLIN : 0) | (interest.write ? POLLOUT : 0);
  // A negative descriptor is skipped: a hang-up would wake us although nothing can be done.
  return {.fd = events != 0 ? fd : -1, .events = static_cast<short>(events), .revents = 0};
}

void waitForEither(Relay& relay, int a, int b) noexcept {
  std::array<pollfd, 2> both = {watched(a, relay.interest(Side::kA)),
                                watched(b, relay.interest(Side::kB))};
  const bool allWatched = both[0].fd >= 0 && both[1].fd >= 0;
  if (::poll(both.data(), both.size(), allWatched ? -1 : kLook) <= 0) return relay.lookForFailure();
  for (const Side side : {Side::kA, Side::kB}) {
    const int events = both[static_cast<std::size_t>(side)].revents;
    const bool failed = (events & (POLLERR | POLLHUP | POLLNVAL)) != 0;
    if (events == 0) continue;
    relay.ready(side, {.readable = failed || (events & POLLIN) != 0,
                       .writable = failed || (events & POLLOUT) != 0});
  }
}

}  // namespace

Spliced splice(std::size_t chunkSize, int source, int target, Lane lane) {
  for (const int fd : {source, target}) {
    if (const int error = makeNonBlocking(fd); error != 0) return {.error = error};
  }
  const SigpipeGuard guard;
  Pools pools({.lane = lane, .hold = chunkSize});
  Pump pump(pools);
  Spliced spliced;
  for (;;) {
    const Pump::Progress progress = pump.move(source, target, kShare);
    spliced.bytes += progress.moved();
    switch (progress.wait) {
      case Wait::kNothing:
        break;
      case Wait::kSource:
        waitFor(source, POLLIN);
        break;
      case Wait::kTarget:
        waitFor(target, POLLOUT);
        break;
      case Wait::kEnd:
        if (shutdown(target, SHUT_WR) < 0) spliced.error = errno;
        return spliced;
      case Wait::kSourceFailed:
      case Wait::kTargetFailed:
        spliced.error = pump.error();
        return spliced;
    }
  }
}

Relayed relay(int a, int b, Lane lane) {
  for (const int fd : {a, b}) {
    if (const int error = makeNonBlocking(fd); error != 0) return {.error = error};
  }
  const SigpipeGuard guard;
  Pools pools({.lane = lane});
  Relay both(pools, a, b);
  for (;;) {
    both.advance(kShare);
    if (both.outcome() != Relay::Outcome::kMoving) break;
    waitForEither(both, a, b);
  }
  if (both.outcome() == Relay::Outcome::kEnded) {
    // The relay leaves the last end to the caller's close, which may be far off.
    for (const int fd : {a, b}) shutdown(fd, SHUT_WR);
  }
  return {.fromA = both.delivered(Side::kA),
          .fromB = both.delivered(Side::kB),
          .error = both.error(both.failedSide())};
}

}  // namespace socksplice
