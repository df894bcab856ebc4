#include "cache/conditions.h"

#include <chrono>
#include <optional>

#include "cache/entity_tag.h"
#include "cache/lookup.h"
#include "cache/validation.h"

namespace proxy::cache {
namespace {

std::optional<http::Time> dateOf(const Kept& kept) noexcept {
  const auto date = agreed(kept.fields, "date");
  return date ? http::parseDate(*date, kept.received) : std::nullopt;
}

// RFC 9110, 13.1.2.
bool matchesNone(http::Fields request, const Kept& kept) noexcept {
  if (sole(request, "if-none-match") == "*") return false;
  const auto known = parseEntityTag(validatorsOf(kept.fields, kept.received).etag);
  if (!known) return true;
  for (const http::Field& field : request) {
    if (!http::sameText(field.name, "if-none-match")) continue;
    for (EntityTags tags(field.value); tags.next();) {
      if (equalWeakly(tags.tag(), *known)) return false;
    }
  }
  return true;
}

// What has no Last-Modified was modified when it was sent, or else when it came (RFC 9111, 4.3.2).
bool isModifiedSince(http::Fields request, const Kept& kept) noexcept {
  const auto text = sole(request, "if-modified-since");
  const auto since = text ? http::parseDate(*text, kept.received) : std::nullopt;
  if (!since) return true;
  if (has(kept.fields, "last-modified")) {
    const Validators known = validatorsOf(kept.fields, kept.received);
    const auto modified = http::parseDate(known.lastModified, kept.received);
    return !modified || *modified > *since;
  }
  return dateOf(kept).value_or(kept.received) > *since;
}

// RFC 9110, 13.1.5: a tag, or the very date of Last-Modified.
bool matchesRange(std::string_view text, const Kept& kept) noexcept {
  const Validators known = validatorsOf(kept.fields, kept.received);
  if (const auto tag = parseEntityTag(text)) {
    const auto etag = parseEntityTag(known.etag);
    return etag && equalStrongly(*tag, *etag);
  }
  const auto asked = http::parseDate(text, kept.received);
  const auto modified = http::parseDate(known.lastModified, kept.received);
  const auto date = dateOf(kept);
  return asked && modified && date && *asked == *modified &&
         *date - *modified >= std::chrono::minutes(1);
}

}  // namespace

bool needsOrigin(http::Fields request) noexcept {
  return has(request, "if-match") || has(request, "if-unmodified-since");
}

Verdict judge(const http::RequestHead& request, const Kept& kept) noexcept {
  if (kept.status != 200 || (request.method != "GET" && request.method != "HEAD")) {
    return Verdict::kAnswer;
  }
  const bool modified = has(request.fields, "if-none-match")
                            ? matchesNone(request.fields, kept)
                            : isModifiedSince(request.fields, kept);
  return modified ? Verdict::kAnswer : Verdict::kNotModified;
}

bool rangeApplies(const http::RequestHead& request, const Kept& kept) noexcept {
  if (request.method != "GET" || kept.status != 200) return false;
  if (!has(request.fields, "range")) return false;
  if (!has(request.fields, "if-range")) return true;
  const auto text = sole(request.fields, "if-range");
  return text && matchesRange(*text, kept);
}

}  // namespace proxy::cache
