#include "http/framing.h"

#include <charconv>
#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>

#include "http/characters.h"
#include "http/hop_by_hop.h"
#include "http/list.h"
#include "http/target.h"

namespace proxy::http {
namespace {

/// What framing depends on, gathered in one pass over the fields.
struct Gathered {
  std::size_t hosts = 0;
  std::size_t lengths = 0;
  std::size_t codings = 0;
  std::size_t options = 0;  ///< of Connection
  std::string_view host;
  std::string_view length;
  std::string_view coding;
  bool close = false;
  bool keepAlive = false;
  bool expects = false;

  explicit Gathered(Fields fields) noexcept;
  void addOptions(std::string_view value) noexcept;
  [[nodiscard]] bool persists(Version version) const noexcept;
};

Gathered::Gathered(Fields fields) noexcept {
  for (const Field& field : fields) {
    switch (field.known) {
      case Name::kHost:
        ++hosts;
        host = field.value;
        break;
      case Name::kContentLength:
        ++lengths;
        length = field.value;
        break;
      case Name::kTransferEncoding:
        ++codings;
        coding = field.value;
        break;
      case Name::kConnection:
        addOptions(field.value);
        break;
      case Name::kExpect:
        expects = expects || !field.value.empty();
        break;
      default:
        break;
    }
  }
}

void Gathered::addOptions(std::string_view value) noexcept {
  for (List list(value); list.next(); ++options) {
    if (sameText(list.element(), "close")) close = true;
    if (sameText(list.element(), "keep-alive")) keepAlive = true;
  }
}

// RFC 9112, 9.3.
bool Gathered::persists(Version version) const noexcept {
  return !close && (version == Version::k11 || keepAlive);
}

// 1*DIGIT, as large as a file can be. Zeros in front are valid (RFC 9110, 8.6) and refused: to some
// readers they say octal.
std::optional<std::uint64_t> parseLength(std::string_view text) noexcept {
  std::uint64_t size = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, size);
  const bool whole = !text.empty() && error == std::errc() && stop == end;
  const bool padded = text.size() > 1 && text.front() == '0';
  if (!whole || padded || size > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
  return size;
}

bool isChunkedAlone(const Gathered& seen) noexcept {
  return seen.codings == 1 && sameText(seen.coding, "chunked");
}

// Of codings that are not just "chunked" (RFC 9112, 6.1 and 7): a well-formed list of others, with
// "chunked" once and last if at all, is what we lack; anything else is malformed.
Problem judgeCodings(Fields fields) noexcept {
  bool unknown = false;
  bool chunked = false;
  for (const Field& field : fields) {
    if (field.known != Name::kTransferEncoding) continue;
    for (List list(field.value); list.next();) {
      const std::string_view element = list.element();
      const std::string_view name = trimmed(element.substr(0, element.find(';')));
      if (chunked || !isToken(name)) return Problem::kBadRequest;
      chunked = sameText(name, "chunked");
      if (chunked && name != element) return Problem::kBadRequest;
      if (!chunked) unknown = true;
    }
  }
  return unknown ? Problem::kCodingUnknown : Problem::kBadRequest;
}

// RFC 9112, 3.2. An empty Host is malformed too: http has no target without a host.
bool isHostValid(const Gathered& seen, Version version) noexcept {
  if (seen.hosts == 0) return version == Version::k10;
  return seen.hosts == 1 && parseAuthority(seen.host).has_value();
}

Problem judgeExpectations(Fields fields) noexcept {
  for (const Field& field : fields) {
    if (field.known != Name::kExpect) continue;
    for (List list(field.value); list.next();) {
      if (!sameText(list.element(), "100-continue")) return Problem::kExpectationUnknown;
    }
  }
  return Problem::kNone;
}

Problem frameBody(const RequestHead& head, const Gathered& seen, BodyLength& body) noexcept {
  if (seen.codings > 0) {
    // With a length too, or from somebody who cannot know it, it smells of smuggling (6.1).
    if (seen.lengths > 0 || head.version == Version::k10) return Problem::kBadRequest;
    if (!isChunkedAlone(seen)) return judgeCodings(head.fields);
    body = ChunkedBody{};
    return Problem::kNone;
  }
  if (seen.lengths == 0) return Problem::kNone;
  const auto size = parseLength(seen.length);
  if (seen.lengths > 1 || !size) return Problem::kBadRequest;
  body = SizedBody{*size};
  return Problem::kNone;
}

bool hasBytes(const BodyLength& body) noexcept {
  if (const auto* sized = std::get_if<SizedBody>(&body)) return sized->size > 0;
  return !std::holds_alternative<NoBody>(body);
}

Problem frameRequest(const RequestHead& head, const Gathered& seen,
                     RequestFraming& framing) noexcept {
  if (!isHostValid(seen, head.version)) return Problem::kBadRequest;
  if (seen.options > kMaxConnectionOptions) return Problem::kBadRequest;
  const Problem problem = frameBody(head, seen, framing.body);
  if (problem != Problem::kNone) return problem;
  if (head.method == "CONNECT") {
    // Bytes behind it belong to the tunnel, if there will be one (RFC 9110, 9.3.6).
    if (hasBytes(framing.body)) return Problem::kBadRequest;
    framing.body = NoBody{};
  }
  return seen.expects ? judgeExpectations(head.fields) : Problem::kNone;
}

// RFC 9112, 6.3, the first two rules.
bool hasNoBody(int status, std::string_view requestMethod) noexcept {
  return status < 200 || status == 204 || status == 304 || requestMethod == "HEAD" ||
         (requestMethod == "CONNECT" && status < 300);
}

bool frameBody(const ResponseHead& head, const Gathered& seen, BodyLength& body) noexcept {
  if (seen.codings > 0) {
    if (seen.lengths > 0 || head.version == Version::k10 || !isChunkedAlone(seen)) return false;
    body = ChunkedBody{};
    return true;
  }
  if (seen.lengths == 0) {
    body = BodyUntilEnd{};
    return true;
  }
  const auto size = parseLength(seen.length);
  if (seen.lengths > 1 || !size) return false;
  body = SizedBody{*size};
  return true;
}

}  // namespace

RequestFraming frame(const RequestHead& head) noexcept {
  const Gathered seen(head.fields);
  RequestFraming framing;
  framing.problem = frameRequest(head, seen, framing);
  if (framing.problem != Problem::kNone) return framing;
  framing.keepAlive = seen.persists(head.version);
  // RFC 9110, 10.1.1: without a body, or from a client of 1.0, it means nothing.
  framing.expectsContinue = seen.expects && head.version == Version::k11 && hasBytes(framing.body);
  return framing;
}

ResponseFraming frame(const ResponseHead& head, std::string_view requestMethod) noexcept {
  const Gathered seen(head.fields);
  ResponseFraming framing;
  const bool framed = frameBody(head, seen, framing.body);
  if (!framed || seen.options > kMaxConnectionOptions) {
    framing.problem = Problem::kResponseMalformed;
    return framing;
  }
  framing.keepAlive = seen.persists(head.version);
  if (!hasNoBody(head.status, requestMethod)) {
    if (std::holds_alternative<BodyUntilEnd>(framing.body)) framing.keepAlive = false;
    return framing;
  }

  const bool claimed = hasBytes(framing.body) && seen.lengths + seen.codings > 0;
  framing.body = NoBody{};
  if (head.status < 200 && claimed) framing.problem = Problem::kResponseMalformed;
  // Who announces a body here, against RFC 9110, 8.6 and RFC 9112, 6.1, may send it too.
  if (head.status == 204 && claimed) framing.keepAlive = false;
  const bool tunnel = head.status == 101 || (requestMethod == "CONNECT" && head.status / 100 == 2);
  if (tunnel) framing.keepAlive = false;
  return framing;
}

}  // namespace proxy::http
