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

void Relay::ready(Side side, Readiness readiness) noexcept {
  SideState& state = sides_[index(side)];
  // Where nothing is wanted of a side, because its bytes wait for the other or it has ended, no
  // read or write would find out that it failed.
  if (interest(side) == Interest{} && state.error == 0) {
    if (const int error = takeError(state.fd); error != 0) fail(side, error);
  }
  state.readable |= readiness.readable;
  state.writable |= readiness.writable;
  if (readiness.ended) directions_[index(side)].pump.endFollows();
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
      // After an error was reported once, a socket reads as if it had ended in order. And where the
      // other direction is over too, the caller's close says the same as a shutdown.
      if (source.error != 0 || direction(other(from)).over()) return;
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

bool everythingAcknowledged(int fd) noexcept {
#ifdef TIOCOUTQ
  int unacknowledged = 0;
  return ioctl(fd, TIOCOUTQ, &unacknowledged) < 0 || unacknowledged == 0;
#else
  return true;
#endif
}

void resetOnClose(int fd) noexcept {
  const linger now = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace socksplice
