#include "cache/lookup.h"

namespace proxy::cache {

bool has(http::Fields fields, std::string_view name) noexcept {
  return first(fields, name).has_value();
}

std::optional<std::string_view> first(http::Fields fields, std::string_view name) noexcept {
  for (const http::Field& field : fields) {
    if (http::sameText(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::optional<std::string_view> agreed(http::Fields fields, std::string_view name) noexcept {
  const auto value = first(fields, name);
  for (const http::Field& field : fields) {
    if (http::sameText(field.name, name) && field.value != value) return std::nullopt;
  }
  return value;
}

std::optional<std::string_view> sole(http::Fields fields, std::string_view name) noexcept {
  std::optional<std::string_view> value;
  for (const http::Field& field : fields) {
    if (!http::sameText(field.name, name)) continue;
    if (value) return std::nullopt;
    value = field.value;
  }
  return value;
}

bool Elements::next() noexcept {
  while (!line_.next()) {
    while (at_ < fields_.size() && !http::sameText(fields_[at_].name, name_)) ++at_;
    if (at_ == fields_.size()) return false;
    line_ = http::List(fields_[at_++].value);
  }
  return true;
}

}  // namespace proxy::cache
