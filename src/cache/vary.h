// Which request fields chose an answer (RFC 9110, 12.5.5), and their text in a request, by which
// requests are told apart (RFC 9111, 4.1). Pure.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "http/field.h"

namespace proxy::cache {

/// The most names that are looked at.
inline constexpr std::size_t kMaxVaryNames = 16;

/// The names of an answer's Vary, as views into its fields; in order, each once, whatever its case.
class Vary {
 public:
  explicit Vary(http::Fields answer) noexcept;

  /// `*`. Conservative: also a member that is no field name, and one of the fields that say where a
  /// request came from, for they are written anew on its way to the upstream.
  [[nodiscard]] bool isAny() const noexcept { return any_; }
  [[nodiscard]] bool isTooMany() const noexcept { return tooMany_; }
  [[nodiscard]] std::span<const std::string_view> names() const noexcept {
    return std::span(names_).first(size_);
  }

  /// Appends the names in small letters, with commas between them: equal for equal Varys.
  void appendNames(std::string& out) const;

  /// Appends the variant key of a request: equal for requests that have the same answer. An absent
  /// field is told from an empty one, lines of a name are joined. Conservative: white space between
  /// members is nothing in Accept, Accept-Encoding and Accept-Language alone, case nothing in the
  /// latter two, and order nothing in Accept-Encoding (RFC 9110, 12.5). Not for isAny() or
  /// isTooMany().
  void appendKey(std::string& out, http::Fields request) const;

 private:
  void add(std::string_view name) noexcept;

  std::array<std::string_view, kMaxVaryNames> names_;
  std::size_t size_ = 0;
  bool any_ = false;
  bool tooMany_ = false;
};

}  // namespace proxy::cache
