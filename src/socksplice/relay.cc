#include "socksplice/relay.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>

namespace socksplice {

namespace {

// Reads the pending error, which the kernel then forgets.
int takeError(int fd) noexcept {
  int error = 0;
  socklen_t length = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

}  // namespace

Relay::Relay(Pools& pools, int a, int b) noexcept
    : sides_{SideState{.fd = a}, SideState{.fd = b}},
      directions_{Direction(pools), Direction(pools)} {}

bool Relay::hold(Side from, std::span<const std::byte> bytes) noexcept {
  Direction& way = directions_[index(from)];
  if (!bytes.empty()) way.wait = Wait::kTarget;
  return way.pump.hold(bytes);
}

void Relay::ready(Side side, Readiness readiness) noexcept {
  SideState& state = sides_[index(side)];
  state.readable |= readiness.readable;
  state.writable |= readiness.writable;
  if (readiness.ended) directions_[index(side)].pump.endFollows();
}

// Where nothing is wanted of a side, because its bytes wait for the other or it has ended, no read
// or write would find out that it failed.
void Relay::lookForFailure() noexcept {
  for (const Side side : {Side::kA, Side::kB}) {
    const SideState& state = sides_[index(side)];
    if (interest(side) != Interest{} || state.error != 0) continue;
    if (const int error = takeError(state.fd); error != 0) fail(side, error);
  }
}

Relay::Progress Relay::advance(std::size_t share) noexcept {
  Progress progress;
  advance(Side::kA, share, progress);
  advance(Side::kB, share, progress);
  return progress;
}

void Relay::advance(Side from, std::size_t share, Progress& progress) noexcept {
  Direction& way = directions_[index(from)];
  SideState& source = sides_[index(from)];
  SideState& target = sides_[index(other(from))];
  if (way.over()) return;
  if (way.wait == Wait::kSource && !source.readable) return;
  if (way.wait == Wait::kTarget && !target.writable) return;

  const Pump::Progress moved = way.pump.move(source.fd, target.fd, share);
  (from == Side::kA ? progress.fromA : progress.fromB) += moved.moved();
  progress.spliced += moved.spliced;
  way.delivered += moved.moved();
  way.wait = moved.wait;
  settle(from);
}

void Relay::settle(Side from) noexcept {
  const Direction& way = direction(from);
  SideState& source = sides_[index(from)];
  SideState& target = sides_[index(other(from))];
  switch (way.wait) {
    case Wait::kNothing:
      return;
    case Wait::kSource:
      source.readable = false;
      return;
    case Wait::kTarget:
      target.writable = false;
      return;
    case Wait::kEnd:
      // Where the other direction is over too, the caller's close says the same as a shutdown.
      if (direction(other(from)).over()) return;
      if (shutdown(target.fd, SHUT_WR) < 0) fail(other(from), errno);
      return;
    case Wait::kSourceFailed:
      return fail(from, way.pump.error());
    case Wait::kTargetFailed:
      return fail(other(from), way.pump.error());
  }
}

// Nothing can be delivered to `side` any more, but what it sent before can still be read.
void Relay::fail(Side side, int error) noexcept {
  if (sides_[0].error == 0 && sides_[1].error == 0) failedSide_ = side;
  SideState& state = sides_[index(side)];
  state.error = error;
  state.readable = true;
  directions_[index(side)].pump.sourceFailed(error);
  Direction& toward = directions_[index(other(side))];
  if (toward.over()) return;
  toward.pump.drop();
  toward.wait = Wait::kTargetFailed;
}

Relay::Outcome Relay::outcome() const noexcept {
  if (!directions_[0].over() || !directions_[1].over()) return Outcome::kMoving;
  return sides_[0].error == 0 && sides_[1].error == 0 ? Outcome::kEnded : Outcome::kReset;
}

Relay::Interest Relay::interest(Side side) const noexcept {
  const Wait from = direction(side).wait;
  return {.read = from == Wait::kSource || from == Wait::kNothing,
          .write = direction(other(side)).wait == Wait::kTarget};
}

std::size_t unacknowledged(int fd) noexcept {
  int count = 0;
#if defined(__linux__)
  // Of a unix socket it would be what the peer has not read; that survives our end anyway.
  int domain = 0;
  socklen_t length = sizeof domain;
  getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length);
  if (domain == AF_UNIX || ioctl(fd, TIOCOUTQ, &count) < 0) return 0;
#elif defined(FIONWRITE)
  if (ioctl(fd, FIONWRITE, &count) < 0) return 0;
#elif defined(SO_NWRITE)
  socklen_t length = sizeof count;
  if (getsockopt(fd, SOL_SOCKET, SO_NWRITE, &count, &length) < 0) return 0;
#endif
  return static_cast<std::size_t>(count);
}

void resetOnClose(int fd) noexcept {
  const linger now = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace socksplice
