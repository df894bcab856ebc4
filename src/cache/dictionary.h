// Reads a dictionary of structured fields (RFC 8941, 3.2; the types of RFC 9651 as well): member by
// member, parameters passed over. Pure; fuzzed.
#pragma once

#include <cstdint>
#include <string_view>

namespace proxy::cache {

enum class ItemType : std::uint8_t {
  kTrue,     ///< ?1, or no value at all
  kFalse,    ///< ?0
  kInteger,  ///< its digits, perhaps behind a minus
  kString,   ///< without its quotes, what is escaped still escaped
  kToken,
  kOther,  ///< a decimal, bytes, a date, a display string or an inner list
};

/// Reads one line.
///     Dictionary line(value);
///     while (line.next()) use(line.key(), line.type(), line.value());
///     if (line.failed()) nothing of it counts, nor of the field's other lines;
/// Conservative: a string that is spread over two lines is malformed, and so is a line that is
/// empty.
class Dictionary {
 public:
  explicit Dictionary(std::string_view line) noexcept;

  [[nodiscard]] bool next() noexcept;
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] std::string_view key() const noexcept { return key_; }
  [[nodiscard]] ItemType type() const noexcept { return type_; }
  [[nodiscard]] std::string_view value() const noexcept { return value_; }  ///< the item's text

 private:
  bool fail() noexcept;
  bool take(char c) noexcept;
  [[nodiscard]] bool at(char c) const noexcept { return rest_.starts_with(c); }
  std::string_view takeWhile(bool (*belongs)(char)) noexcept;
  bool readKey() noexcept;
  bool readMember() noexcept;
  bool readItem() noexcept;
  bool readNumber() noexcept;
  bool readString() noexcept;
  bool readBytes() noexcept;
  bool readBoolean() noexcept;
  bool readInnerList() noexcept;
  bool readParameters() noexcept;
  bool readSeparator() noexcept;

  std::string_view rest_;
  std::string_view key_;
  std::string_view value_;
  ItemType type_ = ItemType::kTrue;
  bool failed_ = false;
};

}  // namespace proxy::cache
