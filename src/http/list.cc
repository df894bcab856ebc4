#include "http/list.h"

#include <algorithm>

#include "http/characters.h"

namespace proxy::http {
namespace {

struct Element {
  std::size_t end;
  bool quoted;  // it ends within a quoted string
};

// The element at the front ends at a comma outside of quoted strings, or at the end. A quoted
// string that nobody closes goes on until the end.
Element firstElement(std::string_view text) noexcept {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      quoted = !quoted;
    } else if (quoted && text[i] == '\\') {
      ++i;
    } else if (!quoted && text[i] == ',') {
      return {i, false};
    }
  }
  return {text.size(), quoted};
}

}  // namespace

bool List::next() noexcept {
  while (!rest_.empty()) {
    const std::size_t end = firstElement(rest_).end;
    element_ = trimmed(rest_.substr(0, end));
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (!element_.empty()) return true;
  }
  element_ = {};
  return false;
}

bool lists(Fields fields, Name name, std::string_view token) noexcept {
  for (const Field& field : fields) {
    if (field.known != name) continue;
    for (List list(field.value); list.next();) {
      if (sameText(list.element(), token)) return true;
    }
  }
  return false;
}

bool closesQuotes(std::string_view value) noexcept {
  for (;;) {
    const Element first = firstElement(value);
    if (first.end == value.size()) return !first.quoted;
    value.remove_prefix(first.end + 1);
  }
}

bool isToken(std::string_view text) noexcept {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return kTokenCharacters.has(c); });
}

}  // namespace proxy::http
