// The body of a message as it comes in over a connection: by its length, chunked, or until the
// connection ends. Large payloads can be moved without being read.
#pragma once

#include <cstdint>

#include "http/body.h"
#include "http/chunk_reader.h"
#include "http/framing.h"
#include "http1/input.h"
#include "socksplice/pump.h"

namespace proxy::http1 {

class IncomingBody final : public http::Body {
 public:
  /// Who owns the connection, and so watches it.
  class Source {
   public:
    /// The reader waits for more: sourceReady() when there is.
    virtual void bodyWaits() = 0;
    /// It came to its end, or cannot: nothing more is read from the socket.
    virtual void bodyOver() = 0;

   protected:
    ~Source() = default;
  };

  /// `input` holds what was read of the body together with the head, and takes what is read behind
  /// its end. It and `socket` outlive the body.
  IncomingBody(socksplice::Pools& pools, Source& source, Input& input, int socket,
               const http::BodyLength& length);

  [[nodiscard]] std::optional<std::uint64_t> size() const noexcept override { return size_; }
  [[nodiscard]] std::uint64_t movable() const noexcept override;
  Progress move(int socket, std::size_t share) override;
  Progress read(std::span<char> into) override;
  [[nodiscard]] http::Fields trailers() const noexcept override;

  /// The input's buffer is given back as soon as it is empty: nobody needs the head any more.
  void releaseInput() noexcept { releasesInput_ = true; }

  /// A body of more than `bytes` fails; 0: no limit.
  void refuseBeyond(std::uint64_t bytes) noexcept { most_ = bytes; }
  [[nodiscard]] bool tooLarge() const noexcept { return most_ != 0 && taken_ > most_; }

  /// The connection has more, or has ended: the reader is told.
  void sourceReady();

  /// `socket` failed with `error`, which the kernel has forgotten.
  void sourceFailed(int error) noexcept;

  /// Nothing more comes, in order.
  [[nodiscard]] bool complete() const noexcept { return state_ == State::kComplete; }
  [[nodiscard]] bool failed() const noexcept { return state_ == State::kFailed; }
  [[nodiscard]] bool over() const noexcept { return state_ != State::kComing; }
  /// The reader waits for sourceReady().
  [[nodiscard]] bool waiting() const noexcept { return waiting_ && reader() != nullptr; }
  /// Bytes of payload that were handed on.
  [[nodiscard]] std::uint64_t taken() const noexcept { return taken_; }
  /// Of these, bytes that went through a pipe.
  [[nodiscard]] std::uint64_t spliced() const noexcept { return spliced_; }

 private:
  enum class State : std::uint8_t { kComing, kComplete, kFailed };
  enum class Framing : std::uint8_t { kSized, kChunked, kUntilEnd };

  [[nodiscard]] std::uint64_t payloadAhead() const noexcept;
  Progress readPlain(std::span<char> into);
  Progress readChunked(std::span<char> into);
  [[nodiscard]] std::size_t unchunk(std::span<char> to, std::string_view from, std::size_t& used);
  [[nodiscard]] ssize_t receive(std::span<char> into);
  Progress stopped(std::size_t bytes, int error);
  Progress wait(std::size_t bytes);
  Progress ended(std::size_t bytes);
  Progress fail(std::size_t bytes);
  void useInput(std::size_t count);
  void took(std::uint64_t bytes);

  Source& source_;
  Input& input_;
  const int socket_;
  const Framing framing_;
  State state_ = State::kComing;
  bool waiting_ = false;
  bool moving_ = false;
  bool releasesInput_ = false;
  int sourceError_ = 0;
  std::optional<std::uint64_t> size_;
  std::uint64_t left_ = 0;  // kSized
  std::uint64_t taken_ = 0;
  std::uint64_t spliced_ = 0;
  std::uint64_t most_ = 0;
  std::optional<http::ChunkReader> chunks_;
  socksplice::Pump pump_;
};

}  // namespace proxy::http1
