// Why an exchange could not be answered as it was asked: each reason with the status that the
// client gets and the error type of Proxy-Status (RFC 9209, 2.3). Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace proxy::http {

/// A reason, and where that is kUnavailable, after how long it may be worth asking again. Two are
/// equal if their reasons are.
class Problem {
 public:
  enum Reason : std::uint8_t {
    kNone,
    // The client's request.
    kBadRequest,          ///< 400: malformed in a way that has no number of its own
    kHeadTimeout,         ///< 408: the head did not come in time
    kBodyTimeout,         ///< 408: the body stopped coming
    kBodyTooLarge,        ///< 413
    kTargetTooLong,       ///< 414
    kExpectationUnknown,  ///< 417
    kMisdirected,         ///< 421: not a host or scheme that is served here
    kHeadTooLarge,        ///< 431: too many bytes, or too many fields
    kMethodUnknown,       ///< 501
    kCodingUnknown,       ///< 501: a transfer coding besides chunked
    kVersionUnknown,      ///< 505
    kConnectRefused,      ///< 403: CONNECT to a port that is not allowed
    // The upstream.
    kConnectionRefused,     ///< 502
    kConnectionTerminated,  ///< 502: it ended before the head of its answer was complete
    kResponseMalformed,     ///< 502: its head, or the framing of its body
    kResponseTooLarge,      ///< 502: its head has too many bytes or fields
    kConnectionTimeout,     ///< 504
    kResponseTimeout,       ///< 504: no answer in time
    // Ourselves.
    kUnavailable,  ///< 503 with Retry-After: no upstream, or our means are exhausted
    kReasons,      ///< how many there are
  };

  /// Not explicit: a reason is what most problems are.
  constexpr Problem(Reason reason) noexcept : reason_(reason) {}
  constexpr Problem(Reason reason, std::chrono::seconds retryAfter) noexcept
      : reason_(reason), retryAfter_(retryAfter) {}

  [[nodiscard]] constexpr Reason reason() const noexcept { return reason_; }
  [[nodiscard]] constexpr std::chrono::seconds retryAfter() const noexcept { return retryAfter_; }

  friend constexpr bool operator==(Problem a, Problem b) noexcept { return a.reason_ == b.reason_; }

 private:
  Reason reason_;
  std::chrono::seconds retryAfter_{5};
};

struct ProblemInfo {
  Problem problem;
  int status;
  std::string_view errorType;  ///< of RFC 9209; empty if it has none that fits
  std::string_view text;       ///< a sentence for the client and the log
};

[[nodiscard]] const ProblemInfo& info(Problem problem) noexcept;

}  // namespace proxy::http
