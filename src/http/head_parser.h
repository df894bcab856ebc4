// Reads the head of a message: llhttp with all its strictness, and behind it what llhttp lets pass
// (see framing.h for the body's length). Pure; fuzzed.
//
// The caller keeps the bytes in one piece, from the first byte of the head on, and passes all of
// them again whenever more have come; only what is new is parsed. The views of the head point into
// the bytes of the last call.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "http/framing.h"
#include "http/head.h"
#include "http/problem.h"

namespace proxy::http {

struct HeadLimits {
  std::size_t bytes = std::size_t{32} * 1024;
  std::size_t fields = 100;
  std::size_t target = std::size_t{8} * 1024;
};

enum class Parsed : unsigned char {
  kMore,     ///< the head is not complete
  kDone,     ///< head() and framing() may be asked; the body, or the next message, follows it
  kRefused,  ///< problem() says why; the rest of the connection means nothing any more
};

class RequestParser {
 public:
  explicit RequestParser(const HeadLimits& limits);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  /// Empty lines in front of a request are skipped (RFC 9112, 2.2): they count as part of it.
  [[nodiscard]] Parsed parse(std::string_view bytes);
  [[nodiscard]] const RequestHead& head() const noexcept;
  [[nodiscard]] const RequestFraming& framing() const noexcept;
  [[nodiscard]] Problem problem() const noexcept;
  /// Bytes before the body, counted from the first one of the last parse().
  [[nodiscard]] std::size_t headSize() const noexcept;

  /// For the next message.
  void reset() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class ResponseParser {
 public:
  explicit ResponseParser(const HeadLimits& limits);
  ~ResponseParser();
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  /// For the answer to a request with this method. 1xx heads come out one by one: reset(), and go
  /// on behind headSize().
  void reset(std::string_view requestMethod) noexcept;
  [[nodiscard]] Parsed parse(std::string_view bytes);
  [[nodiscard]] const ResponseHead& head() const noexcept;
  [[nodiscard]] const ResponseFraming& framing() const noexcept;
  [[nodiscard]] Problem problem() const noexcept;
  [[nodiscard]] std::size_t headSize() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace proxy::http
