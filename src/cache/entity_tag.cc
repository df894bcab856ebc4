#include "cache/entity_tag.h"

#include <algorithm>
#include <cstddef>

#include "http/characters.h"

namespace proxy::cache {
namespace {

// etagc; bytes of 0x80 and more are obs-text.
bool belongs(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte > ' ' && byte != '"' && byte != 0x7f;
}

// Takes a tag from the front, and leaves the rest.
std::optional<EntityTag> takeTag(std::string_view& text) noexcept {
  EntityTag tag;
  tag.weak = text.starts_with("W/");  // its case counts (RFC 9110, 8.8.3)
  const std::string_view quoted = text.substr(tag.weak ? 2 : 0);
  if (!quoted.starts_with('"')) return std::nullopt;
  const auto end = std::find_if_not(quoted.begin() + 1, quoted.end(), belongs);
  if (end == quoted.end() || *end != '"') return std::nullopt;
  tag.opaque = quoted.substr(0, static_cast<std::size_t>(end - quoted.begin()) + 1);
  text = quoted.substr(tag.opaque.size());
  return tag;
}

}  // namespace

std::optional<EntityTag> parseEntityTag(std::string_view text) noexcept {
  const auto tag = takeTag(text);
  return text.empty() ? tag : std::nullopt;
}

bool EntityTags::next() noexcept {
  const std::size_t start = std::min(rest_.find_first_not_of(", \t"), rest_.size());
  rest_.remove_prefix(start);
  const auto tag = takeTag(rest_);
  if (!tag) return false;
  rest_ = rest_.substr(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
  if (!rest_.empty() && rest_.front() != ',') {
    rest_ = {};
    return false;
  }
  tag_ = *tag;
  return true;
}

}  // namespace proxy::cache
