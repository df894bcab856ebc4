// A response means the same however it comes in; and what was read of it and is written for the
// client is read there as the same response, with the same body and the same end-to-end fields.
#include <cstdint>
#include <string>
#include <variant>

#include "core/check.h"
#include "fuzz/heads.h"
#include "fuzz/input.h"
#include "fuzz/passing_on.h"
#include "http/forward.h"
#include "http/list.h"

namespace proxy::http {
namespace {

void checkRead(const ResponseHead& head) {
  CHECK(head.status >= 100 && head.status <= 599);
  CHECK(isHarmless(head.reason));
  checkHead(head.text, head.fields);
}

void checkForwarded(const ResponseHead& head, const ResponseFraming& framing,
                    std::string_view method, const ResponseRules& rules) {
  std::string out;
  appendResponse(out, head, framing.body, method, rules);

  ResponseParser parser(kWide);
  parser.reset(method);
  CHECK(parser.parse(out) == Parsed::kDone);
  CHECK(parser.headSize() == out.size());
  const ResponseHead& again = parser.head();
  CHECK(again.version == Version::k11);
  CHECK(again.status == head.status);
  CHECK(again.reason == (head.reason.empty() ? reasonOf(head.status) : head.reason));
  CHECK(sameBody(parser.framing().body, framing.body));
  CHECK(hasQuotedOptions(head.fields) ||
        endToEnd(again.fields, false) == endToEnd(head.fields, false));
  CHECK(rules.upgrade || count(again.fields, Name::kUpgrade) == 0);
  const bool closes = std::holds_alternative<BodyUntilEnd>(framing.body) || head.status == 101 ||
                      (method == "CONNECT" && head.status / 100 == 2);
  const bool said = rules.keepAlive || rules.upgrade || head.status < 200;
  CHECK(parser.framing().keepAlive == (said && !closes));
}

}  // namespace
}  // namespace proxy::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace proxy::http;
  proxy::Input input(data, size);
  constexpr std::string_view kMethods[] = {"GET", "HEAD", "CONNECT"};
  const std::string_view method = kMethods[input.choice(3)];
  ResponseRules rules;
  rules.clientVersion = input.choice(2) == 1 ? Version::k10 : Version::k11;
  rules.keepAlive = input.choice(2) == 1;
  rules.upgrade = input.choice(2) == 1;
  rules.date = "Sun, 06 Nov 1994 08:49:37 GMT";
  ResponseParser parser(kLimits);
  if (!isRead(parser, input.rest(), [&] { parser.reset(method); })) return 0;
  checkRead(parser.head());
  checkForwarded(parser.head(), parser.framing(), method, rules);
  return 0;
}
