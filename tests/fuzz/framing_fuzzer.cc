// The length of a body that is accepted follows from exactly one field, which says nothing else,
// and does not depend on the order of the fields. Here fields come as they are, without a parser
// that had refused most of them before.
#include <algorithm>
#include <cctype>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/check.h"
#include "fuzz/input.h"
#include "fuzz/passing_on.h"
#include "http/framing.h"
#include "http/target.h"

namespace proxy::http {
namespace {

// Lines of a letter, for a name, and a value.
std::vector<Field> fieldsOf(std::string_view text) {
  constexpr std::string_view kNames[] = {"Host",       "Content-Length", "Transfer-Encoding",
                                         "Connection", "Expect",         "Other"};
  std::vector<Field> fields;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (!line.empty()) {
      const auto choice = static_cast<unsigned char>(line.front()) % std::size(kNames);
      const std::string_view name = kNames[choice];
      fields.push_back({name, line.substr(1), nameOf(name)});
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return fields;
}

/// What a body is to be, by the least clever reading of its fields.
struct Plain {
  std::vector<std::string> lengths;
  std::vector<std::string> codings;

  explicit Plain(Fields fields) {
    for (const Field& field : fields) {
      if (field.known == Name::kContentLength) lengths.emplace_back(field.value);
      if (field.known == Name::kTransferEncoding) codings.push_back(lowered(field.value));
    }
  }

  [[nodiscard]] bool isNothing() const { return lengths.empty() && codings.empty(); }
  [[nodiscard]] bool isChunked() const {
    return lengths.empty() && codings == std::vector<std::string>{"chunked"};
  }
  [[nodiscard]] bool isSized(std::uint64_t size) const {
    return codings.empty() && lengths == std::vector<std::string>{std::to_string(size)};
  }
};

bool fits(const Plain& plain, const BodyLength& body) {
  if (const auto* sized = std::get_if<SizedBody>(&body)) {
    return plain.isSized(sized->size) && sized->size <= INT64_MAX;
  }
  return std::holds_alternative<ChunkedBody>(body) ? plain.isChunked() : plain.isNothing();
}

void checkRequest(std::vector<Field> fields, std::string_view method, Version version) {
  RequestHead head;
  head.method = method;
  head.version = version;
  head.fields = fields;
  const RequestFraming framing = frame(head);
  std::vector<Field> reversed(fields.rbegin(), fields.rend());
  head.fields = reversed;
  const RequestFraming other = frame(head);
  CHECK((framing.problem == Problem::kNone) == (other.problem == Problem::kNone));
  CHECK(sameBody(framing.body, other.body) || framing.problem != Problem::kNone);
  CHECK(framing.keepAlive == other.keepAlive);
  CHECK(framing.expectsContinue == other.expectsContinue);
  if (framing.problem != Problem::kNone) return;

  const Plain plain(fields);
  CHECK(fits(plain, framing.body) || (method == "CONNECT" && plain.isSized(0)));
  CHECK(version == Version::k11 || !std::holds_alternative<ChunkedBody>(framing.body));
  CHECK(!std::holds_alternative<BodyUntilEnd>(framing.body));
  CHECK(method != "CONNECT" || std::holds_alternative<NoBody>(framing.body));
  const std::size_t hosts = count(fields, Name::kHost);
  CHECK(hosts == 1 || (hosts == 0 && version == Version::k10));
  CHECK(hosts == 0 || parseAuthority(*find(fields, Name::kHost)).has_value());
}

void checkResponse(std::vector<Field> fields, int status, std::string_view method,
                   Version version) {
  ResponseHead head;
  head.status = status;
  head.version = version;
  head.fields = fields;
  const ResponseFraming framing = frame(head, method);
  std::vector<Field> reversed(fields.rbegin(), fields.rend());
  head.fields = reversed;
  const ResponseFraming other = frame(head, method);
  CHECK(framing.problem == other.problem);
  CHECK(sameBody(framing.body, other.body) || framing.problem != Problem::kNone);
  CHECK(framing.keepAlive == other.keepAlive);
  if (framing.problem != Problem::kNone) return;

  const bool bodiless = status < 200 || status == 204 || status == 304 || method == "HEAD" ||
                        (method == "CONNECT" && status < 300);
  CHECK(std::holds_alternative<NoBody>(framing.body) == bodiless);
  CHECK(bodiless || fits(Plain(fields), framing.body));
  CHECK(!framing.keepAlive || !std::holds_alternative<BodyUntilEnd>(framing.body));
}

}  // namespace
}  // namespace proxy::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace proxy::http;
  proxy::Input input(data, size);
  constexpr std::string_view kMethods[] = {"GET", "HEAD", "CONNECT", "POST"};
  constexpr int kStatuses[] = {200, 100, 101, 204, 304, 404};
  const std::string_view method = kMethods[input.choice(4)];
  const int status = kStatuses[input.choice(6)];
  const Version version = input.choice(2) == 1 ? Version::k10 : Version::k11;
  const std::vector<Field> fields = fieldsOf(input.rest());
  checkRequest(fields, method, version);
  checkResponse(fields, status, method, version);
  return 0;
}
