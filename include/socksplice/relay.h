// Joins two non-blocking stream sockets, a and b, both ways, without an event loop. The caller says
// which socket is ready and calls advance(); interest() says what to wait for next
// (level-triggered).
//
// The end of one direction is passed on as a half-close once every byte before it was taken. A
// reset of one side is passed on too: what came before it is delivered first, and then outcome() is
// kReset, upon which the caller resets the other side (see everythingAcknowledged() and
// resetOnClose()).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "socksplice/pump.h"

namespace socksplice {

enum class Side : std::uint8_t { kA = 0, kB = 1 };

constexpr Side other(Side side) noexcept { return side == Side::kA ? Side::kB : Side::kA; }

class Relay {
 public:
  enum class Outcome : std::uint8_t {
    kMoving,  ///< at least one direction goes on
    kEnded,   ///< both directions came to their end in order: close both, which tells the last of
              ///< them
    kReset,   ///< failedSide() failed; nothing more can be delivered
  };
  struct Interest {
    bool read = false;
    bool write = false;
    bool operator==(const Interest&) const = default;
  };
  struct Readiness {
    bool readable = false;
    bool writable = false;  ///< a side that failed is both
    bool ended = false;     ///< the peer has sent its end, as EPOLLRDHUP says; optional
  };
  struct Progress {
    std::size_t fromA = 0;    ///< bytes that b took
    std::size_t fromB = 0;    ///< bytes that a took
    std::size_t spliced = 0;  ///< of all these, those that went through a pipe
  };

  Relay(Pools& pools, int a, int b) noexcept;

  /// There is nothing to read from `side` before ready() says so. Without this call the first
  /// advance() tries.
  void notReadable(Side side) noexcept { sides_[index(side)].readable = false; }

  /// These bytes came from `side` before the relay was made: they are delivered first. Called
  /// before the first advance(); false where memory has run out.
  [[nodiscard]] bool hold(Side from, std::span<const std::byte> bytes) noexcept;

  /// `side` is known to have failed with `error`; what it sent before is still delivered.
  void fail(Side side, int error) noexcept;

  /// Looks whether a side of which nothing is wanted has failed meanwhile.
  void lookForFailure() noexcept;

  /// `side` is ready.
  void ready(Side side, Readiness readiness) noexcept;

  /// Moves up to about `share` bytes in each direction that has not ended and waits for nothing.
  Progress advance(std::size_t share) noexcept;

  [[nodiscard]] Outcome outcome() const noexcept;

  /// What of `side` this relay waits for. If that is nothing, the only news can be that it failed;
  /// a caller who hears of that (EPOLLERR) says ready(), and the other side is told early.
  [[nodiscard]] Interest interest(Side side) const noexcept;

  /// Bytes that came from `side` and were taken by the other.
  [[nodiscard]] std::uint64_t delivered(Side from) const noexcept {
    return direction(from).delivered;
  }
  /// Bytes that came from `side` and wait for the other.
  [[nodiscard]] std::size_t held(Side from) const noexcept { return direction(from).pump.held(); }

  /// The errno with which `side` failed, or 0. A side may have failed while the last bytes that it
  /// sent are still being delivered.
  [[nodiscard]] int error(Side side) const noexcept { return sides_[index(side)].error; }
  /// The side that failed first; meaningful once an error() is not 0.
  [[nodiscard]] Side failedSide() const noexcept { return failedSide_; }

 private:
  struct SideState {
    int fd;
    int error = 0;
    bool readable = true;  // until a read says otherwise
    bool writable = true;
  };
  struct Direction {
    Pump pump;
    std::uint64_t delivered = 0;
    Wait wait = Wait::kSource;
    explicit Direction(Pools& pools) noexcept : pump(pools) {}
    [[nodiscard]] bool over() const noexcept { return wait >= Wait::kEnd; }
  };

  static constexpr std::size_t index(Side side) noexcept { return static_cast<std::size_t>(side); }
  [[nodiscard]] const Direction& direction(Side from) const noexcept {
    return directions_[index(from)];
  }

  void advance(Side from, std::size_t share, Progress& progress) noexcept;
  void settle(Side from) noexcept;

  std::array<SideState, 2> sides_;
  std::array<Direction, 2> directions_;  // by the side that the bytes come from
  Side failedSide_ = Side::kA;
};

/// Bytes sent on `fd` that its peer has not acknowledged, which a reset would take from it; 0 where
/// that cannot be known.
[[nodiscard]] std::size_t unacknowledged(int fd) noexcept;

/// Makes close(fd) send a reset instead of an orderly end. Unsent bytes are dropped by it. A unix
/// socket knows no reset: its peer reads an end, unless we left bytes of it unread.
void resetOnClose(int fd) noexcept;

}  // namespace socksplice
