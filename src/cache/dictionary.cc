#include "cache/dictionary.h"

#include <algorithm>
#include <cstddef>

#include "http/characters.h"

namespace proxy::cache {
namespace {

bool isLower(char c) { return c >= 'a' && c <= 'z'; }
bool isKeyCharacter(char c) {
  return isLower(c) || http::isDigit(c) ||
         std::string_view("_-.*").find(c) != std::string_view::npos;
}
bool isTokenCharacter(char c) { return http::kTokenCharacters.has(c) || c == ':' || c == '/'; }
bool isDigit(char c) { return http::isDigit(c); }
bool isSpace(char c) { return c == ' '; }
bool isBlank(char c) { return c == ' ' || c == '\t'; }
bool isBase64(char c) {
  return http::isAlpha(c) || http::isDigit(c) || c == '+' || c == '/' || c == '=';
}

}  // namespace

Dictionary::Dictionary(std::string_view line) noexcept : rest_(line) {
  takeWhile(isSpace);
  while (rest_.ends_with(' ')) rest_.remove_suffix(1);
  failed_ = rest_.empty();
}

bool Dictionary::next() noexcept {
  if (failed_ || rest_.empty()) return false;
  return readKey() && readMember() && readParameters() && readSeparator();
}

bool Dictionary::fail() noexcept {
  failed_ = true;
  return false;
}

bool Dictionary::take(char c) noexcept {
  if (!at(c)) return false;
  rest_.remove_prefix(1);
  return true;
}

std::string_view Dictionary::takeWhile(bool (*belongs)(char)) noexcept {
  const auto end = std::find_if_not(rest_.begin(), rest_.end(), belongs);
  const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
  rest_.remove_prefix(taken.size());
  return taken;
}

// RFC 8941, 4.2.3.3.
bool Dictionary::readKey() noexcept {
  if (rest_.empty() || (!isLower(rest_.front()) && !at('*'))) return fail();
  key_ = takeWhile(isKeyCharacter);
  return true;
}

bool Dictionary::readMember() noexcept {
  type_ = ItemType::kTrue;
  value_ = {};
  if (!take('=')) return true;
  return at('(') ? readInnerList() : readItem();
}

// RFC 8941, 4.2.3.1.
bool Dictionary::readItem() noexcept {
  if (rest_.empty()) return fail();
  const char c = rest_.front();
  if (c == '-' || http::isDigit(c)) return readNumber();
  if (c == '"') return readString();
  if (c == ':') return readBytes();
  if (c == '?') return readBoolean();
  if (c == '@') {
    rest_.remove_prefix(1);
    if (!readNumber() || type_ != ItemType::kInteger) return fail();
    type_ = ItemType::kOther;
    return true;
  }
  if (rest_.starts_with("%\"")) {
    rest_.remove_prefix(1);
    if (!readString()) return false;
    type_ = ItemType::kOther;
    return true;
  }
  if (!http::isAlpha(c) && c != '*') return fail();
  type_ = ItemType::kToken;
  value_ = takeWhile(isTokenCharacter);
  return true;
}

// RFC 8941, 4.2.4: 15 digits, or 12 with 1 to 3 behind the point.
bool Dictionary::readNumber() noexcept {
  const std::string_view text = rest_;
  take('-');
  const std::size_t whole = takeWhile(isDigit).size();
  if (whole == 0 || whole > 15) return fail();
  type_ = ItemType::kInteger;
  if (take('.')) {
    const std::size_t fraction = takeWhile(isDigit).size();
    if (whole > 12 || fraction == 0 || fraction > 3) return fail();
    type_ = ItemType::kOther;
  }
  value_ = text.substr(0, text.size() - rest_.size());
  return true;
}

// RFC 8941, 4.2.5.
bool Dictionary::readString() noexcept {
  for (std::size_t i = 1; i < rest_.size(); ++i) {
    const char c = rest_[i];
    if (c == '"') {
      type_ = ItemType::kString;
      value_ = rest_.substr(1, i - 1);
      rest_.remove_prefix(i + 1);
      return true;
    }
    if (c < ' ' || c > '~') return fail();
    if (c == '\\' && (++i == rest_.size() || (rest_[i] != '"' && rest_[i] != '\\'))) return fail();
  }
  return fail();
}

bool Dictionary::readBytes() noexcept {
  take(':');
  type_ = ItemType::kOther;
  value_ = takeWhile(isBase64);
  return take(':') || fail();
}

bool Dictionary::readBoolean() noexcept {
  take('?');
  value_ = rest_.substr(0, 1);
  if (value_ != "0" && value_ != "1") return fail();
  type_ = value_ == "1" ? ItemType::kTrue : ItemType::kFalse;
  rest_.remove_prefix(1);
  return true;
}

// RFC 8941, 4.2.1.2.
bool Dictionary::readInnerList() noexcept {
  const std::string_view text = rest_;
  take('(');
  for (;;) {
    takeWhile(isSpace);
    if (take(')')) break;
    if (!readItem() || !readParameters()) return fail();
    if (!at(' ') && !at(')')) return fail();
  }
  type_ = ItemType::kOther;
  value_ = text.substr(0, text.size() - rest_.size());
  return true;
}

// They mean nothing here (RFC 9213, 2.1), but have to be well-formed.
bool Dictionary::readParameters() noexcept {
  const ItemType type = type_;
  const std::string_view key = key_;
  const std::string_view value = value_;
  while (take(';')) {
    takeWhile(isSpace);
    if (!readKey() || (take('=') && !readItem())) return fail();
  }
  type_ = type;
  key_ = key;
  value_ = value;
  return true;
}

bool Dictionary::readSeparator() noexcept {
  takeWhile(isBlank);
  if (rest_.empty()) return true;
  if (!take(',')) return fail();
  takeWhile(isBlank);
  return !rest_.empty() || fail();
}

}  // namespace proxy::cache
