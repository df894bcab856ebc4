#include "cache/storing.h"

#include "cache/lookup.h"
#include "cache/status.h"
#include "cache/validation.h"
#include "cache/vary.h"

namespace proxy::cache {
namespace {

bool hasBody(const http::RequestHead& request) noexcept {
  if (http::find(request.fields, http::Name::kTransferEncoding)) return true;
  const auto length = http::find(request.fields, http::Name::kContentLength);
  return length && length->find_first_not_of('0') != std::string_view::npos;
}

Reason judgeStatus(int status, const ResponseDirectives& said) noexcept {
  const StatusClass known = classOf(status);
  if (known == StatusClass::kNever) return Reason::kStatus;
  const bool understood = known != StatusClass::kUnknown;
  if (said.mustUnderstand && !understood) return Reason::kNotUnderstood;
  // It says no-store to those who do not understand must-understand (RFC 9111, 5.2.2.3).
  if (said.noStore && !said.mustUnderstand) return Reason::kNoStore;
  return Reason::kStored;
}

// RFC 9111, 3.5.
bool mayShareAuthorized(const ResponseDirectives& said) noexcept {
  return said.isShared() || said.mustRevalidate;
}

bool mayKeepCookies(http::Fields fields, const ResponseDirectives& said) noexcept {
  return !has(fields, "set-cookie") || sharesCookies(said) ||
         said.privateFields.has("set-cookie") || said.noCacheFields.has("set-cookie");
}

Reason judgeSharing(const http::RequestHead& request, const http::ResponseHead& response,
                    const ResponseDirectives& said) noexcept {
  if (said.isPrivate) return Reason::kPrivate;
  const bool authorized = has(request.fields, "authorization");
  if (authorized && !mayShareAuthorized(said)) return Reason::kAuthorization;
  return mayKeepCookies(response.fields, said) ? Reason::kStored : Reason::kSetCookie;
}

Reason judgeVary(http::Fields fields) noexcept {
  const Vary vary(fields);
  if (vary.isAny()) return Reason::kVaryAny;
  return vary.isTooMany() ? Reason::kVaryTooMany : Reason::kStored;
}

// RFC 9111, 3, its last condition; and whether keeping it is of any use.
Reason judgeUse(const http::ResponseHead& response, const ResponseDirectives& said,
                const Freshness& freshness) noexcept {
  const bool heuristic = classOf(response.status) == StatusClass::kHeuristic;
  if (!heuristic && !said.isPublic && !freshness.isExplicit()) return Reason::kNotExplicit;
  if (!validatorsOf(response.fields, freshness.received).empty()) return Reason::kStored;
  if (said.noCache) return Reason::kUseless;
  const bool usable = freshness.isFresh(freshness.received) ||
                      said.staleWhileRevalidate.value_or(Seconds{0}) > Seconds{0} ||
                      said.staleIfError.value_or(Seconds{0}) > Seconds{0};
  return usable ? Reason::kStored : Reason::kUseless;
}

}  // namespace

Reason mayLookUp(const http::RequestHead& request) noexcept {
  if (request.method != "GET" && request.method != "HEAD") return Reason::kMethod;
  return hasBody(request) ? Reason::kRequestBody : Reason::kStored;
}

Reason mayStore(const http::RequestHead& request, const RequestDirectives& asked,
                const http::ResponseHead& response, const ResponseDirectives& said,
                const Freshness& freshness) noexcept {
  if (request.method != "GET") return Reason::kMethod;
  if (hasBody(request)) return Reason::kRequestBody;
  if (asked.noStore) return Reason::kRequestNoStore;
  for (const Reason verdict :
       {judgeStatus(response.status, said), judgeSharing(request, response, said),
        judgeVary(response.fields), judgeUse(response, said, freshness)}) {
    if (verdict != Reason::kStored) return verdict;
  }
  return Reason::kStored;
}

}  // namespace proxy::cache
