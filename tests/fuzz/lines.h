// Lines of fields, taken apart without any care for what they mean.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "core/check.h"
#include "fuzz/passing_on.h"
#include "http/field.h"
#include "http/list.h"

namespace proxy::http {

/// What stands in lines of input "name:value", as far as a parser could have said it.
inline std::vector<Field> fieldsIn(std::string_view text) {
  std::vector<Field> fields;
  while (!text.empty() && fields.size() < 64) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, colon);
    std::string_view value = line.substr(colon + 1);
    const std::size_t first = std::min(value.find_first_not_of(" \t"), value.size());
    value.remove_prefix(first);
    value = value.substr(0, value.find_last_not_of(" \t") + 1);
    if (isToken(name) && isHarmless(value)) fields.push_back({name, value, nameOf(name)});
  }
  return fields;
}

/// The fields of lines that were written, each of which ends with CR LF and has no other.
inline std::vector<Field> fieldsOf(std::string_view lines) {
  std::vector<Field> fields;
  while (!lines.empty()) {
    const std::size_t end = lines.find("\r\n");
    CHECK(end != std::string_view::npos);
    const std::string_view line = lines.substr(0, end);
    const std::size_t colon = line.find(": ");
    CHECK(colon != std::string_view::npos);
    fields.push_back({line.substr(0, colon), line.substr(colon + 2), Name::kOther});
    fields.back().known = nameOf(fields.back().name);
    CHECK(isToken(fields.back().name) && isHarmless(fields.back().value));
    lines.remove_prefix(end + 2);
  }
  return fields;
}

inline bool has(Fields fields, const Field& wanted) {
  return std::any_of(fields.begin(), fields.end(), [&](const Field& field) {
    return field.name == wanted.name && field.value == wanted.value;
  });
}

}  // namespace proxy::http
