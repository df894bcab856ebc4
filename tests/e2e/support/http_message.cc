#include "e2e/support/http_message.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>

#include <gtest/gtest.h>

namespace e2e {

namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::size_t kReadSize = std::size_t{256} * 1024;
constexpr std::size_t kLongestHead = std::size_t{256} * 1024;

[[noreturn]] void malformed(std::string_view why, std::string_view bytes) {
  throw std::runtime_error("malformed HTTP: " + std::string(why) + ": " +
                           testing::PrintToString(std::string(bytes.substr(0, 1000))));
}

bool sameName(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool isToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || std::strchr("!#$%&'*+-.^_`|~", c) != nullptr;
  });
}

std::size_t number(std::string_view text, int base) {
  std::size_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || stop != end || text.empty()) malformed("a number", text);
  return value;
}

}  // namespace

std::string HttpMessage::value(std::string_view name) const {
  std::string all;
  bool first = true;
  for (const auto& [key, value] : fields) {
    if (!sameName(key, name)) continue;
    all += (first ? "" : ", ") + value;
    first = false;
  }
  return all;
}

std::size_t HttpMessage::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(fields.begin(), fields.end(),
                    [&](const auto& field) { return sameName(field.first, name); }));
}

HttpFields parseFields(std::string_view lines) {
  HttpFields fields;
  while (!lines.empty()) {
    const std::size_t end = lines.find(kLineEnd);
    if (end == std::string_view::npos) malformed("a field without an end", lines);
    const std::string_view line = lines.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !isToken(line.substr(0, colon))) {
      malformed("a field", line);
    }
    std::string_view value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    const bool padded = value.starts_with(' ') || value.ends_with(' ') || value.starts_with('\t');
    const bool control = std::any_of(value.begin(), value.end(), [](unsigned char c) {
      return (c < ' ' && c != '\t') || c == 0x7F;
    });
    if (padded || control) malformed("a value", line);
    fields.emplace_back(line.substr(0, colon), value);
    lines.remove_prefix(end + kLineEnd.size());
  }
  return fields;
}

HttpFraming framingOf(const HttpMessage& message, bool isAnswer) {
  const std::size_t lengths = message.count("Content-Length");
  const std::size_t codings = message.count("Transfer-Encoding");
  if (lengths + codings > 1) malformed("framing", message.head);
  if (codings == 1) {
    if (message.value("Transfer-Encoding") != "chunked") malformed("a coding", message.head);
    return HttpFraming::kChunked;
  }
  if (lengths == 1) {
    number(message.value("Content-Length"), 10);
    return HttpFraming::kSized;
  }
  return isAnswer ? HttpFraming::kUntilEnd : HttpFraming::kNone;
}

std::string chunked(std::string_view body, std::size_t chunk, std::string_view trailers) {
  std::string bytes;
  bytes.reserve(body.size() + body.size() / chunk * 8 + 64);
  while (!body.empty()) {
    const std::size_t size = std::min(chunk, body.size());
    std::array<char, 17> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
    bytes.append(digits.data(), end).append(kLineEnd);
    bytes.append(body.substr(0, size)).append(kLineEnd);
    body.remove_prefix(size);
  }
  return bytes.append("0\r\n").append(trailers).append(kLineEnd);
}

void HttpStream::dribble(std::string_view bytes, std::size_t piece) {
  while (!bytes.empty()) {
    peer_.send(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    peer_.waitUntilAcknowledged();
  }
}

bool HttpStream::fill() {
  if (ended_) return false;
  if (at_ > buffer_.size() / 2) {
    buffer_.erase(0, at_);
    at_ = 0;
  }
  const Deadline deadline;
  static thread_local std::vector<char> room(kReadSize);
  for (;;) {
    const ssize_t got = ::recv(peer_.fd(), room.data(), room.size(), 0);
    if (got > 0) {
      buffer_.append(room.data(), static_cast<std::size_t>(got));
      return true;
    }
    if (got < 0 && errno == EAGAIN) {
      pollfd waiting{.fd = peer_.fd(), .events = POLLIN, .revents = 0};
      if (::poll(&waiting, 1, deadline.left()) <= 0) {
        throw std::runtime_error("nothing comes any more; so far there is " +
                                 testing::PrintToString(std::string(buffered().substr(0, 1000))));
      }
      continue;
    }
    ended_ = true;
    error_ = got < 0 ? errno : 0;
    return false;
  }
}

bool HttpStream::fillTo(std::size_t bytes) {
  while (buffered().size() < bytes) {
    if (!fill()) return false;
  }
  return true;
}

std::string HttpStream::take(std::size_t bytes) {
  std::string taken(buffered().substr(0, bytes));
  at_ += taken.size();
  return taken;
}

std::string HttpStream::receive(std::size_t count) {
  if (!fillTo(count)) {
    throw std::runtime_error("the stream " + howItEnded() + " after " +
                             std::to_string(buffered().size()) + " of " + std::to_string(count) +
                             " bytes");
  }
  return take(count);
}

Peer::Rest HttpStream::rest() {
  while (fill()) {
  }
  return {take(buffered().size()), error_};
}

void HttpStream::expectEnd() {
  const auto left = rest();
  EXPECT_EQ(left.bytes, "");
  EXPECT_EQ(left.error, 0) << std::strerror(left.error);
}

bool HttpStream::isSilentFor(milliseconds time) const {
  return buffered().empty() && peer_.isSilentFor(time);
}

std::optional<HttpMessage> HttpStream::readHead() {
  std::size_t end;
  while ((end = buffered().find(kHeadEnd)) == std::string_view::npos) {
    if (buffered().size() > kLongestHead) malformed("an endless head", buffered());
    if (fill()) continue;
    if (buffered().empty()) return std::nullopt;
    throw CutOff("the stream " + howItEnded() +
                 " within a head: " + testing::PrintToString(std::string(buffered())));
  }
  HttpMessage message;
  message.head = take(end + kHeadEnd.size());
  const std::size_t start = message.head.find(kLineEnd);
  message.start = message.head.substr(0, start);
  const std::string_view lines = message.head;
  message.fields = parseFields(lines.substr(
      start + kLineEnd.size(), lines.size() - start - kLineEnd.size() - kLineEnd.size()));
  return message;
}

void HttpStream::readBody(HttpMessage& message) {
  switch (message.framing) {
    case HttpFraming::kNone:
      return;
    case HttpFraming::kSized:
      return readSized(message, number(message.value("Content-Length"), 10));
    case HttpFraming::kChunked:
      return readChunks(message);
    case HttpFraming::kUntilEnd:
      return readUntilEnd(message);
  }
}

void HttpStream::readSized(HttpMessage& message, std::size_t size) {
  const std::size_t whole = message.body.size() + size;
  message.body.reserve(whole);
  while (message.body.size() < whole) {
    if (buffered().empty() && !fill()) {
      message.flaw = "it " + howItEnded() + " after " + std::to_string(message.body.size()) +
                     " of " + std::to_string(whole) + " bytes";
      return;
    }
    const std::size_t here = std::min(buffered().size(), whole - message.body.size());
    message.body.append(buffered().substr(0, here));
    at_ += here;
  }
}

void HttpStream::readChunks(HttpMessage& message) {
  for (;;) {
    const auto line = takeLine();
    if (!line) break;
    const std::size_t size = number(*line, 16);
    if (size == 0) break;
    ++message.chunks;
    readSized(message, size);
    if (!message.complete()) return;
    const auto end = takeLine();
    if (!end) break;
    if (!end->empty()) malformed("the end of a chunk", *end);
  }
  std::string trailers;
  for (;;) {
    const auto line = takeLine();
    if (!line) {
      message.flaw = "it " + howItEnded() + " within its framing";
      return;
    }
    if (line->empty()) break;
    trailers += *line + std::string(kLineEnd);
  }
  message.trailers = parseFields(trailers);
}

void HttpStream::readUntilEnd(HttpMessage& message) {
  const auto all = rest();
  message.body = all.bytes;
  if (all.error != 0) message.flaw = "it " + howItEnded();
}

// Without its end; nothing if the stream ends before.
std::optional<std::string> HttpStream::takeLine() {
  std::size_t end;
  while ((end = buffered().find(kLineEnd)) == std::string_view::npos) {
    if (!fill()) return std::nullopt;
  }
  std::string line = take(end);
  at_ += kLineEnd.size();
  return line;
}

std::string HttpStream::howItEnded() const {
  return error_ == 0 ? "ended" : std::string("failed with ") + std::strerror(error_);
}

}  // namespace e2e
