// The framing of a chunked body (RFC 9112, 7.1), without its payload: says how many bytes of
// payload follow, skips them as they are moved by somebody else, and reads the trailer. llhttp
// underneath; pure; fuzzed. Chunk extensions are dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "http/field.h"

namespace proxy::http {

class ChunkReader {
 public:
  enum class State : std::uint8_t {
    kFraming,  ///< give read() the bytes that come next
    kPayload,  ///< payload() bytes of payload come next, and do not go through read()
    kEnd,      ///< the last chunk and the trailer were read: trailers() may be asked
    kBad,      ///< malformed, or a trailer larger than the limits
  };

  ChunkReader();
  ~ChunkReader();
  ChunkReader(const ChunkReader&) = delete;
  ChunkReader& operator=(const ChunkReader&) = delete;

  /// kFraming: reads framing until payload begins or the body ends; returns how many bytes it used.
  [[nodiscard]] std::size_t read(std::string_view bytes);

  /// kPayload: `count` bytes of payload, at most payload(), were taken by somebody.
  void skip(std::uint64_t count);

  [[nodiscard]] State state() const noexcept;
  /// Bytes of payload until the next framing; 0 unless kPayload.
  [[nodiscard]] std::uint64_t payload() const noexcept;
  /// The trailer section's fields, valid until this object goes.
  [[nodiscard]] Fields trailers() const noexcept;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace proxy::http
