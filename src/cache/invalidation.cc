#include "cache/invalidation.h"

#include <algorithm>
#include <cstddef>

#include "cache/lookup.h"
#include "http/characters.h"
#include "http/target.h"

namespace proxy::cache {
namespace {

std::string_view pathOf(std::string_view pathAndQuery) noexcept {
  return pathAndQuery.substr(0, pathAndQuery.find('?'));
}

// As it stands in a request: graphic characters of ASCII.
bool isGraphic(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

// The scheme with which a reference begins, without its colon (RFC 3986, 3.1).
std::string_view schemeOf(std::string_view reference) noexcept {
  const std::size_t end = std::min(reference.find_first_of(":/?"), reference.size());
  return reference.substr(end).starts_with(':') ? reference.substr(0, end) : std::string_view();
}

// RFC 3986, 5.2.4, of an absolute path: appends it without "." and "..".
void appendWithoutDots(std::string& out, std::string_view path) {
  const std::size_t start = out.size();
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    if (segment == "/." || segment == "/..") {
      if (segment == "/..") out.resize(std::max(start, std::min(out.rfind('/'), out.size())));
      if (path.empty()) out.push_back('/');
    } else {
      out.append(segment);
    }
  }
}

/// A reference taken apart, with what it lacks from the base (RFC 3986, 5.2.2).
struct Resolved {
  Uri uri;  ///< without its path
  std::string path;
};

// What follows the authority; a path here is absolute or empty.
std::string absolutePath(std::string_view text) {
  std::string path;
  appendWithoutDots(path, pathOf(text));
  return path.append(text.substr(pathOf(text).size()));
}

std::string relativePath(std::string_view base, std::string_view reference) {
  if (reference.empty()) return std::string(base);
  if (reference.front() == '?') return std::string(pathOf(base)).append(reference);
  if (reference.front() == '/') return absolutePath(reference);
  const std::string_view folder = pathOf(base).substr(0, pathOf(base).rfind('/') + 1);
  std::string merged(folder.empty() ? std::string_view("/") : folder);
  return absolutePath(merged.append(reference));
}

std::optional<Resolved> resolve(const Uri& base, std::string_view reference) {
  Resolved resolved{base, {}};
  const std::string_view scheme = schemeOf(reference);
  if (!scheme.empty()) {
    resolved.uri.scheme = scheme;
    reference.remove_prefix(scheme.size() + 1);
    if (!reference.starts_with("//")) return std::nullopt;
  }
  if (!reference.starts_with("//")) {
    resolved.path = relativePath(base.path, reference);
    return resolved;
  }
  reference.remove_prefix(2);
  const std::size_t end = std::min(reference.find_first_of("/?"), reference.size());
  const auto authority = http::parseAuthority(reference.substr(0, end));
  if (!authority) return std::nullopt;
  resolved.uri.host = authority->host;
  resolved.uri.port = authority->port;
  resolved.path = absolutePath(reference.substr(end));
  return resolved;
}

}  // namespace

bool invalidates(const http::RequestHead& request, int status) noexcept {
  return !request.isSafe() && status >= 200 && status < 400;
}

std::vector<std::string> invalidated(const Uri& target, http::Fields answer) {
  std::vector<std::string> keys(1);
  appendKey(keys.front(), target);
  for (const http::Field& field : answer) {
    const bool names =
        http::sameText(field.name, "location") || http::sameText(field.name, "content-location");
    std::string key;
    if (!names || !appendResolved(key, target, field.value)) continue;
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(std::move(key));
  }
  return keys;
}

bool appendResolved(std::string& out, const Uri& base, std::string_view reference) {
  reference = reference.substr(0, reference.find('#'));
  if (!isGraphic(reference)) return false;
  auto resolved = resolve(base, reference);
  if (!resolved || !isSameOrigin(base, resolved->uri)) return false;
  resolved->uri.path = resolved->path;
  appendKey(out, resolved->uri);
  return true;
}

}  // namespace proxy::cache
