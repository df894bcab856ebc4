// A head that is passed on has a line for each of its fields and no other: what came in, as it was
// and in its order, but for what one hop keeps for itself; and what this hop has to say, which is
// known beforehand. Here fields come as they are, without a parser that had refused some of them.
#include <algorithm>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "core/check.h"
#include "fuzz/input.h"
#include "fuzz/lines.h"
#include "fuzz/passing_on.h"
#include "http/forward.h"
#include "http/framing.h"
#include "http/target.h"

namespace proxy::http {
namespace {

BodyLength bodyFrom(Input& input, unsigned kinds) {
  switch (input.choice(kinds)) {
    case 0:
      return NoBody{};
    case 1:
      return SizedBody{input.number()};
    case 2:
      return ChunkedBody{};
    default:
      return BodyUntilEnd{};
  }
}

/// Takes the start line away; what remains are the fields.
std::vector<Field> fieldsBehind(std::string_view start, std::string_view out) {
  CHECK(out.starts_with(start) && out.ends_with("\r\n\r\n"));
  out.remove_prefix(start.size());
  return fieldsOf(out.substr(0, out.size() - 2));
}

void checkFraming(Fields written, const BodyLength& body) {
  const auto* sized = std::get_if<SizedBody>(&body);
  if (sized != nullptr) CHECK(find(written, Name::kContentLength) == std::to_string(sized->size));
  CHECK(count(written, Name::kContentLength) <= 1);
  const bool chunked = std::holds_alternative<ChunkedBody>(body);
  CHECK(count(written, Name::kTransferEncoding) == (chunked ? 1 : 0));
  if (chunked) {
    CHECK(find(written, Name::kTransferEncoding) == "chunked");
    CHECK(count(written, Name::kContentLength) == 0);
  }
}

void checkConnection(Fields written, const std::vector<std::string_view>& allowed) {
  constexpr Name kOfOneHop[] = {Name::kKeepAlive, Name::kProxyAuthenticate,
                                Name::kProxyAuthorization, Name::kProxyConnection};
  for (const Name name : kOfOneHop) CHECK(count(written, name) == 0);
  CHECK(count(written, Name::kConnection) <= 1);
  const auto said = find(written, Name::kConnection);
  CHECK(!said || std::find(allowed.begin(), allowed.end(), *said) != allowed.end());
}

void checkRest(Fields written, Fields came, bool requests, const std::vector<Name>& ours) {
  for (const Field& field : written) {
    const bool own = std::find(ours.begin(), ours.end(), field.known) != ours.end();
    CHECK(own || has(came, field));
  }
  CHECK(hasQuotedOptions(came) || endToEnd(written, requests) == endToEnd(came, requests));
}

/// Who the client is, it does not say itself, however it spells that.
void checkOrigin(Fields written, Fields came) {
  for (const Field& field : written) {
    std::string name(field.name);
    std::replace(name.begin(), name.end(), '_', '-');
    const Name meant = nameOf(name);
    const bool tells = meant == Name::kXForwardedFor || meant == Name::kXForwardedHost ||
                       meant == Name::kXForwardedProto;
    CHECK(!tells || field.known == meant);
  }
  CHECK(count(written, Name::kVia) <= count(came, Name::kVia) + 1);
}

void checkRequest(Input input) {
  constexpr std::pair<std::string_view, std::string_view> kAsked[] = {{"GET", "/a?b"},
                                                                      {"OPTIONS", "*"},
                                                                      {"CONNECT", "a.example:443"},
                                                                      {"GET", "http://b.c?d"},
                                                                      {"OPTIONS", "http://b.c:8"},
                                                                      {"M-SEARCH", "/"}};
  ForwardRules rules;
  rules.via = input.choice(2) == 1 ? "a.proxy" : "";
  rules.forwarded = static_cast<ForwardedStyle>(input.choice(3));
  rules.trustForwarded = input.choice(2) == 1;
  rules.host = input.choice(2) == 1 ? "d.example" : "";
  const ClientSide client{input.choice(2) == 1 ? "2001:db8::1" : "", true, "http"};
  const bool upgrade = input.choice(2) == 1;
  const BodyLength body = bodyFrom(input, 3);
  RequestHead head;
  head.version = input.choice(2) == 1 ? Version::k10 : Version::k11;
  std::tie(head.method, head.target) = kAsked[input.choice(std::size(kAsked))];
  const Target target = *parseTarget(head.method, head.target);
  const std::vector<Field> came = fieldsIn(input.rest());
  head.fields = came;
  if (frame(head).problem != Problem::kNone) return;

  std::string out;
  appendRequest(out, head, target, body, client, rules, upgrade);
  const std::string path = target.form == TargetForm::kAuthority ? std::string(target.authority)
                           : target.path.starts_with('?')        ? "/" + std::string(target.path)
                                                                 : std::string(target.path);
  const std::string start = std::string(head.method) + " " + path + " HTTP/1.1\r\n";
  const std::vector<Field> written = fieldsBehind(start, out);
  CHECK(count(written, Name::kHost) == 1);
  checkFraming(written, body);
  CHECK(std::holds_alternative<SizedBody>(body) || count(written, Name::kContentLength) == 0);
  checkConnection(written, {"Upgrade", "TE", "Upgrade, TE"});
  CHECK(count(written, Name::kTe) == 0 || find(written, Name::kTe) == "trailers");
  CHECK(upgrade || count(written, Name::kUpgrade) == 0);
  checkRest(written, came, true,
            {Name::kHost, Name::kContentLength, Name::kTransferEncoding, Name::kConnection,
             Name::kTe, Name::kVia, Name::kForwarded, Name::kXForwardedFor, Name::kXForwardedHost,
             Name::kXForwardedProto});
  if (rules.trustForwarded) return;
  checkOrigin(written, came);
  CHECK(count(written, Name::kForwarded) == (rules.forwarded == ForwardedStyle::kForwarded));
  CHECK(count(written, Name::kXForwardedFor) == (rules.forwarded == ForwardedStyle::kXForwarded));
}

void checkResponse(Input input) {
  constexpr std::string_view kMethods[] = {"GET", "HEAD", "CONNECT"};
  constexpr int kStatuses[] = {200, 100, 101, 204, 304, 599};
  ResponseRules rules;
  rules.clientVersion = input.choice(2) == 1 ? Version::k10 : Version::k11;
  rules.keepAlive = input.choice(2) == 1;
  rules.via = input.choice(2) == 1 ? "a.proxy" : "";
  rules.date = input.choice(2) == 1 ? "Sun, 06 Nov 1994 08:49:37 GMT" : "";
  const std::string_view method = kMethods[input.choice(3)];
  ResponseHead head;
  head.status = kStatuses[input.choice(6)];
  rules.upgrade = head.status == 101;
  const std::string_view reason = input.text();
  head.reason = isHarmless(reason) ? reason : "";
  const std::vector<Field> came = fieldsIn(input.rest());
  head.fields = came;
  const ResponseFraming framing = frame(head, method);
  if (framing.problem != Problem::kNone) return;

  std::string out;
  appendResponse(out, head, framing.body, method, rules);
  const std::string start = "HTTP/1.1 " + std::to_string(head.status) + " " +
                            std::string(head.reason.empty() ? reasonOf(head.status) : head.reason) +
                            "\r\n";
  const std::vector<Field> written = fieldsBehind(start, out);
  checkFraming(written, framing.body);
  checkConnection(written, {"Upgrade", "close", "keep-alive"});
  CHECK(rules.upgrade || count(written, Name::kUpgrade) == 0);
  CHECK(count(written, Name::kDate) <= std::max<std::size_t>(1, count(came, Name::kDate)));
  checkRest(
      written, came, false,
      {Name::kContentLength, Name::kTransferEncoding, Name::kConnection, Name::kVia, Name::kDate});
}

}  // namespace
}  // namespace proxy::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const proxy::Input input(data, size);
  proxy::http::checkRequest(input);
  proxy::http::checkResponse(input);
  return 0;
}
