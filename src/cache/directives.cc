#include "cache/directives.h"

#include <algorithm>
#include <cstdint>

#include "cache/dictionary.h"
#include "cache/lookup.h"
#include "http/characters.h"
#include "http/list.h"

namespace proxy::cache {
namespace {

using http::sameText;

enum class Form : std::uint8_t { kNone, kToken, kQuoted, kBroken };

struct Argument {
  Form form = Form::kNone;
  std::string_view text;  ///< of a quoted string without its quotes, nothing unescaped
};

/// Takes one line of Cache-Control apart. A quoted string that nobody closes, or that something
/// follows, hides nothing: the directive ends at the next comma, and its argument is broken.
class Line {
 public:
  explicit Line(std::string_view text) noexcept : rest_(text) {}

  [[nodiscard]] bool next() noexcept {
    do {
      if (rest_.empty()) return false;
      const std::size_t end = elementEnd();
      element_ = http::trimmed(rest_.substr(0, end));
      rest_.remove_prefix(std::min(end + 1, rest_.size()));
    } while (element_.empty());
    split();
    return true;
  }

  [[nodiscard]] std::string_view element() const noexcept { return element_; }
  [[nodiscard]] std::string_view name() const noexcept { return name_; }
  [[nodiscard]] const Argument& argument() const noexcept { return argument_; }
  [[nodiscard]] bool isBroken() const noexcept {
    return argument_.form == Form::kBroken || !http::isToken(name_);
  }

 private:
  [[nodiscard]] std::size_t elementEnd() const noexcept;
  void split() noexcept;

  std::string_view rest_;
  std::string_view element_;
  std::string_view name_;
  Argument argument_;
};

// Where the quoted string at the front ends, behind its quote; npos: nowhere.
std::size_t quotedEnd(std::string_view text) noexcept {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\') ++i;
  }
  return std::string_view::npos;
}

std::size_t Line::elementEnd() const noexcept {
  const std::size_t comma = std::min(rest_.find(','), rest_.size());
  const std::size_t equals = rest_.substr(0, comma).find('=');
  if (equals == std::string_view::npos || !rest_.substr(equals + 1).starts_with('"')) return comma;
  const std::size_t size = quotedEnd(rest_.substr(equals + 1));
  if (size == std::string_view::npos) return comma;
  const std::size_t behind = rest_.find_first_not_of(" \t", equals + 1 + size);
  if (behind == std::string_view::npos) return rest_.size();
  return rest_[behind] == ',' ? behind : comma;
}

void Line::split() noexcept {
  const std::size_t equals = element_.find('=');
  name_ = element_.substr(0, equals);
  argument_ = {};
  if (equals == std::string_view::npos) return;

  const bool spaced = http::trimmed(name_).size() != name_.size();
  name_ = http::trimmed(name_);
  const std::string_view text = element_.substr(equals + 1);
  if (!spaced && http::isToken(text)) {
    argument_ = {Form::kToken, text};
  } else if (!spaced && text.starts_with('"') && quotedEnd(text) == text.size()) {
    argument_ = {Form::kQuoted, text.substr(1, text.size() - 2)};
  } else {
    argument_ = {Form::kBroken, {}};
  }
}

/// Directives without an argument.
template <typename Directives>
struct Flag {
  std::string_view name;
  bool Directives::* member;
  bool forbids;  ///< and so holds with an argument too
};

constexpr Flag<RequestDirectives> kRequestFlags[] = {
    {"no-cache", &RequestDirectives::noCache, true},
    {"no-store", &RequestDirectives::noStore, true},
    {"only-if-cached", &RequestDirectives::onlyIfCached, true},
};

constexpr Flag<ResponseDirectives> kResponseFlags[] = {
    {"no-store", &ResponseDirectives::noStore, true},
    {"no-cache", &ResponseDirectives::noCache, true},
    {"private", &ResponseDirectives::isPrivate, true},
    {"must-revalidate", &ResponseDirectives::mustRevalidate, true},
    {"proxy-revalidate", &ResponseDirectives::proxyRevalidate, true},
    {"must-understand", &ResponseDirectives::mustUnderstand, false},  // it takes no-store away
    {"public", &ResponseDirectives::isPublic, false},
    {"immutable", &ResponseDirectives::immutable, false},
};

/// Directives with a number of seconds.
template <typename Directives>
struct Number {
  std::string_view name;
  std::optional<Seconds> Directives::* member;
};

constexpr Number<RequestDirectives> kRequestNumbers[] = {
    {"max-age", &RequestDirectives::maxAge},
    {"stale-if-error", &RequestDirectives::staleIfError},
};

constexpr Number<ResponseDirectives> kResponseNumbers[] = {
    {"max-age", &ResponseDirectives::maxAge},
    {"s-maxage", &ResponseDirectives::sMaxage},
    {"stale-while-revalidate", &ResponseDirectives::staleWhileRevalidate},
    {"stale-if-error", &ResponseDirectives::staleIfError},
};

template <typename Table>
const auto* find(const Table& table, std::string_view name) noexcept {
  const auto* row = std::find_if(std::begin(table), std::end(table),
                                 [&](const auto& r) { return sameText(r.name, name); });
  return row == std::end(table) ? nullptr : row;
}

std::optional<Seconds> secondsOf(const Argument& argument) noexcept {
  if (argument.form != Form::kToken && argument.form != Form::kQuoted) return std::nullopt;
  return parseSeconds(argument.text);
}

Seconds least(const std::optional<Seconds>& known, Seconds value) noexcept {
  return std::min(known.value_or(kForever), value);
}

// A number may be said several times: the smallest holds, at most the first, which RFC 9111 takes.
template <typename Directives, typename Flags, typename Numbers>
void apply(Directives& to, const Flags& flags, const Numbers& numbers, std::string_view name,
           const Argument& argument) noexcept {
  if (const auto* number = find(numbers, name)) {
    auto& value = to.*number->member;
    value = least(value, secondsOf(argument).value_or(Seconds{0}));
  } else if (const auto* flag = find(flags, name)) {
    if (flag->forbids || argument.form == Form::kNone) to.*flag->member = true;
  }
}

/// What is said between blanks or semicolons where commas belong forbids, and permits nothing.
template <typename Directives, typename Flags>
void applyWords(Directives& to, const Flags& flags, std::string_view element) noexcept {
  constexpr std::string_view kBetween = " \t;";
  while (!element.empty()) {
    const std::size_t end = std::min(element.find_first_of(kBetween), element.size());
    const std::string_view word = element.substr(0, end);
    const auto* flag = find(flags, word.substr(0, word.find('=')));
    if (flag != nullptr && flag->forbids) to.*flag->member = true;
    element.remove_prefix(std::min(end + 1, element.size()));
  }
}

void applyToRequest(RequestDirectives& to, const Line& line) noexcept {
  const Argument& argument = line.argument();
  if (sameText(line.name(), "min-fresh")) {
    const Seconds value = secondsOf(argument).value_or(kForever);
    to.minFresh = std::max(to.minFresh.value_or(Seconds{0}), value);
  } else if (sameText(line.name(), "max-stale")) {
    const auto value = argument.form == Form::kNone ? kForever : secondsOf(argument);
    if (value) to.maxStale = least(to.maxStale, *value);
  } else {
    apply(to, kRequestFlags, kRequestNumbers, line.name(), argument);
  }
}

FieldNames* fieldNames(ResponseDirectives& directives, std::string_view name) noexcept {
  if (sameText(name, "no-cache")) return &directives.noCacheFields;
  if (sameText(name, "private")) return &directives.privateFields;
  return nullptr;
}

void applyToResponse(ResponseDirectives& to, std::string_view name,
                     const Argument& argument) noexcept {
  FieldNames* names = fieldNames(to, name);
  const bool listed = argument.form == Form::kToken || argument.form == Form::kQuoted;
  if (names != nullptr && listed && names->add(argument.text)) return;
  if (sameText(name, "s-maxage") && !secondsOf(argument)) to.sMaxageMalformed = true;
  apply(to, kResponseFlags, kResponseNumbers, name, argument);
}

/// Of a dictionary the last member of a name holds (RFC 8941, 3.2).
void forget(ResponseDirectives& directives, std::string_view name) noexcept {
  if (const auto* flag = find(kResponseFlags, name)) directives.*flag->member = false;
  if (const auto* number = find(kResponseNumbers, name)) directives.*number->member = std::nullopt;
  if (FieldNames* names = fieldNames(directives, name)) *names = {};
  if (sameText(name, "s-maxage")) directives.sMaxageMalformed = false;
}

Argument argumentOf(const Dictionary& member) noexcept {
  switch (member.type()) {
    case ItemType::kTrue:
      return {};
    case ItemType::kInteger:
    case ItemType::kToken:
      return {Form::kToken, member.value()};
    case ItemType::kString:
      return {Form::kQuoted, member.value()};
    default:
      return {Form::kBroken, {}};
  }
}

void applyTargeted(ResponseDirectives& to, const Dictionary& member) noexcept {
  forget(to, member.key());
  Argument argument = argumentOf(member);
  const bool isNumber = find(kResponseNumbers, member.key()) != nullptr;
  if (isNumber && member.type() != ItemType::kInteger) argument = {Form::kBroken, {}};
  if (!isNumber && member.type() == ItemType::kFalse) return;
  applyToResponse(to, member.key(), argument);
}

/// Nothing if the field is absent, empty or malformed.
std::optional<ResponseDirectives> targetedDirectives(http::Fields fields) noexcept {
  ResponseDirectives directives;
  for (const http::Field& field : fields) {
    if (!sameText(field.name, "cdn-cache-control")) continue;
    directives.targeted = true;
    Dictionary line(field.value);
    while (line.next()) applyTargeted(directives, line);
    if (line.failed()) return std::nullopt;
  }
  return directives.targeted ? std::optional(directives) : std::nullopt;
}

}  // namespace

std::optional<Seconds> parseSeconds(std::string_view text) noexcept {
  if (text.empty()) return std::nullopt;
  Seconds value{0};
  for (const char c : text) {
    if (!http::isDigit(c)) return std::nullopt;
    value = std::min(kForever, value * 10 + Seconds{c - '0'});
  }
  return value;
}

bool FieldNames::add(std::string_view list) noexcept {
  bool any = false;
  for (http::List names(list); names.next(); any = true) {
    if (!http::isToken(names.element())) return false;
  }
  if (!any || size_ == lists_.size()) return false;
  lists_[size_++] = list;
  return true;
}

bool FieldNames::has(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < size_; ++i) {
    for (http::List names(lists_[i]); names.next();) {
      if (sameText(names.element(), name)) return true;
    }
  }
  return false;
}

RequestDirectives requestDirectives(http::Fields fields) noexcept {
  RequestDirectives directives;
  bool controlled = false;
  for (const http::Field& field : fields) {
    if (!sameText(field.name, "cache-control")) continue;
    controlled = true;
    for (Line line(field.value); line.next();) {
      applyToRequest(directives, line);
      if (line.isBroken()) applyWords(directives, kRequestFlags, line.element());
    }
  }
  if (controlled) return directives;
  for (Elements pragma(fields, "pragma"); pragma.next();) {
    if (sameText(pragma.element(), "no-cache")) directives.noCache = true;
  }
  return directives;
}

ResponseDirectives responseDirectives(http::Fields fields) noexcept {
  if (const auto targeted = targetedDirectives(fields)) return *targeted;
  ResponseDirectives directives;
  for (const http::Field& field : fields) {
    if (!sameText(field.name, "cache-control")) continue;
    for (Line line(field.value); line.next();) {
      applyToResponse(directives, line.name(), line.argument());
      if (line.isBroken()) applyWords(directives, kResponseFlags, line.element());
    }
  }
  return directives;
}

}  // namespace proxy::cache
