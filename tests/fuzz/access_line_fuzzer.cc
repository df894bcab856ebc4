// An entry of the access log is one line, whatever a client says: as Apache's it has three quoted
// texts, which are those of the entry; as JSON it is an object of the same keys, in UTF-8.
#include <algorithm>
#include <cctype>
#include <cstdint>
#include <string>
#include <vector>

#include "core/check.h"
#include "fuzz/input.h"
#include "http1/access_line.h"

namespace proxy::http1 {
namespace {

bool isPrintable(char c) { return c >= ' ' && c < '\x7f'; }

char byteOf(std::string_view twoDigits) {
  CHECK(std::isxdigit(static_cast<unsigned char>(twoDigits.at(0))) != 0);
  CHECK(std::isxdigit(static_cast<unsigned char>(twoDigits.at(1))) != 0);
  return static_cast<char>(std::stoi(std::string(twoDigits), nullptr, 16));
}

/// Takes text up to the next quote from the front of `rest`, with \xHH made bytes again.
std::string takeQuoted(std::string_view& rest) {
  std::string text;
  for (;;) {
    CHECK(!rest.empty());
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c == '"') return text;
    if (c != '\\') {
      text.push_back(c);
      continue;
    }
    CHECK(rest.starts_with('x'));
    text.push_back(byteOf(rest.substr(1, 2)));
    rest.remove_prefix(3);
  }
}

std::string orDash(std::string_view text) { return std::string(text.empty() ? "-" : text); }

void checkCombined(const AccessEntry& entry, AccessTime time) {
  std::string line;
  appendCombined(line, entry, time);
  CHECK(std::all_of(line.begin(), line.end(), isPrintable));
  std::string_view rest = line;
  const auto passQuote = [&] { rest.remove_prefix(std::min(rest.find('"') + 1, rest.size())); };
  passQuote();
  const std::string request = entry.method.empty()
                                  ? orDash(entry.target)
                                  : std::string(entry.method) + " " + std::string(entry.target) +
                                        " " + std::string(entry.version);
  CHECK(takeQuoted(rest) == request);
  passQuote();
  CHECK(takeQuoted(rest) == orDash(entry.referer));
  passQuote();
  CHECK(takeQuoted(rest) == orDash(entry.userAgent));
  CHECK(rest.empty());
}

// JSON

/// What UTF-8 is (RFC 3629), told by the numbers of the characters.
bool isUtf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const std::size_t size = first < 0x80           ? 1
                             : (first >> 5) == 0x06 ? 2
                             : (first >> 4) == 0x0e ? 3
                             : (first >> 3) == 0x1e ? 4
                                                    : 0;
    if (size == 0 || text.size() - i < size) return false;
    std::uint32_t number = size == 1 ? first : first & (0xffU >> (size + 1));
    for (std::size_t k = 1; k < size; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0) != 0x80) return false;
      number = number << 6 | (next & 0x3fU);
    }
    constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (number < kLeast[size] || number > 0x10ffff) return false;
    if (number >= 0xd800 && number < 0xe000) return false;
    i += size;
  }
  return true;
}

bool isAscii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; });
}

class Object {
 public:
  explicit Object(std::string_view text) : rest_(text) { expect("{"); }

  void text(std::string_view key, std::string_view value) {
    begin(key);
    const std::string read = takeText();
    CHECK(!isAscii(value) || read == value);
  }
  void word(std::string_view key, std::string_view value) {
    begin(key);
    expect(value);
  }
  void end() {
    expect("}");
    CHECK(rest_.empty());
  }

 private:
  void expect(std::string_view text) {
    CHECK(rest_.starts_with(text));
    rest_.remove_prefix(text.size());
  }

  void begin(std::string_view key) {
    if (!first_) expect(",");
    first_ = false;
    expect("\"" + std::string(key) + "\":");
  }

  // Of a \u only what is below U+0100 is given back.
  std::string takeText() {
    expect("\"");
    std::string text;
    for (;;) {
      CHECK(!rest_.empty());
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return text;
      CHECK(static_cast<unsigned char>(c) >= ' ');
      if (c != '\\') {
        text.push_back(c);
      } else if (rest_.starts_with('"') || rest_.starts_with('\\')) {
        text.push_back(rest_.front());
        rest_.remove_prefix(1);
      } else {
        expect("u");
        (void)byteOf(rest_.substr(0, 2));
        text.push_back(byteOf(rest_.substr(2, 2)));
        rest_.remove_prefix(4);
      }
    }
  }

  std::string_view rest_;
  bool first_ = true;
};

std::string momentOf(std::int64_t number) { return number < 0 ? "null" : std::to_string(number); }
std::string wordOf(bool value) { return value ? "true" : "false"; }

void checkJson(const AccessEntry& entry, AccessTime time) {
  std::string line;
  appendJson(line, entry, time);
  CHECK(isUtf8(line));
  CHECK(std::none_of(line.begin(), line.end(),
                     [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }));
  for (const std::string_view end : {"\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"}) {
    CHECK(line.find(end) == std::string::npos);
  }
  const std::string written = line.substr(9, 24);  // {"time":"2026-11-21T14:03:59.123Z"
  CHECK(written.ends_with('Z') && written[10] == 'T');
  Object object(line);
  object.text("time", written);
  object.text("client", entry.client);
  object.text("method", entry.method);
  object.text("host", entry.host);
  object.text("target", entry.target);
  object.text("version", entry.version);
  object.word("status", std::to_string(entry.status));
  object.word("sent", std::to_string(entry.sent));
  object.word("received", std::to_string(entry.received));
  object.word("ms", std::to_string(entry.milliseconds));
  object.word("complete", wordOf(entry.complete));
  object.text("error", entry.error);
  object.word("reused", wordOf(entry.reused));
  object.text("upstream", entry.notes.upstream);
  object.word("attempts", std::to_string(entry.notes.attempts));
  object.word("connect_ms", momentOf(entry.notes.connectedAfter));
  object.word("answer_ms", momentOf(entry.notes.answeredAfter));
  object.word("upstream_reused", wordOf(entry.notes.reused));
  object.text("referer", entry.referer);
  object.text("user_agent", entry.userAgent);
  object.end();
}

void check(Input input) {
  constexpr std::uint64_t kYear10000 = 253'402'300'800'000;
  const AccessTime time{
      std::chrono::milliseconds(static_cast<std::int64_t>(input.number() % kYear10000))};
  AccessEntry entry;
  entry.status = static_cast<int>(input.choice(2)) * 599;
  entry.sent = entry.bodySent = input.number();
  entry.received = entry.sent / 3;
  entry.milliseconds = static_cast<std::int64_t>(entry.sent / 5);
  entry.complete = input.choice(2) == 1;
  entry.reused = input.choice(2) == 1;
  entry.notes.reused = input.choice(2) == 1;
  entry.notes.attempts = static_cast<std::uint8_t>(input.choice(256));
  entry.notes.connectedAfter = static_cast<std::int64_t>(input.choice(256)) - 1;
  entry.notes.answeredAfter = static_cast<std::int64_t>(input.choice(256)) - 1;
  entry.client = "192.0.2.1";
  entry.notes.upstream = input.text();
  entry.method = input.text();
  entry.target = input.text();
  entry.version = input.choice(2) == 1 ? "HTTP/1.0" : "HTTP/1.1";
  entry.host = input.text();
  entry.referer = input.text();
  entry.userAgent = input.rest();
  checkCombined(entry, time);
  checkJson(entry, time);
}

}  // namespace
}  // namespace proxy::http1

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  proxy::http1::check(proxy::Input(data, size));
  return 0;
}
