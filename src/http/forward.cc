#include "http/forward.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <iterator>
#include <limits>
#include <system_error>

#include "http/characters.h"
#include "http/hop_by_hop.h"
#include "http/list.h"

namespace proxy::http {
namespace {

void appendLine(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void appendNumber(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end);
}

void appendQuoted(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

void appendLength(std::string& out, std::uint64_t size) {
  out.append("Content-Length: ");
  appendNumber(out, size);
  out.append("\r\n");
}

void appendFraming(std::string& out, const BodyLength& body) {
  if (const auto* sized = std::get_if<SizedBody>(&body)) appendLength(out, sized->size);
  if (std::holds_alternative<ChunkedBody>(body)) out.append("Transfer-Encoding: chunked\r\n");
}

// Who received it, and in which version (RFC 9110, 7.6.3); a line of its own is the list's end.
void appendVia(std::string& out, Version received, std::string_view pseudonym) {
  if (pseudonym.empty()) return;
  out.append(received == Version::k10 ? "Via: 1.0 " : "Via: 1.1 ");
  out.append(pseudonym).append("\r\n");
}

bool countsForwards(std::string_view method) noexcept {
  return method == "OPTIONS" || method == "TRACE";
}

// 1*DIGIT, without end: a number that we cannot hold is passed on as the largest that we can.
std::optional<std::uint64_t> parseForwards(std::string_view text) noexcept {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || stop != end) return std::nullopt;
  if (error == std::errc::result_out_of_range) return std::numeric_limits<std::uint64_t>::max();
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

// The fields that would be for one hop, were it not that a tunnel is asked of the proxy behind us:
// it is that one who authenticates (RFC 9110, 11.7).
bool isForTunnel(Name name, std::string_view method) noexcept {
  return method == "CONNECT" &&
         (name == Name::kProxyAuthenticate || name == Name::kProxyAuthorization);
}

// What X_Forwarded_For, say, is to CGI and its heirs, who read names as if they had hyphens; kOther
// if nothing of that kind.
Name disguised(std::string_view name) noexcept {
  std::array<char, 17> text;
  if (name.size() > text.size() || name.find('_') == name.npos) return Name::kOther;
  std::replace_copy(name.begin(), name.end(), text.begin(), '_', '-');
  return nameOf({text.data(), name.size()});
}

// To CGI it would be the variable that says which proxy to use for requests of its own ("httpoxy").
bool isHttpoxy(std::string_view name) noexcept { return sameText(name, "Proxy"); }

/// Writes one request's head, in order of happening.
class RequestWriter {
 public:
  RequestWriter(std::string& out, const RequestHead& head, const Target& target,
                const ClientSide& client, const ForwardRules& rules)
      : out_(out),
        head_(head),
        target_(target),
        client_(client),
        rules_(rules),
        host_(target.form == TargetForm::kAbsolute ? target.authority
                                                   : find(head.fields, Name::kHost).value_or("")) {}

  void write(const BodyLength& body, bool upgrade) {
    writeLine();
    writeHost();
    writeFields(body, upgrade);
    appendVia(out_, head_.version, rules_.via);
    writeMaxForwards();
    if (rules_.forwarded == ForwardedStyle::kForwarded) writeForwarded();
    if (rules_.forwarded == ForwardedStyle::kXForwarded) writeXForwarded();
    appendFraming(out_, body);
    writeConnection(upgrade);
    out_.append("\r\n");
  }

 private:
  void writeLine();
  void writeHost();
  void writeFields(const BodyLength& body, bool upgrade);
  [[nodiscard]] bool goesOn(const Field& field, const BodyLength& body, bool upgrade) const;
  void writeMaxForwards();
  void writeConnection(bool upgrade);
  void writeForwarded();
  void writeXForwarded();
  void writeParameter(std::string_view name, std::string_view value);
  void writeIncoming(Name name);
  [[nodiscard]] bool isTrusted(Name name) const;

  std::string& out_;
  const RequestHead& head_;
  const Target& target_;
  const ClientSide& client_;
  const ForwardRules& rules_;
  const std::string_view host_;  ///< that the client asked for; empty: it did not say
};

void RequestWriter::writeLine() {
  out_.append(head_.method).append(" ");
  const bool tunnel = target_.form == TargetForm::kAuthority;
  const std::string_view path = tunnel ? target_.authority : target_.path;
  if (path.starts_with('?')) out_.append("/");
  out_.append(path).append(" HTTP/1.1\r\n");
}

void RequestWriter::writeHost() {
  appendLine(out_, "Host", host_.empty() ? std::string_view(rules_.host) : host_);
}

void RequestWriter::writeFields(const BodyLength& body, bool upgrade) {
  const Nominated nominated(head_.fields);
  for (const Field& field : head_.fields) {
    if (!goesOn(field, body, upgrade) || nominated.has(field.name)) continue;
    appendLine(out_, field.name, field.value);
  }
}

bool RequestWriter::goesOn(const Field& field, const BodyLength& body, bool upgrade) const {
  switch (field.known) {
    case Name::kContentLength:  // written by us, both
    case Name::kHost:
      return false;
    case Name::kForwarded:
      return rules_.trustForwarded && rules_.forwarded != ForwardedStyle::kForwarded &&
             closesQuotes(field.value);
    case Name::kMaxForwards:  // written by us where it counts
      return !countsForwards(head_.method);
    case Name::kXForwardedFor:
    case Name::kXForwardedHost:
    case Name::kXForwardedProto:
      return rules_.trustForwarded && rules_.forwarded != ForwardedStyle::kXForwarded &&
             closesQuotes(field.value);
    case Name::kUpgrade:
      return upgrade;
    case Name::kExpect:  // a client of 1.0 could not read the answer (RFC 9110, 10.1.1)
      return head_.version == Version::k11 && !std::holds_alternative<NoBody>(body);
    case Name::kOther: {
      const Name real = disguised(field.name);
      const bool frames = real == Name::kContentLength || real == Name::kTransferEncoding;
      return !frames && !isHttpoxy(field.name) && (rules_.trustForwarded || !tellsOrigin(real));
    }
    default:
      return !isHopByHop(field.known) || isForTunnel(field.known, head_.method);
  }
}

void RequestWriter::writeMaxForwards() {
  const auto left = maxForwards(head_).left;
  if (!left || *left == 0) return;
  out_.append("Max-Forwards: ");
  appendNumber(out_, *left - 1);
  out_.append("\r\n");
}

// TE is for the next hop, so each hop says its own (RFC 9110, 10.1.4): of what a client can say
// only "trailers" is true of us as well, for we pass those on. A client of 1.0 cannot take them.
void RequestWriter::writeConnection(bool upgrade) {
  const bool trailers = head_.version == Version::k11 && lists(head_.fields, Name::kTe, "trailers");
  if (trailers) out_.append("TE: trailers\r\n");
  if (upgrade) {
    out_.append(trailers ? "Connection: Upgrade, TE\r\n" : "Connection: Upgrade\r\n");
  } else if (trailers) {
    out_.append("Connection: TE\r\n");
  }
}

bool RequestWriter::isTrusted(Name name) const {
  return rules_.trustForwarded && find(head_.fields, name).has_value();
}

// What came in under that name, as one list with a comma behind it. A quoted string that is not
// closed would make our own element a part of what the client says.
void RequestWriter::writeIncoming(Name name) {
  if (!rules_.trustForwarded) return;
  for (const Field& field : head_.fields) {
    if (field.known != name || field.value.empty() || !closesQuotes(field.value)) continue;
    out_.append(field.value).append(", ");
  }
}

// RFC 7239, 4.
void RequestWriter::writeForwarded() {
  out_.append("Forwarded: ");
  writeIncoming(Name::kForwarded);
  if (client_.address.empty()) {
    out_.append("for=unknown");
  } else if (client_.isV6) {
    out_.append("for=\"[").append(client_.address).append("]\"");
  } else {
    out_.append("for=").append(client_.address);
  }
  if (!host_.empty()) writeParameter("host", host_);
  writeParameter("proto", client_.scheme);
  out_.append("\r\n");
}

void RequestWriter::writeParameter(std::string_view name, std::string_view value) {
  out_.append(";").append(name).append("=");
  if (isToken(value)) {
    out_.append(value);
  } else {
    appendQuoted(out_, value);
  }
}

// Of the address there is a list, hop by hop; scheme and host are what the first hop saw.
void RequestWriter::writeXForwarded() {
  out_.append("X-Forwarded-For: ");
  writeIncoming(Name::kXForwardedFor);
  out_.append(client_.address.empty() ? "unknown" : client_.address).append("\r\n");

  const bool knowsProto = isTrusted(Name::kXForwardedProto);
  appendLine(out_, "X-Forwarded-Proto",
             knowsProto ? *find(head_.fields, Name::kXForwardedProto) : client_.scheme);
  const bool knowsHost = isTrusted(Name::kXForwardedHost);
  const std::string_view host = knowsHost ? *find(head_.fields, Name::kXForwardedHost) : host_;
  if (!host.empty()) appendLine(out_, "X-Forwarded-Host", host);
}

void appendStatus(std::string& out, int status, std::string_view reason) {
  out.append("HTTP/1.1 ");
  appendNumber(out, static_cast<std::uint64_t>(status));
  out.append(" ").append(reason).append("\r\n");
}

bool goesOn(const Field& field, const BodyLength& body, std::string_view requestMethod,
            bool upgrade) {
  switch (field.known) {
    case Name::kContentLength:  // written by us
      return false;
    case Name::kTrailer:  // where no trailer can come, none is announced
      return !std::holds_alternative<BodyUntilEnd>(body);
    case Name::kUpgrade:
      return upgrade;
    default:
      return !isHopByHop(field.known) || isForTunnel(field.known, requestMethod);
  }
}

void appendConnection(std::string& out, const ResponseRules& rules, bool offersUpgrade = false) {
  if (rules.upgrade) {
    out.append("Connection: Upgrade\r\n");
  } else if (offersUpgrade) {
    out.append(rules.keepAlive ? "Connection: Upgrade\r\n" : "Connection: close, Upgrade\r\n");
  } else if (!rules.keepAlive) {
    out.append("Connection: close\r\n");
  } else if (rules.clientVersion == Version::k10) {
    out.append("Connection: keep-alive\r\n");
  }
}

void appendRetryAfter(std::string& out, Problem problem) {
  out.append("Retry-After: ");
  appendNumber(out, static_cast<std::uint64_t>(problem.retryAfter().count()));
  out.append("\r\n");
}

// RFC 9209, 2. The name is a token of RFC 8941, which begins with a letter, or a string.
void appendProxyStatus(std::string& out, const ProblemInfo& why, std::string_view name) {
  out.append("Proxy-Status: ");
  if (isToken(name) && isAlpha(name.front())) {
    out.append(name);
  } else {
    appendQuoted(out, name);
  }
  if (!why.errorType.empty()) out.append("; error=").append(why.errorType);
  out.append("; details=");
  appendQuoted(out, why.text);
  out.append("\r\n");
}

// What RFC 9110, 6.5.1 keeps out of trailers, besides the names that this program knows: fields
// that route, authenticate, modify the request, or say how to read the content.
constexpr std::string_view kHeadOnly[] = {
    "accept-encoding",
    "age",
    "authentication-info",
    "authorization",
    "cache-control",
    "content-encoding",
    "content-range",
    "content-type",
    "cookie",
    "expires",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "location",
    "pragma",
    "range",
    "retry-after",
    "set-cookie",
    "vary",
    "warning",
    "www-authenticate",
    "proxy-authentication-info",
};

bool isForTrailer(const Field& field) noexcept {
  if (field.known == Name::kProxyStatus) return true;  // RFC 9209, 2
  return field.known == Name::kOther &&
         std::none_of(std::begin(kHeadOnly), std::end(kHeadOnly),
                      [&](std::string_view name) { return sameText(name, field.name); });
}

}  // namespace

MaxForwards maxForwards(const RequestHead& head) noexcept {
  const std::size_t fields =
      countsForwards(head.method) ? count(head.fields, Name::kMaxForwards) : 0;
  if (fields == 0) return {};
  const auto left = parseForwards(*find(head.fields, Name::kMaxForwards));
  return {.valid = fields == 1 && left.has_value(), .left = left};
}

void appendRequest(std::string& out, const RequestHead& head, const Target& target,
                   const BodyLength& body, const ClientSide& client, const ForwardRules& rules,
                   bool upgrade) {
  RequestWriter(out, head, target, client, rules).write(body, upgrade);
}

void appendResponse(std::string& out, const ResponseHead& head, const BodyLength& body,
                    std::string_view requestMethod, const ResponseRules& rules) {
  const bool final = head.status >= 200;
  const bool offersUpgrade = head.status == 426;  // it says to what (RFC 9110, 15.5.22)
  appendStatus(out, head.status, head.reason.empty() ? reasonOf(head.status) : head.reason);

  const Nominated nominated(head.fields);
  bool dated = !final || rules.date.empty();
  for (const Field& field : head.fields) {
    const bool upgrade = rules.upgrade || offersUpgrade;
    if (!goesOn(field, body, requestMethod, upgrade) || nominated.has(field.name)) continue;
    if (field.known == Name::kDate) dated = true;
    appendLine(out, field.name, field.value);
  }
  if (!dated) appendLine(out, "Date", rules.date);
  appendVia(out, head.version, rules.via);

  appendFraming(out, body);
  const bool lengthOfOther = requestMethod == "HEAD" || head.status == 304;
  if (std::holds_alternative<NoBody>(body) && lengthOfOther) {
    const auto length = find(head.fields, Name::kContentLength);
    if (length && final && head.status != 204) appendLine(out, "Content-Length", *length);
  }
  if (final || rules.upgrade) appendConnection(out, rules, offersUpgrade);
  out.append("\r\n");
}

void appendTrailers(std::string& out, Fields trailers) {
  for (const Field& field : trailers) {
    if (isForTrailer(field)) appendLine(out, field.name, field.value);
  }
}

void appendProblem(std::string& out, Problem problem, std::string_view requestMethod,
                   const ResponseRules& rules) {
  const ProblemInfo& why = info(problem);
  appendStatus(out, why.status, reasonOf(why.status));
  if (!rules.date.empty()) appendLine(out, "Date", rules.date);
  appendLine(out, "Content-Type", "text/plain");
  appendLength(out, why.text.size() + 1);
  if (why.status == 503) appendRetryAfter(out, problem);
  if (!rules.via.empty()) appendProxyStatus(out, why, rules.via);
  appendConnection(out, rules);
  out.append("\r\n");
  if (requestMethod != "HEAD") out.append(why.text).append("\n");
}

}  // namespace proxy::http
