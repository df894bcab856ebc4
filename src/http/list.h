// Field values that are lists: elements between commas (RFC 9110, 5.6.1), commas within quoted
// strings not counted. Pure; fuzzed.
#pragma once

#include <cstddef>
#include <string_view>

#include "http/field.h"

namespace proxy::http {

/// Reads one value from the front; empty elements are skipped, white space around one is not part
/// of it.
///     for (List list(value); list.next();) use(list.element());
class List {
 public:
  explicit List(std::string_view value) noexcept : rest_(value) {}

  [[nodiscard]] bool next() noexcept;
  [[nodiscard]] std::string_view element() const noexcept { return element_; }

 private:
  std::string_view rest_;
  std::string_view element_;
};

/// Whether a field of that name lists `token`, without regard to case.
[[nodiscard]] bool lists(Fields fields, Name name, std::string_view token) noexcept;

/// Every quoted string of a list is closed, so that another element can be written behind it.
[[nodiscard]] bool closesQuotes(std::string_view value) noexcept;

/// A token (RFC 9110, 5.6.2).
[[nodiscard]] bool isToken(std::string_view text) noexcept;

}  // namespace proxy::http
