// Directives are read without harm from any fields; an answer's are never laxer for a line that is
// added behind, nor a request's; a number said twice is the smaller; what a dictionary is read as
// is read again from what it is written as; and the store's decisions agree with each other.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cache/dictionary.h"
#include "cache/directives.h"
#include "cache/freshness.h"
#include "cache/lines.h"
#include "cache/reuse.h"
#include "cache/storing.h"
#include "core/check.h"
#include "fuzz/input.h"

namespace proxy::cache {
namespace {

bool isNoLonger(const std::optional<Seconds>& a, const std::optional<Seconds>& b) {
  return !b || (a && *a <= *b);
}

// `more` is what `some` says, and another line of Cache-Control.
void checkAdded(const ResponseDirectives& some, const ResponseDirectives& more) {
  if (some.targeted) return;
  CHECK(!more.targeted);
  CHECK(more.noStore || !some.noStore);
  CHECK(more.noCache || !some.noCache);
  CHECK(more.isPrivate || !some.isPrivate);
  CHECK(more.mustRevalidate || !some.mustRevalidate);
  CHECK(more.proxyRevalidate || !some.proxyRevalidate);
  CHECK(isNoLonger(more.maxAge, some.maxAge));
  CHECK(isNoLonger(more.sMaxage, some.sMaxage));
  CHECK(isNoLonger(more.staleWhileRevalidate, some.staleWhileRevalidate));
  CHECK(isNoLonger(more.staleIfError, some.staleIfError));
}

void checkAdded(const RequestDirectives& some, const RequestDirectives& more) {
  CHECK(more.noCache || !some.noCache);
  CHECK(more.noStore || !some.noStore);
  CHECK(more.onlyIfCached || !some.onlyIfCached);
  CHECK(isNoLonger(more.maxAge, some.maxAge));
  CHECK(isNoLonger(more.maxStale, some.maxStale));
  CHECK(!some.minFresh || (more.minFresh && *more.minFresh >= *some.minFresh));
}

void checkRange(const std::optional<Seconds>& value) {
  CHECK(!value || (*value >= Seconds{0} && *value <= kForever));
}

// Its members, each written as it was read.
std::string written(std::string_view line, bool& failed) {
  std::string out;
  Dictionary dictionary(line);
  while (dictionary.next()) {
    if (!out.empty()) out += ", ";
    out.append(dictionary.key());
    const std::string value(dictionary.value());
    if (dictionary.type() == ItemType::kFalse) out += "=?0";
    if (dictionary.type() == ItemType::kInteger || dictionary.type() == ItemType::kToken) {
      out += "=" + value;
    }
    if (dictionary.type() == ItemType::kString) out += "=\"" + value + '"';
    if (dictionary.type() == ItemType::kOther) out += "=()";
  }
  failed = dictionary.failed();
  return out;
}

void checkDictionary(std::string_view line) {
  bool failed = false;
  const std::string once = written(line, failed);
  if (failed) return;
  bool failedAgain = false;
  CHECK(written(once, failedAgain) == once);
  CHECK(!failedAgain);
}

// What is decided about an answer that has these fields, at some time.
void checkDecisions(const Lines& answer, const Lines& request, std::int64_t passed) {
  const ResponseDirectives said = responseDirectives(answer);
  const RequestDirectives asked = requestDirectives(request);
  const Freshness freshness = freshnessOf(answer.answer(), said, false, {kNow, later(1)});
  CHECK(freshness.lifetime >= Seconds{0} && freshness.lifetime <= kForever);
  const http::Time now = later(passed);
  CHECK(freshness.age(now) >= Seconds{0} && freshness.age(now) <= kForever);
  CHECK(freshness.isFresh(now) == (freshness.remaining(now) > Seconds{0}));

  const Reason stored = mayStore(request.request(), asked, answer.answer(), said, freshness);
  const bool may = stored == Reason::kStored;
  CHECK(!may || !said.isPrivate);
  CHECK(!may || !said.noStore || said.mustUnderstand);
  CHECK(!may || !asked.noStore);

  const Terms terms = termsOf(answer, said, freshness);
  const Decision decision = decide(terms, asked, now);
  const bool serves = decision.use == Use::kServe || decision.use == Use::kServeRevalidate;
  CHECK(serves == (info(decision.reason).forward == Forward::kHit));
  CHECK(!serves || (!asked.noCache && !said.noCache));
  CHECK(!serves || freshness.isFresh(now) || !terms.neverStale);
  CHECK(serves || !asked.onlyIfCached || decision.use == Use::kRefuse);
}

void check(std::uint64_t number, std::string_view text) {
  checkDictionary(text);
  const std::size_t half = text.find('\n');
  const Lines answer(text.substr(0, text.find('\0')));
  const Lines request(text.substr(std::min(text.find('\0'), text.size() - 1) + 1));
  for (const Lines* lines : {&answer, &request}) {
    const ResponseDirectives said = responseDirectives(*lines);
    const RequestDirectives asked = requestDirectives(*lines);
    for (const auto& value : {said.maxAge, said.sMaxage, said.staleWhileRevalidate,
                              said.staleIfError, asked.maxAge, asked.minFresh, asked.maxStale}) {
      checkRange(value);
    }
  }
  checkDecisions(answer, request, static_cast<std::int64_t>(number % 4'000'000'000) - 1000);

  // Two lines of Cache-Control, by themselves.
  const std::string_view rest =
      half == std::string_view::npos ? std::string_view() : text.substr(half + 1);
  const http::Field both[] = {{"Cache-Control", text.substr(0, half), http::Name::kOther},
                              {"Cache-Control", rest, http::Name::kOther}};
  const http::Fields one = http::Fields(both).first(1);
  checkAdded(responseDirectives(one), responseDirectives(both));
  checkAdded(requestDirectives(one), requestDirectives(both));
}

}  // namespace
}  // namespace proxy::cache

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  proxy::Input input(data, size);
  const std::uint64_t number = input.number();
  if (input.rest().empty()) return 0;
  proxy::cache::check(number, input.rest());
  return 0;
}
