#include "cache/vary.h"

#include <algorithm>
#include <optional>

#include "cache/lookup.h"
#include "http/characters.h"
#include "http/list.h"

namespace proxy::cache {
namespace {

using http::sameText;

void appendLower(std::string& out, std::string_view text) {
  for (const char c : text) out.push_back(http::lower(c));
}

bool isBefore(std::string_view a, std::string_view b) noexcept {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return http::lower(x) < http::lower(y);
  });
}

// The scheme and the host that X-Forwarded-Proto and -Host tell are part of the key.
bool isWrittenAnew(std::string_view name) noexcept {
  return sameText(name, "forwarded") || sameText(name, "x-forwarded-for");
}

/// How a field's value may be put in another way without meaning another thing.
struct Syntax {
  std::string_view name;
  bool caseless;
  bool orderless;
};

constexpr Syntax kLists[] = {
    {"accept", false, false},
    {"accept-encoding", true, true},
    {"accept-language", true, false},
};

// As it is written, but for white space around semicolons; quoted strings are left alone.
void appendElement(std::string& out, std::string_view element, const Syntax& syntax) {
  if (element.find('"') != std::string_view::npos) {
    out.append(element);
    return;
  }
  while (true) {
    const std::size_t end = std::min(element.find(';'), element.size());
    const std::string_view part = http::trimmed(element.substr(0, end));
    if (syntax.caseless) {
      appendLower(out, part);
    } else {
      out.append(part);
    }
    if (end == element.size()) return;
    out.push_back(';');
    element.remove_prefix(end + 1);
  }
}

void appendList(std::string& out, http::Fields request, const Syntax& syntax) {
  std::array<std::string_view, 16> elements;
  std::size_t size = 0;
  Elements list(request, syntax.name);
  bool more = list.next();
  for (; more && size < elements.size(); more = list.next()) elements[size++] = list.element();
  const auto some = std::span(elements).first(size);
  if (syntax.orderless && !more) std::sort(some.begin(), some.end(), isBefore);

  std::string_view between;
  const auto append = [&](std::string_view element) {
    out.append(between);
    between = ",";
    appendElement(out, element, syntax);
  };
  for (const std::string_view element : some) append(element);
  for (; more; more = list.next()) append(list.element());
}

// Lines of one name are one value with commas between them (RFC 9110, 5.3).
void appendLines(std::string& out, http::Fields request, std::string_view name) {
  std::string_view between;
  for (const http::Field& field : request) {
    if (!sameText(field.name, name)) continue;
    out.append(between).append(field.value);
    between = ", ";
  }
}

}  // namespace

Vary::Vary(http::Fields answer) noexcept {
  for (Elements names(answer, "vary"); names.next();) add(names.element());
  std::sort(names_.begin(), names_.begin() + static_cast<std::ptrdiff_t>(size_), isBefore);
}

void Vary::add(std::string_view name) noexcept {
  any_ = any_ || name == "*" || !http::isToken(name) || isWrittenAnew(name);
  const auto known = names();
  if (std::any_of(known.begin(), known.end(), [&](auto other) { return sameText(other, name); })) {
    return;
  }
  if (size_ == names_.size()) {
    tooMany_ = true;
  } else {
    names_[size_++] = name;
  }
}

void Vary::appendNames(std::string& out) const {
  std::string_view between;
  for (const std::string_view name : names()) {
    out.append(between);
    appendLower(out, name);
    between = ",";
  }
}

// A line for each name. No value holds a line feed, no name a colon: no two texts mean the same.
void Vary::appendKey(std::string& out, http::Fields request) const {
  for (const std::string_view name : names()) {
    appendLower(out, name);
    if (has(request, name)) {
      out.push_back(':');
      const auto* syntax = std::find_if(std::begin(kLists), std::end(kLists),
                                        [&](const Syntax& s) { return sameText(s.name, name); });
      if (syntax == std::end(kLists)) {
        appendLines(out, request, name);
      } else {
        appendList(out, request, *syntax);
      }
    }
    out.push_back('\n');
  }
}

}  // namespace proxy::cache
