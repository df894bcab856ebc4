// Asking the upstream whether what is kept still holds (RFC 9111, 4.3). Which fields its 304 then
// replaces is stored_fields.h. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "http/date.h"
#include "http/field.h"

namespace proxy::cache {

/// Views into an answer's fields; each empty where there is none that can be used.
struct Validators {
  std::string_view etag;          ///< ETag, an entity tag as it was written
  std::string_view lastModified;  ///< Last-Modified, a date as it was written

  [[nodiscard]] bool empty() const noexcept { return etag.empty() && lastModified.empty(); }
};

/// Conservative: a malformed one is none, and so are several that differ. `received`, when the
/// answer came, tells the century of dates with a year of two digits.
[[nodiscard]] Validators validatorsOf(http::Fields answer, http::Time received) noexcept;

/// Appends If-None-Match and If-Modified-Since for the one answer that a request selected, and of
/// other variants under its key (which the upstream may choose, too) their tags; empty ones are
/// left out (RFC 9111, 4.3.1).
void appendConditions(std::string& out, const Validators& selected,
                      std::span<const std::string_view> otherTags);

/// Whether a client's field of that name stays here when the cache fetches a whole answer: the
/// conditions that the cache judges itself, and Range.
[[nodiscard]] bool isWithheld(std::string_view name) noexcept;

/// Whether a 304 is about the answer with these validators (RFC 9111, 4.3.4): the same strong tag,
/// or else the same weak one, or else the same date. One without any is about `asked`, the answer
/// that alone was asked for; conservative: about none if there were several.
[[nodiscard]] bool confirms(http::Fields notModified, const Validators& kept, bool asked,
                            http::Time received) noexcept;

}  // namespace proxy::cache
