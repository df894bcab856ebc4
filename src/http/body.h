// A seam: the payload of a message, without its framing. Whoever writes the message pulls the body
// with one of two verbs: move it to a socket, or read it into memory (what TLS or HTTP/2 must see,
// and what is small). Belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "http/field.h"

namespace proxy::http {

class Body {
 public:
  enum class Wait : std::uint8_t {
    kNothing,       ///< the share is used up, or another verb has to be used: go on at once
    kSource,        ///< for more of it: Reader::bodyReady() tells
    kTarget,        ///< for the socket to become writable
    kEnd,           ///< no more: this was all of it
    kFailed,        ///< no more: it is not complete, and never will be
    kTargetFailed,  ///< no more: the socket failed
  };
  struct Progress {
    std::size_t bytes = 0;  ///< that were read, or that the socket took
    Wait wait = Wait::kNothing;
  };

  class Reader {
   public:
    /// There may be more.
    virtual void bodyReady() = 0;

   protected:
    ~Reader() = default;
  };

  virtual ~Body() = default;

  /// Who is told; null: nobody. At most one.
  void attach(Reader* reader) noexcept { reader_ = reader; }

  /// Bytes in all, where that is known from the start.
  [[nodiscard]] virtual std::optional<std::uint64_t> size() const noexcept = 0;

  /// Bytes that come next and can be moved; 0: they have to be read. Once moving has begun it goes
  /// on until these are gone.
  [[nodiscard]] virtual std::uint64_t movable() const noexcept = 0;

  /// Moves some of these to `socket`, about `share` at most.
  virtual Progress move(int socket, std::size_t share) = 0;

  /// Reads some of it. kNothing with 0 bytes: move() has to be used.
  virtual Progress read(std::span<char> into) = 0;

  /// After kEnd.
  [[nodiscard]] virtual Fields trailers() const noexcept { return {}; }

 protected:
  [[nodiscard]] Reader* reader() const noexcept { return reader_; }

 private:
  Reader* reader_ = nullptr;
};

}  // namespace proxy::http
