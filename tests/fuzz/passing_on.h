// What of a head must arrive on the other side, found out in the most simple-minded way.
#pragma once

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "http/field.h"
#include "http/framing.h"

namespace proxy {

inline std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

inline bool sameBody(const http::BodyLength& a, const http::BodyLength& b) {
  const auto* left = std::get_if<http::SizedBody>(&a);
  const auto* right = std::get_if<http::SizedBody>(&b);
  return a.index() == b.index() && (left == nullptr || left->size == right->size);
}

/// The fields that Connection names, in lower case.
inline std::vector<std::string> nominated(http::Fields fields) {
  std::vector<std::string> names;
  for (const http::Field& field : fields) {
    if (lowered(field.name) != "connection") continue;
    std::string name;
    for (const char c : std::string(field.value) + ",") {
      if (c != ',') {
        name.push_back(c);
        continue;
      }
      while (name.ends_with(' ') || name.ends_with('\t')) name.pop_back();
      name.erase(0, std::min(name.find_first_not_of(" \t"), name.size()));
      if (lowered(name) != "close") names.push_back(lowered(name));
      name.clear();
    }
  }
  return names;
}

/// A quote in Connection is malformed, and which commas it hides a matter of taste.
inline bool hasQuotedOptions(http::Fields fields) {
  return std::any_of(fields.begin(), fields.end(), [](const http::Field& field) {
    return lowered(field.name) == "connection" && field.value.find('"') != std::string_view::npos;
  });
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// The fields that no hop may drop, add or change, in their order.
inline Pairs endToEnd(http::Fields fields, bool requests) {
  const std::vector<std::string> dropped = nominated(fields);
  Pairs pairs;
  for (const http::Field& field : fields) {
    std::string name = lowered(field.name);
    if (std::find(dropped.begin(), dropped.end(), name) != dropped.end()) continue;
    if (http::nameOf(name) != http::Name::kOther) continue;
    std::replace(name.begin(), name.end(), '_', '-');
    if (requests && name.starts_with("x-forwarded-")) continue;
    if (requests && (name == "content-length" || name == "transfer-encoding")) continue;
    if (requests && name == "proxy") continue;
    pairs.emplace_back(field.name, field.value);
  }
  return pairs;
}

/// A control character other than a tab would end a line for somebody.
inline bool isHarmless(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
  });
}

}  // namespace proxy
