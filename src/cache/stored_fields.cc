#include "cache/stored_fields.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "cache/lookup.h"

namespace proxy::cache {
namespace {

using http::sameText;

bool isAmong(std::string_view name, std::span<const std::string_view> names) noexcept {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view other) { return sameText(other, name); });
}

// Written anew, or for one hop though http::Name does not have it (RFC 9111, 3.1).
constexpr std::string_view kNotKept[] = {"age", "proxy-authentication-info"};

// The body, as it was coded and cut when it was kept, and the request that it answers.
constexpr std::string_view kNotReplaced[] = {
    "content-digest", "content-encoding", "content-length", "content-md5", "content-range",
    "content-type",   "digest",           "repr-digest",    "vary",
};

constexpr std::string_view kOfOneAnswer[] = {"age", "date"};

bool isFraming(http::Name name) noexcept {
  return name == http::Name::kContentLength || name == http::Name::kTrailer ||
         name == http::Name::kUpgrade;
}

}  // namespace

bool StoredFields::keeps(const http::Field& field) const noexcept {
  return !http::isHopByHop(field.known) && !isFraming(field.known) &&
         !isAmong(field.name, kNotKept) && !nominated_.has(field.name) &&
         !said_.privateFields.has(field.name) && !said_.noCacheFields.has(field.name);
}

bool isReplaced(std::string_view name, const ResponseDirectives& said) noexcept {
  if (sameText(name, "set-cookie")) return sharesCookies(said);
  return !isAmong(name, kNotReplaced);
}

void freshen(http::Fields kept, http::Fields notModified, std::vector<http::Field>& out) {
  const ResponseDirectives said = responseDirectives(notModified);
  const StoredFields stored(notModified, said);
  const auto isTaken = [&](const http::Field& field) {
    return sameText(field.name, "age") || (stored.keeps(field) && isReplaced(field.name, said));
  };
  const auto isSuperseded = [&](const http::Field& old) {
    return isAmong(old.name, kOfOneAnswer) ||
           std::any_of(notModified.begin(), notModified.end(), [&](const http::Field& field) {
             return sameText(field.name, old.name) && isTaken(field);
           });
  };
  out.clear();
  std::remove_copy_if(kept.begin(), kept.end(), std::back_inserter(out), isSuperseded);
  std::copy_if(notModified.begin(), notModified.end(), std::back_inserter(out), isTaken);
}

}  // namespace proxy::cache
