#include "http/field_section.h"

#include "http/characters.h"

namespace proxy::http {
namespace {

// llhttp takes a tab in front of a length and none behind it; nobody writes either.
bool isOddLength(const Field& field, std::string_view raw) noexcept {
  return field.known == Name::kContentLength && raw.find('\t') != std::string_view::npos;
}

}  // namespace

Split splitSection(std::string_view text, std::size_t limit, std::vector<Field>& fields) {
  fields.clear();
  std::size_t at = 0;
  while (at < text.size() && text[at] != '\r') {
    if (fields.size() == limit) return Split::kTooMany;
    std::size_t colon = at;
    while (colon < text.size() && kTokenCharacters.has(text[colon])) ++colon;
    if (colon == at || colon == text.size() || text[colon] != ':') return Split::kMalformed;
    const std::size_t end = text.find('\r', colon + 1);
    if (end >= text.size() - 1 || text[end + 1] != '\n') return Split::kMalformed;

    const std::string_view name = text.substr(at, colon - at);
    const std::string_view raw = text.substr(colon + 1, end - colon - 1);
    fields.push_back({name, trimmed(raw), nameOf(name)});
    if (isOddLength(fields.back(), raw)) return Split::kMalformed;
    at = end + 2;
  }
  return text.substr(at) == "\r\n" ? Split::kDone : Split::kMalformed;
}

}  // namespace proxy::http
