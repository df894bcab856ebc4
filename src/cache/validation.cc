#include "cache/validation.h"

#include <algorithm>
#include <iterator>

#include "cache/entity_tag.h"
#include "cache/lookup.h"

namespace proxy::cache {

Validators validatorsOf(http::Fields answer, http::Time received) noexcept {
  Validators validators;
  const auto etag = agreed(answer, "etag");
  if (etag && parseEntityTag(*etag)) validators.etag = *etag;
  const auto modified = agreed(answer, "last-modified");
  if (modified && http::parseDate(*modified, received)) validators.lastModified = *modified;
  return validators;
}

void appendConditions(std::string& out, const Validators& selected,
                      std::span<const std::string_view> otherTags) {
  std::string_view before = "If-None-Match: ";
  const auto append = [&](std::string_view tag) {
    if (tag.empty()) return;
    out.append(before).append(tag);
    before = ", ";
  };
  append(selected.etag);
  for (const std::string_view tag : otherTags) append(tag);
  if (before == ", ") out.append("\r\n");
  if (!selected.lastModified.empty()) {
    out.append("If-Modified-Since: ").append(selected.lastModified).append("\r\n");
  }
}

bool isWithheld(std::string_view name) noexcept {
  constexpr std::string_view kNames[] = {"if-none-match", "if-modified-since", "if-range", "range"};
  return std::any_of(std::begin(kNames), std::end(kNames),
                     [&](std::string_view other) { return http::sameText(other, name); });
}

bool confirms(http::Fields notModified, const Validators& kept, bool asked,
              http::Time received) noexcept {
  const Validators said = validatorsOf(notModified, received);
  if (const auto tag = parseEntityTag(said.etag)) {
    const auto known = parseEntityTag(kept.etag);
    if (!known) return false;
    return tag->weak ? equalWeakly(*tag, *known) : equalStrongly(*tag, *known);
  }
  if (has(notModified, "etag")) return false;  // one that cannot be read
  if (said.lastModified.empty()) return asked;
  return !kept.lastModified.empty() && http::parseDate(said.lastModified, received) ==
                                           http::parseDate(kept.lastModified, received);
}

}  // namespace proxy::cache
