#include "http/head_parser.h"

#include <algorithm>
#include <vector>

#include <llhttp.h>

#include "http/characters.h"
#include "http/field_section.h"
#include "http/target.h"

// llhttp says where a head ends and finds most faults on the way; it calls nothing but the one
// callback there. The head is then taken apart once more, in one pass over its text, which finds
// what llhttp lets pass. So two readers must agree on every head.
//
// What is wrong is decided by the bytes up to the first fault only, never by how they came in: the
// request line is judged as soon as it is complete, and before any fault behind it.
namespace proxy::http {
namespace {

const llhttp_settings_t& settings() noexcept {
  static const llhttp_settings_t made = [] {
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    settings.on_headers_complete = [](llhttp_t*) -> int { return HPE_PAUSED; };
    return settings;
  }();
  return made;
}

/// llhttp at the place in the head that it has come to.
class Scanner {
 public:
  explicit Scanner(llhttp_type_t type) noexcept { llhttp_init(&parser_, type, &settings()); }

  void reset() noexcept {
    llhttp_reset(&parser_);
    position_ = 0;
  }

  /// Reads what is new among the first `limit` bytes. HPE_OK: the head goes on; HPE_PAUSED: it is
  /// complete; else: it is malformed.
  llhttp_errno_t scan(std::string_view bytes, std::size_t limit) noexcept {
    const std::size_t end = std::min(bytes.size(), limit);
    if (end <= position_) return HPE_OK;
    const char* fresh = bytes.data() + position_;
    const llhttp_errno_t error = llhttp_execute(&parser_, fresh, end - position_);
    position_ = error == HPE_OK
                    ? end
                    : position_ + static_cast<std::size_t>(llhttp_get_error_pos(&parser_) - fresh);
    return error;
  }

  /// How many bytes llhttp found good.
  [[nodiscard]] std::size_t position() const noexcept { return position_; }
  [[nodiscard]] int method() const noexcept { return parser_.method; }

 private:
  llhttp_t parser_;
  std::size_t position_ = 0;
};

// "HTTP/1.1" and the carriage return behind it.
enum class VersionText : unsigned char { kKnown, kUnknown, kMalformed };

VersionText judgeVersion(std::string_view text) noexcept {
  const bool shaped = text.size() == 9 && text.starts_with("HTTP/") && isDigit(text[5]) &&
                      text[6] == '.' && isDigit(text[7]) && text[8] == '\r';
  if (!shaped) return VersionText::kMalformed;
  const bool known = text[5] == '1' && text[7] <= '1';
  return known ? VersionText::kKnown : VersionText::kUnknown;
}

Version versionOf(char minor) noexcept { return minor == '0' ? Version::k10 : Version::k11; }

}  // namespace

struct RequestParser::State {
  explicit State(const HeadLimits& the) : limits(the) {}

  Parsed parse(std::string_view bytes);
  Parsed refuse(Problem why) noexcept;
  Problem readLine(std::string_view seen) noexcept;
  Problem judgeTargetSize(std::string_view line) const noexcept;
  Problem judgeLine(std::string_view line) noexcept;
  Problem problemOf(llhttp_errno_t error, std::string_view bytes) const noexcept;
  Parsed finish(std::string_view text);
  void reset() noexcept;

  const HeadLimits limits;
  Scanner scanner{HTTP_REQUEST};
  std::vector<Field> fields;
  // Of the request line, as counted from the first byte.
  std::size_t lineStart = 0;
  std::size_t lineEnd = 0;  ///< 0: not complete yet
  std::size_t methodSize = 0;
  std::size_t targetSize = 0;
  RequestHead head;
  RequestFraming framing;
  Problem problem = Problem::kNone;
  Parsed parsed = Parsed::kMore;
};

Parsed RequestParser::State::parse(std::string_view bytes) {
  if (parsed == Parsed::kRefused) return parsed;
  // The same head once more: its bytes may have moved.
  if (parsed == Parsed::kDone) return finish(bytes.substr(0, scanner.position()));

  const llhttp_errno_t error = scanner.scan(bytes, limits.bytes);
  const std::string_view seen = bytes.substr(0, scanner.position());
  if (lineEnd == 0) {
    const Problem found = readLine(seen);
    if (found != Problem::kNone) return refuse(found);
  }
  if (error == HPE_PAUSED) return finish(seen);
  if (error != HPE_OK) return refuse(problemOf(error, bytes));
  return seen.size() < limits.bytes ? Parsed::kMore : refuse(Problem::kHeadTooLarge);
}

Parsed RequestParser::State::refuse(Problem why) noexcept {
  problem = why;
  return parsed = Parsed::kRefused;
}

Problem RequestParser::State::readLine(std::string_view seen) noexcept {
  while (seen.substr(lineStart, 2) == "\r\n") lineStart += 2;
  const std::string_view line = seen.substr(lineStart);
  if (line.empty() || line == "\r") return Problem::kNone;
  if (line.front() == '\r' || line.front() == '\n') return Problem::kBadRequest;

  const std::size_t end = line.find('\n');
  if (end == std::string_view::npos) return judgeTargetSize(line);
  lineEnd = lineStart + end + 1;
  return judgeLine(line.substr(0, end));
}

// Of a line that may be still incomplete.
Problem RequestParser::State::judgeTargetSize(std::string_view line) const noexcept {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return Problem::kNone;
  const std::string_view rest = line.substr(space + 1);
  const std::size_t size = std::min(rest.find(' '), rest.size());
  return size > limits.target ? Problem::kTargetTooLong : Problem::kNone;
}

// method SP request-target SP HTTP-version CR (RFC 9112, 3): nothing else between them.
Problem RequestParser::State::judgeLine(std::string_view line) noexcept {
  if (judgeTargetSize(line) != Problem::kNone) return Problem::kTargetTooLong;
  const std::size_t first = line.find(' ');
  const std::size_t second = line.find(' ', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) {
    return Problem::kBadRequest;
  }
  const std::string_view version = line.substr(second + 1);
  switch (judgeVersion(version)) {
    case VersionText::kMalformed:
      return Problem::kBadRequest;
    case VersionText::kUnknown:
      return Problem::kVersionUnknown;
    case VersionText::kKnown:
      break;
  }
  methodSize = first;
  targetSize = second - first - 1;
  head.version = versionOf(version[7]);
  const std::string_view method = line.substr(0, first);
  if (method == "PRI") return Problem::kMethodUnknown;  // a method of HTTP/2 (RFC 9113, 3.4)
  const bool valid = parseTarget(method, line.substr(first + 1, targetSize)).has_value();
  return valid ? Problem::kNone : Problem::kBadRequest;
}

Problem RequestParser::State::problemOf(llhttp_errno_t error,
                                        std::string_view bytes) const noexcept {
  const std::size_t at = scanner.position();
  const std::string_view good = bytes.substr(0, at);
  switch (error) {
    case HPE_INVALID_METHOD: {
      // It stops at the first letter that no method has there, or at a space that comes early.
      const bool begun = at > lineStart;
      const bool token = kTokenCharacters.has(bytes[at]) || (begun && bytes[at] == ' ');
      return token ? Problem::kMethodUnknown : Problem::kBadRequest;
    }
    case HPE_INVALID_CONSTANT: {
      // SETUP and its like are methods of RTSP.
      const int method = scanner.method();
      const bool rtsp = method >= HTTP_DESCRIBE && method <= HTTP_FLUSH;
      return rtsp ? Problem::kMethodUnknown : Problem::kBadRequest;
    }
    case HPE_INVALID_VERSION: {
      // It stops behind a version that it does not know, and behind one that does not end there.
      const std::string_view text = good.substr(at - std::min<std::size_t>(at, 3));
      const bool shaped =
          text.size() == 3 && isDigit(text[0]) && text[1] == '.' && isDigit(text[2]);
      const bool known = text == "1.1" || text == "1.0" || text == "0.9" || text == "2.0";
      return shaped && !known ? Problem::kVersionUnknown : Problem::kBadRequest;
    }
    case HPE_PAUSED_H2_UPGRADE:
      return Problem::kVersionUnknown;
    default:
      return Problem::kBadRequest;
  }
}

Parsed RequestParser::State::finish(std::string_view text) {
  switch (splitSection(text.substr(lineEnd), limits.fields, fields)) {
    case Split::kMalformed:
      return refuse(Problem::kBadRequest);
    case Split::kTooMany:
      return refuse(Problem::kHeadTooLarge);
    case Split::kDone:
      break;
  }
  head.text = text.substr(lineStart);
  head.method = head.text.substr(0, methodSize);
  head.target = head.text.substr(methodSize + 1, targetSize);
  head.fields = fields;
  framing = frame(head);
  if (framing.problem != Problem::kNone) return refuse(framing.problem);
  return parsed = Parsed::kDone;
}

void RequestParser::State::reset() noexcept {
  scanner.reset();
  lineStart = 0;
  lineEnd = 0;
  problem = Problem::kNone;
  parsed = Parsed::kMore;
}

RequestParser::RequestParser(const HeadLimits& limits) : state_(std::make_unique<State>(limits)) {}
RequestParser::~RequestParser() = default;

Parsed RequestParser::parse(std::string_view bytes) { return state_->parse(bytes); }
const RequestHead& RequestParser::head() const noexcept { return state_->head; }
const RequestFraming& RequestParser::framing() const noexcept { return state_->framing; }
Problem RequestParser::problem() const noexcept { return state_->problem; }
std::size_t RequestParser::headSize() const noexcept { return state_->scanner.position(); }
void RequestParser::reset() noexcept { state_->reset(); }

struct ResponseParser::State {
  explicit State(const HeadLimits& the) : limits(the) {}

  Parsed parse(std::string_view bytes);
  Parsed refuse(Problem why) noexcept;
  bool readLine(std::string_view seen) noexcept;
  bool judgeLine(std::string_view line) noexcept;
  Parsed finish(std::string_view text);
  void reset(std::string_view requestMethod) noexcept;

  const HeadLimits limits;
  Scanner scanner{HTTP_RESPONSE};
  std::vector<Field> fields;
  std::string_view method = "GET";  ///< of the request, as far as it matters; a literal
  std::size_t lineEnd = 0;          ///< 0: not complete yet
  ResponseHead head;
  ResponseFraming framing;
  Problem problem = Problem::kNone;
  Parsed parsed = Parsed::kMore;
};

Parsed ResponseParser::State::parse(std::string_view bytes) {
  if (parsed == Parsed::kRefused) return parsed;
  if (parsed == Parsed::kDone) return finish(bytes.substr(0, scanner.position()));

  const llhttp_errno_t error = scanner.scan(bytes, limits.bytes);
  const std::string_view seen = bytes.substr(0, scanner.position());
  if (lineEnd == 0 && !readLine(seen)) return refuse(Problem::kResponseMalformed);
  if (error == HPE_PAUSED) return finish(seen);
  if (error != HPE_OK) return refuse(Problem::kResponseMalformed);
  return seen.size() < limits.bytes ? Parsed::kMore : refuse(Problem::kResponseTooLarge);
}

Parsed ResponseParser::State::refuse(Problem why) noexcept {
  problem = why;
  return parsed = Parsed::kRefused;
}

bool ResponseParser::State::readLine(std::string_view seen) noexcept {
  if (seen.empty()) return true;
  if (seen.front() != 'H') return false;  // llhttp skips empty lines, which RFC 9112, 2.2 does not
  const std::size_t end = seen.find('\n');
  if (end == std::string_view::npos) return true;
  lineEnd = end + 1;
  return judgeLine(seen.substr(0, end));
}

// HTTP-version SP status-code [SP reason-phrase] CR (RFC 9112, 4). Many leave out the second space
// if they have no phrase.
bool ResponseParser::State::judgeLine(std::string_view line) noexcept {
  constexpr std::size_t kStatusAt = 9;
  constexpr std::size_t kReasonAt = 13;
  if (line.size() < kReasonAt || line.back() != '\r' || !line.starts_with("HTTP/1.")) return false;
  line.remove_suffix(1);
  if ((line[7] != '0' && line[7] != '1') || line[8] != ' ') return false;
  head.version = versionOf(line[7]);

  head.status = 0;
  for (const char c : line.substr(kStatusAt, 3)) {
    if (!isDigit(c)) return false;
    head.status = head.status * 10 + (c - '0');
  }
  if (head.status < 100 || head.status > 599) return false;
  if (line.size() >= kReasonAt && line[kReasonAt - 1] != ' ') return false;
  return std::none_of(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
  });
}

Parsed ResponseParser::State::finish(std::string_view text) {
  switch (splitSection(text.substr(lineEnd), limits.fields, fields)) {
    case Split::kMalformed:
      return refuse(Problem::kResponseMalformed);
    case Split::kTooMany:
      return refuse(Problem::kResponseTooLarge);
    case Split::kDone:
      break;
  }
  constexpr std::size_t kReasonAt = 13;
  const std::string_view line = text.substr(0, lineEnd - 2);
  head.text = text;
  head.reason = trimmed(line.substr(std::min(kReasonAt, line.size())));
  head.fields = fields;
  framing = frame(head, method);
  if (framing.problem != Problem::kNone) return refuse(framing.problem);
  return parsed = Parsed::kDone;
}

void ResponseParser::State::reset(std::string_view requestMethod) noexcept {
  method = requestMethod == "HEAD" ? "HEAD" : requestMethod == "CONNECT" ? "CONNECT" : "GET";
  scanner.reset();
  lineEnd = 0;
  problem = Problem::kNone;
  parsed = Parsed::kMore;
}

ResponseParser::ResponseParser(const HeadLimits& limits)
    : state_(std::make_unique<State>(limits)) {}
ResponseParser::~ResponseParser() = default;

void ResponseParser::reset(std::string_view requestMethod) noexcept {
  state_->reset(requestMethod);
}
Parsed ResponseParser::parse(std::string_view bytes) { return state_->parse(bytes); }
const ResponseHead& ResponseParser::head() const noexcept { return state_->head; }
const ResponseFraming& ResponseParser::framing() const noexcept { return state_->framing; }
Problem ResponseParser::problem() const noexcept { return state_->problem; }
std::size_t ResponseParser::headSize() const noexcept { return state_->scanner.position(); }

}  // namespace proxy::http
