// Writes one message to a socket: a head, and a body that it pulls and frames. What the socket does
// not take at once is kept; nothing is pulled meanwhile. No loop: the owner says when the socket
// is writable and when the body has more.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/body.h"
#include "socksplice/pools.h"

namespace proxy::http1 {

/// Memory of a worker that holds nothing between two calls.
struct Workspace {
  /// Read at once, at most: what a client does not take of it is kept in 64 KiB.
  static constexpr std::size_t kPayload = std::size_t{64} * 1024 - 512;
  static constexpr std::size_t kFrame = std::size_t{128} * 1024;  ///< heads and trailers

  std::string head;
  std::vector<char> message = std::vector<char>(kPayload + kFrame);
};

class MessageWriter {
 public:
  using Wait = http::Body::Wait;

  MessageWriter(socksplice::Pools& pools, Workspace& workspace) noexcept
      : pools_(pools), workspace_(workspace) {}

  /// The message to write: a head, and a body or null.
  /// Several bodiless ones may be begun one behind the other.
  void begin(std::string_view head, http::Body* body, bool chunked);

  /// Drops what was begun.
  void clear() noexcept;

  /// Writes until the message is over (kEnd), somebody has to be waited for, or about `share` bytes
  /// have gone (kNothing).
  Wait advance(int socket, std::size_t share);

  /// What the last advance() said; kEnd where nothing was begun.
  [[nodiscard]] Wait waits() const noexcept { return wait_; }
  [[nodiscard]] bool over() const noexcept { return wait_ >= Wait::kEnd; }
  /// Of the message, framing included, what the socket has taken.
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
  /// The errno of kTargetFailed; EPIPE where it was not the writer who sent.
  [[nodiscard]] int error() const noexcept { return error_; }

 private:
  using Step = http::Body::Progress;

  Wait step(int socket, std::size_t share);
  Wait readAndSend(int socket);
  Wait move(int socket, std::size_t share);
  Wait send(int socket, std::string_view bytes, bool more);
  Wait sendHeld(int socket);
  ssize_t transmit(int socket, std::span<const std::byte> bytes, bool more);
  Wait targetFailed(int error) noexcept;
  void appendLastChunk(std::string& to) const;
  [[nodiscard]] bool keep(std::string_view bytes);

  socksplice::Pools& pools_;
  Workspace& workspace_;
  socksplice::PooledBuffer held_;  // what the socket did not take
  std::string frame_;              // goes out in front of what comes next
  http::Body* body_ = nullptr;     // null: none, or all of it was pulled
  std::uint64_t run_ = 0;          // bytes of the body that are being moved
  std::uint64_t sent_ = 0;
  std::size_t readSize_ = 0;
  int error_ = 0;
  bool chunked_ = false;
  bool headPending_ = false;  // in frame_
  bool bodyFailed_ = false;   // which is said behind what came before
  Wait wait_ = Wait::kEnd;
};

}  // namespace proxy::http1
