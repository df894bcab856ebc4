// Finds fields by names that http::Name does not have. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "http/field.h"
#include "http/list.h"

namespace proxy::cache {

[[nodiscard]] bool has(http::Fields fields, std::string_view name) noexcept;

/// The value of the first line with that name.
[[nodiscard]] std::optional<std::string_view> first(http::Fields fields,
                                                    std::string_view name) noexcept;

/// The value that all lines with that name have; nothing where they differ, or there is none.
[[nodiscard]] std::optional<std::string_view> agreed(http::Fields fields,
                                                     std::string_view name) noexcept;

/// The value of the one line with that name; nothing where there are several.
[[nodiscard]] std::optional<std::string_view> sole(http::Fields fields,
                                                   std::string_view name) noexcept;

/// The elements of a list that may be spread over several lines (RFC 9110, 5.3).
///     for (Elements vary(fields, "vary"); vary.next();) use(vary.element());
class Elements {
 public:
  Elements(http::Fields fields, std::string_view name) noexcept : fields_(fields), name_(name) {}

  [[nodiscard]] bool next() noexcept;
  [[nodiscard]] std::string_view element() const noexcept { return line_.element(); }

 private:
  http::Fields fields_;
  std::string_view name_;
  std::size_t at_ = 0;
  http::List line_{{}};
};

}  // namespace proxy::cache
