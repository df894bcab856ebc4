// A request means the same however it comes in; and what was read of it and is written for the
// upstream is read there as the same request, with the same body and the same end-to-end fields.
#include <cstdint>
#include <string>
#include <variant>

#include "core/check.h"
#include "fuzz/heads.h"
#include "fuzz/input.h"
#include "fuzz/passing_on.h"
#include "http/forward.h"
#include "http/list.h"
#include "http/target.h"

namespace proxy::http {
namespace {

ForwardRules rulesOf(Input& input) {
  ForwardRules rules;
  rules.forwarded = static_cast<ForwardedStyle>(input.choice(3));
  rules.trustForwarded = input.choice(2) == 1;
  rules.host = "upstream.example";
  return rules;
}

void checkRead(const RequestHead& head) {
  CHECK(isToken(head.method));
  CHECK(parseTarget(head.method, head.target).has_value());
  checkHead(head.text, head.fields);
}

void checkForwarded(const RequestHead& head, const RequestFraming& framing,
                    const ForwardRules& rules, bool upgrade) {
  constexpr ClientSide kClient{"2001:db8::1", true, "http"};
  std::string out;
  const Target target = *parseTarget(head.method, head.target);
  appendRequest(out, head, target, framing.body, kClient, rules, upgrade);

  RequestParser parser(kWide);
  CHECK(parser.parse(out) == Parsed::kDone);
  CHECK(parser.headSize() == out.size());
  const RequestHead& again = parser.head();
  CHECK(again.version == Version::k11);
  CHECK(again.method == head.method);
  CHECK(sameBody(parser.framing().body, framing.body));
  CHECK(parser.framing().keepAlive);
  CHECK(parser.framing().expectsContinue == framing.expectsContinue);
  CHECK(hasQuotedOptions(head.fields) ||
        endToEnd(again.fields, true) == endToEnd(head.fields, true));
  CHECK(upgrade || count(again.fields, Name::kUpgrade) == 0);
  CHECK(count(again.fields, Name::kVia) == count(head.fields, Name::kVia) + 1);
  CHECK(target.form != TargetForm::kAbsolute ||
        find(again.fields, Name::kHost) == target.authority);
}

}  // namespace
}  // namespace proxy::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace proxy::http;
  proxy::Input input(data, size);
  const ForwardRules rules = rulesOf(input);
  const bool upgrade = input.choice(2) == 1;
  RequestParser parser(kLimits);
  if (!isRead(parser, input.rest(), [&] { parser.reset(); })) return 0;
  checkRead(parser.head());
  checkForwarded(parser.head(), parser.framing(), rules, upgrade);
  return 0;
}
