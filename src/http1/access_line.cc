#include "http1/access_line.h"

#include <array>
#include <charconv>
#include <concepts>
#include <string_view>

namespace proxy::http1 {

namespace {

constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

void appendHex(std::string& to, std::string_view digits, unsigned char byte) {
  to.push_back(digits[byte >> 4]);
  to.push_back(digits[byte & 15]);
}

template <std::integral Number>
void appendNumber(std::string& to, Number number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  to.append(digits.data(), end);
}

// With zeros in front.
void appendPadded(std::string& to, long long number, std::size_t width) {
  std::array<char, 20> digits;
  for (std::size_t i = width; i > 0; number /= 10) {
    digits[--i] = static_cast<char>('0' + number % 10);
  }
  to.append(digits.data(), width);
}

// A point in time, taken apart.
struct Calendar {
  explicit Calendar(AccessTime time)
      : day(std::chrono::floor<std::chrono::days>(time)),
        date(day),
        clock(std::chrono::floor<std::chrono::milliseconds>(time - day)) {}

  void appendDay(std::string& to) const { appendPadded(to, unsigned{date.day()}, 2); }
  void appendYear(std::string& to) const { appendPadded(to, int{date.year()}, 4); }
  [[nodiscard]] unsigned month() const { return unsigned{date.month()}; }

  void appendClock(std::string& to) const {
    appendPadded(to, clock.hours().count(), 2);
    to.push_back(':');
    appendPadded(to, clock.minutes().count(), 2);
    to.push_back(':');
    appendPadded(to, clock.seconds().count(), 2);
  }

  std::chrono::sys_days day;
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::milliseconds> clock;
};

// Combined

constexpr bool isPlain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

void appendEscaped(std::string& to, std::string_view text) {
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (isPlain(text[i])) continue;
    to.append(text, start, i - start).append("\\x");
    appendHex(to, "0123456789ABCDEF", static_cast<unsigned char>(text[i]));
    start = i + 1;
  }
  to.append(text, start);
}

void appendOrDash(std::string& to, std::string_view text) {
  appendEscaped(to, text.empty() ? "-" : text);
}

void appendRequest(std::string& to, const AccessEntry& entry) {
  if (entry.method.empty()) return appendOrDash(to, entry.target);
  appendEscaped(to, entry.method);
  to.push_back(' ');
  appendEscaped(to, entry.target);
  to.push_back(' ');
  appendEscaped(to, entry.version);
}

// 21/Nov/2026:14:03:59 +0000
void appendCombinedTime(std::string& to, AccessTime time) {
  const Calendar at(time);
  at.appendDay(to);
  to.push_back('/');
  to.append(kMonths, std::size_t{3} * (at.month() - 1), 3).push_back('/');
  at.appendYear(to);
  to.push_back(':');
  at.appendClock(to);
  to.append(" +0000");
}

// JSON

// What the first byte of a character of UTF-8 says of its size; 0: it cannot be one.
std::size_t sizeAfter(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

// How many bytes at the front of `text` are a character of UTF-8 (RFC 3629, 4); 0: none.
std::size_t characterSize(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t size = sizeAfter(first);
  if (size < 2) return size;
  if (text.size() < size) return 0;
  // What would be too long for its character, a surrogate, or beyond U+10FFFF.
  const unsigned char lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned char highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < lowest || byte(1) > highest) return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  return size;
}

constexpr std::string_view kLineSeparator = "\xe2\x80\xa8";       // U+2028
constexpr std::string_view kParagraphSeparator = "\xe2\x80\xa9";  // U+2029

// A character of UTF-8, or a byte that is none.
bool needsEscape(std::string_view character) {
  const auto last = static_cast<unsigned char>(character.back());
  if (character.size() == 1) return !isPlain(character.front());
  if (character.front() == '\xc2') return last < 0xa0;  // U+0080 to U+009F
  return character == kLineSeparator || character == kParagraphSeparator;
}

void appendJsonEscape(std::string& to, std::string_view character) {
  if (character == "\"" || character == "\\") {
    to.append("\\").append(character);
  } else if (character == kLineSeparator || character == kParagraphSeparator) {
    to.append(character == kLineSeparator ? "\\u2028" : "\\u2029");
  } else {
    // The last byte of U+0080 to U+009F is what the character is called.
    appendHex(to.append("\\u00"), "0123456789abcdef", static_cast<unsigned char>(character.back()));
  }
}

void appendText(std::string& to, std::string_view text) {
  to.push_back('"');
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (isPlain(text[i])) {
      ++i;
      continue;
    }
    const std::size_t valid = characterSize(text.substr(i));
    const std::string_view character = text.substr(i, valid == 0 ? 1 : valid);
    if (needsEscape(character)) {
      to.append(text, start, i - start);
      appendJsonEscape(to, character);
      start = i + character.size();
    }
    i += character.size();
  }
  to.append(text, start).push_back('"');
}

// 2026-11-21T14:03:59.123Z (RFC 3339)
void appendJsonTime(std::string& to, AccessTime time) {
  const Calendar at(time);
  at.appendYear(to);
  to.push_back('-');
  appendPadded(to, at.month(), 2);
  to.push_back('-');
  at.appendDay(to);
  to.push_back('T');
  at.appendClock(to);
  to.push_back('.');
  appendPadded(to, at.clock.subseconds().count(), 3);
  to.push_back('Z');
}

void append(std::string& to, std::string_view key, std::string_view text) {
  appendText(to.append(key), text);
}
void append(std::string& to, std::string_view key, bool value) {
  to.append(key).append(value ? "true" : "false");
}
template <std::integral Number>
void append(std::string& to, std::string_view key, Number number) {
  appendNumber(to.append(key), number);
}

// -1 is what did not come to pass.
void appendMoment(std::string& to, std::string_view key, std::int64_t milliseconds) {
  if (milliseconds >= 0) return append(to, key, milliseconds);
  to.append(key).append("null");
}

}  // namespace

void appendCombined(std::string& line, const AccessEntry& entry, AccessTime time) {
  appendOrDash(line, entry.client);
  line.append(" - - [");
  appendCombinedTime(line, time);
  line.append("] \"");
  appendRequest(line, entry);
  line.append("\" ");
  appendPadded(line, entry.status, 3);
  line.push_back(' ');
  appendNumber(line, entry.bodySent);
  line.append(" \"");
  appendOrDash(line, entry.referer);
  line.append("\" \"");
  appendOrDash(line, entry.userAgent);
  line.push_back('"');
}

void appendJson(std::string& line, const AccessEntry& entry, AccessTime time) {
  line.append("{\"time\":\"");
  appendJsonTime(line, time);
  append(line, "\",\"client\":", entry.client);
  append(line, ",\"method\":", entry.method);
  append(line, ",\"host\":", entry.host);
  append(line, ",\"target\":", entry.target);
  append(line, ",\"version\":", entry.version);
  append(line, ",\"status\":", entry.status);
  append(line, ",\"sent\":", entry.sent);
  append(line, ",\"received\":", entry.received);
  append(line, ",\"ms\":", entry.milliseconds);
  append(line, ",\"complete\":", entry.complete);
  append(line, ",\"error\":", entry.error);
  append(line, ",\"reused\":", entry.reused);
  append(line, ",\"upstream\":", entry.notes.upstream);
  append(line, ",\"attempts\":", int{entry.notes.attempts});
  appendMoment(line, ",\"connect_ms\":", entry.notes.connectedAfter);
  appendMoment(line, ",\"answer_ms\":", entry.notes.answeredAfter);
  append(line, ",\"upstream_reused\":", entry.notes.reused);
  append(line, ",\"referer\":", entry.referer);
  append(line, ",\"user_agent\":", entry.userAgent);
  line.push_back('}');
}

void appendLine(std::string& line, AccessFormat format, const AccessEntry& entry, AccessTime time) {
  format == AccessFormat::kJson ? appendJson(line, entry, time) : appendCombined(line, entry, time);
}

}  // namespace proxy::http1
