// One direction of a session, as the test drives it: a pattern goes in at one peer, and what comes
// out at the other is checked byte by byte.
#pragma once

#include <cstdint>
#include <vector>

#include "e2e/support/deadline.h"
#include "e2e/support/pattern.h"
#include "e2e/support/peer.h"

namespace e2e {

class Stream {
 public:
  /// The peers must outlive it. When all is sent, the writing ends.
  Stream(Peer& from, Peer& to, std::uint64_t seed, std::uint64_t bytes);

  [[nodiscard]] Peer& from() const { return *from_; }
  [[nodiscard]] Peer& to() const { return *to_; }
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::uint64_t received() const { return received_; }

  [[nodiscard]] bool isSending() const { return !endedWriting_; }
  [[nodiscard]] bool isReceiving() const { return !over_; }

  /// While it is held open, its writing does not end after the last byte.
  void holdOpen(bool open) { heldOpen_ = open; }

  /// From now on it is to end after so many bytes, which must not be fewer than were sent.
  void endAfter(std::uint64_t bytes) { bytes_ = bytes; }

  /// What goes at once, up to a share. A wrong byte, a wrong end or a reset is a failure of the
  /// test, and the stream is over.
  void send();
  void receive();

 private:
  void giveUp();

  Peer* from_;
  Peer* to_;
  Pattern pattern_;
  std::uint64_t bytes_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  bool heldOpen_ = false;
  bool endedWriting_ = false;
  bool over_ = false;
};

/// Drives them all to their ends.
void drive(std::vector<Stream>& streams, const Deadline& deadline = Deadline());

/// Sends into each until nothing has gone on for a while: every buffer on the way is full.
void fill(std::vector<Stream>& streams);

}  // namespace e2e
