// Entity tags (RFC 9110, 8.8.3), and lists of them. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace proxy::cache {

struct EntityTag {
  std::string_view opaque;  ///< with its quotes, without W/
  bool weak = false;
};

/// `"..."` or `W/"..."`, and nothing behind it.
[[nodiscard]] std::optional<EntityTag> parseEntityTag(std::string_view text) noexcept;

/// RFC 9110, 8.8.3.2.
[[nodiscard]] inline bool equalStrongly(const EntityTag& a, const EntityTag& b) noexcept {
  return !a.weak && !b.weak && a.opaque == b.opaque;
}
[[nodiscard]] inline bool equalWeakly(const EntityTag& a, const EntityTag& b) noexcept {
  return a.opaque == b.opaque;
}

/// Reads one line of If-None-Match; http::List does not, for in a tag a backslash escapes nothing.
class EntityTags {
 public:
  explicit EntityTags(std::string_view line) noexcept : rest_(line) {}

  /// False at the end, and from the first member on that is no tag.
  [[nodiscard]] bool next() noexcept;
  [[nodiscard]] const EntityTag& tag() const noexcept { return tag_; }

 private:
  std::string_view rest_;
  EntityTag tag_;
};

}  // namespace proxy::cache
