#include "http/problem.h"

#include <cstddef>
#include <iterator>

namespace proxy::http {
namespace {

using P = Problem;
constexpr ProblemInfo kProblems[] = {
    {P::kNone, 500, "proxy_internal_error", "The proxy met an error of its own."},
    {P::kBadRequest, 400, "http_request_error", "The request is malformed."},
    {P::kHeadTimeout, 408, "http_request_error", "The request's head did not come in time."},
    {P::kBodyTimeout, 408, "http_request_error", "The request's body stopped coming."},
    {P::kBodyTooLarge, 413, "http_request_error", "The request's body is too large."},
    {P::kTargetTooLong, 414, "http_request_error", "The request's target is too long."},
    {P::kExpectationUnknown, 417, "http_request_error",
     "Of expectations only 100-continue can be met."},
    {P::kMisdirected, 421, "http_request_error", "This host or scheme is not served here."},
    {P::kHeadTooLarge, 431, "http_request_error", "The request's head is too large."},
    {P::kMethodUnknown, 501, "http_request_error", "The request's method is not known here."},
    {P::kCodingUnknown, 501, "http_request_error", "Of transfer codings only chunked is known."},
    {P::kVersionUnknown, 505, "http_request_error", "Only HTTP/1.0 and HTTP/1.1 are spoken here."},
    {P::kConnectRefused, 403, "http_request_denied", "Tunnels to this port are not allowed."},
    {P::kConnectionRefused, 502, "connection_refused", "The upstream refused the connection."},
    {P::kConnectionTerminated, 502, "connection_terminated",
     "The upstream ended the connection before it answered."},
    {P::kResponseMalformed, 502, "http_protocol_error", "The upstream's answer is malformed."},
    {P::kResponseTooLarge, 502, "http_response_header_section_size",
     "The head of the upstream's answer is too large."},
    {P::kConnectionTimeout, 504, "connection_timeout",
     "The upstream could not be reached in time."},
    {P::kResponseTimeout, 504, "http_response_timeout", "The upstream did not answer in time."},
    {P::kUnavailable, 503, "destination_unavailable", "No upstream can be reached at present."},
};

constexpr bool isInOrder() {
  for (std::size_t i = 0; i < std::size(kProblems); ++i) {
    if (kProblems[i].problem.reason() != i) return false;
  }
  return std::size(kProblems) == P::kReasons;
}
static_assert(isInOrder(), "a row for each problem, in the order of their declaration");

}  // namespace

const ProblemInfo& info(Problem problem) noexcept { return kProblems[problem.reason()]; }

}  // namespace proxy::http
