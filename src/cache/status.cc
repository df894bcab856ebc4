#include "cache/status.h"

#include "http/head.h"

namespace proxy::cache {

StatusClass classOf(int status) noexcept {
  if (status < 200) return StatusClass::kNever;
  switch (status) {
    case 206:
    case 226:
    case 304:
    case 412:
    case 416:
    case 417:
    case 428:
    case 429:
    case 431:
    case 511:
      return StatusClass::kNever;
    case 200:
    case 203:
    case 204:
    case 300:
    case 301:
    case 308:
    case 404:
    case 405:
    case 410:
    case 414:
    case 451:  // RFC 7725, 3
    case 501:
      return StatusClass::kHeuristic;
    default:
      return http::reasonOf(status).empty() ? StatusClass::kUnknown : StatusClass::kExplicit;
  }
}

}  // namespace proxy::cache
