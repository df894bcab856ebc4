// Header fields, as views into the text of the head that they came in. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace proxy::http {

/// The names that this program does something about; all others are kOther.
enum class Name : std::uint8_t {
  kOther,
  kConnection,
  kContentLength,
  kDate,
  kExpect,
  kForwarded,
  kHost,
  kKeepAlive,
  kMaxForwards,
  kProxyAuthenticate,
  kProxyAuthorization,
  kProxyConnection,
  kProxyStatus,
  kReferer,
  kServer,
  kTe,
  kTrailer,
  kTransferEncoding,
  kUpgrade,
  kUserAgent,
  kVia,
  kXForwardedFor,
  kXForwardedHost,
  kXForwardedProto,
};

struct Field {
  std::string_view name;   ///< as it was written
  std::string_view value;  ///< without the white space around it
  Name known = Name::kOther;
};

using Fields = std::span<const Field>;

/// Which of the names this is, by ASCII without regard to case (RFC 9110, 5.1).
[[nodiscard]] Name nameOf(std::string_view text) noexcept;

/// The same but for ASCII case.
[[nodiscard]] bool sameText(std::string_view a, std::string_view b) noexcept;

/// The value of the first field of that name.
[[nodiscard]] std::optional<std::string_view> find(Fields fields, Name name) noexcept;
[[nodiscard]] std::size_t count(Fields fields, Name name) noexcept;

}  // namespace proxy::http
