// Which fields are for one hop only, and do not go on (RFC 9110, 7.6.1). For this folder and the
// cache, which does not keep them; pure.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "http/field.h"

namespace proxy::http {

/// The most connection options that a message may name; honest ones have three.
inline constexpr std::size_t kMaxConnectionOptions = 32;

/// Those that are so without being named: what concerns the connection, and authentication to a
/// proxy, which is asked for by us or by nobody.
[[nodiscard]] bool isHopByHop(Name name) noexcept;

/// Forwarded and X-Forwarded-*: where a request came from.
[[nodiscard]] bool tellsOrigin(Name name) noexcept;

/// The fields that a message's Connection names, as far as it may: where a message goes and came
/// from, and how it is framed, is no matter of one hop, and stays. Views into the fields' text.
class Nominated {
 public:
  explicit Nominated(Fields fields) noexcept;

  [[nodiscard]] bool has(std::string_view name) const noexcept;

 private:
  void add(std::string_view value) noexcept;

  std::array<std::string_view, kMaxConnectionOptions> names_;
  std::size_t size_ = 0;
};

}  // namespace proxy::http
