// Cache directives, of requests and of responses (RFC 9111, 5.2; RFC 5861; RFC 8246; RFC 9213).
// Pure; fuzzed.
//
// Where a field contradicts itself or is malformed the most restrictive reading holds (RFC 9111,
// 4.2.1): of several numbers the smallest (of min-fresh the largest), of one that is none "stale";
// a directive that forbids holds whatever its argument or its surroundings look like, one that
// permits does not.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "cache/seconds.h"
#include "http/field.h"

namespace proxy::cache {

/// delta-seconds (RFC 9111, 1.2.2): digits and nothing else, at most kForever.
[[nodiscard]] std::optional<Seconds> parseSeconds(std::string_view text) noexcept;

/// The names that arguments of private or no-cache list, as views into the field.
class FieldNames {
 public:
  /// Whether the list could be taken over: tokens between commas, at least one, no fifth list.
  [[nodiscard]] bool add(std::string_view list) noexcept;
  [[nodiscard]] bool has(std::string_view name) const noexcept;
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

 private:
  std::array<std::string_view, 4> lists_;
  std::size_t size_ = 0;
};

struct RequestDirectives {
  bool noCache = false;  ///< also Pragma: no-cache where there is no Cache-Control (RFC 9111, 5.4)
  bool noStore = false;
  bool onlyIfCached = false;
  std::optional<Seconds> maxAge;    ///< malformed: 0
  std::optional<Seconds> minFresh;  ///< malformed: kForever
  std::optional<Seconds> maxStale;  ///< without argument kForever, malformed: as if absent
  std::optional<Seconds> staleIfError;
};

struct ResponseDirectives {
  bool targeted = false;  ///< from CDN-Cache-Control: Cache-Control and Expires mean nothing
  bool noStore = false;
  bool noCache = false;    ///< of the whole answer
  bool isPrivate = false;  ///< of the whole answer
  bool isPublic = false;
  bool mustRevalidate = false;
  bool proxyRevalidate = false;
  bool mustUnderstand = false;
  bool immutable = false;
  std::optional<Seconds> maxAge;   ///< malformed: 0, so stale
  std::optional<Seconds> sMaxage;  ///< malformed: 0, so stale
  bool sMaxageMalformed = false;   ///< and so permits nothing
  std::optional<Seconds> staleWhileRevalidate;
  std::optional<Seconds> staleIfError;
  FieldNames noCacheFields;  ///< if a list of names is malformed, the directive is about the whole
  FieldNames privateFields;

  /// public or s-maxage.
  [[nodiscard]] bool isShared() const noexcept {
    return isPublic || (sMaxage && !sMaxageMalformed);
  }
};

/// Whether an answer is said to be for others than who asked for it, its cookies included: public,
/// s-maxage, or CDN-Cache-Control, which nobody writes by accident.
[[nodiscard]] inline bool sharesCookies(const ResponseDirectives& said) noexcept {
  return said.isShared() || said.targeted;
}

[[nodiscard]] RequestDirectives requestDirectives(http::Fields fields) noexcept;

/// CDN-Cache-Control, where it is valid and not empty, takes the place of Cache-Control (RFC 9213,
/// 2.2); else it is as if it were absent. The lists of names are views into the fields.
[[nodiscard]] ResponseDirectives responseDirectives(http::Fields fields) noexcept;

}  // namespace proxy::cache
