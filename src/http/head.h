// The heads of requests and responses, as views into text that somebody else keeps. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/field.h"

namespace proxy::http {

/// 1.0 or 1.1; any other version is refused when the head is read.
enum class Version : std::uint8_t { k10, k11 };

struct RequestHead {
  std::string_view method;
  std::string_view target;
  Version version = Version::k11;
  Fields fields;
  std::string_view text;  ///< the whole head, its empty line included

  /// RFC 9110, 9.2.1 and 9.2.2; of methods that nobody registered neither is known.
  [[nodiscard]] bool isSafe() const noexcept;
  [[nodiscard]] bool isIdempotent() const noexcept;
};

struct ResponseHead {
  int status = 0;  ///< 100 to 599
  std::string_view reason;
  Version version = Version::k11;
  Fields fields;
  std::string_view text;  ///< the whole head, its empty line included
};

/// The registered phrase of a status; empty for one that nobody registered.
[[nodiscard]] std::string_view reasonOf(int status) noexcept;

}  // namespace proxy::http
