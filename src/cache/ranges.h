// Range requests for bytes (RFC 9110, 14): which parts are sent, and how they are written. Pure;
// fuzzed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "http/field.h"

namespace proxy::cache {

/// Bytes of a body, never none of them.
struct Span {
  std::uint64_t first = 0;
  std::uint64_t size = 0;
};

inline constexpr std::size_t kMaxSpans = 16;

enum class RangeAnswer : std::uint8_t {
  kWhole,          ///< 200: as if there were no Range
  kSpans,          ///< 206: one span with Content-Range, several as multipart/byteranges
  kUnsatisfiable,  ///< 416
};

/// The parts that a Range asks for, in its order.
class Ranges {
 public:
  /// Of a body of `length` bytes, for the request's Range.
  ///
  /// Conservative: the whole is sent where there is no Range or several lines of it, where its unit
  /// is not bytes or it is malformed, where it asks for more than kMaxSpans parts, or for a byte
  /// twice (RFC 9110, 14.2 and 17.15), and where the body is empty.
  Ranges(http::Fields request, std::uint64_t length) noexcept;

  [[nodiscard]] RangeAnswer answer() const noexcept { return answer_; }
  /// Within the body, none overlapping another; at least one for kSpans, else none.
  [[nodiscard]] std::span<const Span> spans() const noexcept {
    return std::span(spans_).first(size_);
  }

 private:
  void parse(std::string_view value, std::uint64_t length) noexcept;
  [[nodiscard]] bool add(std::string_view spec, std::uint64_t length) noexcept;
  [[nodiscard]] bool overlaps(const Span& span) const noexcept;

  std::array<Span, kMaxSpans> spans_;
  std::size_t size_ = 0;
  RangeAnswer answer_ = RangeAnswer::kWhole;
};

/// Appends "bytes 0-99/1000": Content-Range of a 206 (RFC 9110, 14.4).
void appendContentRange(std::string& out, const Span& span, std::uint64_t length);
/// Appends "bytes */1000": Content-Range of a 416.
void appendUnsatisfied(std::string& out, std::uint64_t length);

/// A multipart/byteranges body (RFC 9110, 14.6): before each span its head, behind the last the
/// end. Holds views of what it is made of.
class Multipart {
 public:
  /// `boundary`: 1 to 70 characters that no part holds behind an empty line (RFC 2046, 5.1.1);
  /// `contentType`: of the whole, may be empty; `length`: of the whole, below 2^62.
  Multipart(std::span<const Span> spans, std::string_view boundary, std::string_view contentType,
            std::uint64_t length) noexcept
      : spans_(spans), boundary_(boundary), contentType_(contentType), length_(length) {}

  /// Content-Length: all the heads, spans and the end. Nothing is written for it.
  [[nodiscard]] std::uint64_t size() const noexcept;
  void appendHead(std::string& out, std::size_t index) const;
  void appendEnd(std::string& out) const;

 private:
  std::span<const Span> spans_;
  std::string_view boundary_;
  std::string_view contentType_;
  std::uint64_t length_;
};

/// Appends "multipart/byteranges; boundary=...": the Content-Type of such an answer.
void appendMultipartType(std::string& out, std::string_view boundary);

}  // namespace proxy::cache
