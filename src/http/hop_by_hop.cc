#include "http/hop_by_hop.h"

#include <algorithm>
#include <span>

#include "http/list.h"

namespace proxy::http {
namespace {

bool mayBeNominated(std::string_view option) noexcept {
  switch (nameOf(option)) {
    case Name::kContentLength:
    case Name::kExpect:
    case Name::kHost:
    case Name::kMaxForwards:
    case Name::kTransferEncoding:
    case Name::kUpgrade:  // goes on, or does not, for another reason
    case Name::kVia:
    case Name::kKeepAlive:  // names no field here, but what the connection is to do
      return false;
    case Name::kOther:
      return !sameText(option, "close");
    default:
      return !tellsOrigin(nameOf(option));
  }
}

}  // namespace

bool isHopByHop(Name name) noexcept {
  switch (name) {
    case Name::kConnection:
    case Name::kKeepAlive:
    case Name::kProxyAuthenticate:
    case Name::kProxyAuthorization:
    case Name::kProxyConnection:
    case Name::kTe:
    case Name::kTransferEncoding:
      return true;
    default:
      return false;
  }
}

bool tellsOrigin(Name name) noexcept {
  return name == Name::kForwarded || name == Name::kXForwardedFor ||
         name == Name::kXForwardedHost || name == Name::kXForwardedProto;
}

Nominated::Nominated(Fields fields) noexcept {
  for (const Field& field : fields) {
    if (field.known == Name::kConnection) add(field.value);
  }
}

bool Nominated::has(std::string_view name) const noexcept {
  const auto names = std::span(names_).first(size_);
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view nominated) { return sameText(nominated, name); });
}

// frame() refused a message that names more than there is room for.
void Nominated::add(std::string_view value) noexcept {
  for (List list(value); list.next() && size_ < names_.size();) {
    if (mayBeNominated(list.element())) names_[size_++] = list.element();
  }
}

}  // namespace proxy::http
