#include "cache/ranges.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "cache/lookup.h"
#include "http/characters.h"
#include "http/list.h"

namespace proxy::cache {
namespace {

constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();

// Digits and nothing else; what is too large is as large as can be, and so beyond every body.
std::optional<std::uint64_t> parsePosition(std::string_view text) noexcept {
  if (text.empty() || !std::all_of(text.begin(), text.end(), http::isDigit)) return std::nullopt;
  std::uint64_t position = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), position);
  return error == std::errc::result_out_of_range ? kLargest : position;
}

void appendNumber(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end);
}

std::size_t digitsOf(std::uint64_t number) noexcept {
  std::size_t digits = 1;
  for (; number > 9; number /= 10) ++digits;
  return digits;
}

std::uint64_t lastOf(const Span& span) noexcept { return span.first + span.size - 1; }

constexpr std::string_view kDelimiter = "\r\n--";
constexpr std::string_view kTypeLine = "\r\nContent-Type: ";
constexpr std::string_view kRangeLine = "\r\nContent-Range: ";
constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kBodyEnd = "--\r\n";

}  // namespace

Ranges::Ranges(http::Fields request, std::uint64_t length) noexcept {
  const auto value = sole(request, "range");
  if (value && length > 0) parse(*value, length);
  if (answer_ != RangeAnswer::kSpans) size_ = 0;
}

void Ranges::parse(std::string_view value, std::uint64_t length) noexcept {
  constexpr std::string_view kUnit = "bytes=";
  if (!http::sameText(value.substr(0, kUnit.size()), kUnit)) return;
  bool any = false;
  for (http::List specs(value.substr(kUnit.size())); specs.next(); any = true) {
    if (!add(specs.element(), length)) return;
  }
  if (any) answer_ = size_ > 0 ? RangeAnswer::kSpans : RangeAnswer::kUnsatisfiable;
}

// False if the whole is to be sent for it; a part that lies outside is left out.
bool Ranges::add(std::string_view spec, std::uint64_t length) noexcept {
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return false;
  const bool isSuffix = dash == 0;
  const bool isOpen = dash + 1 == spec.size();
  const auto from = parsePosition(spec.substr(0, dash));
  const auto to = parsePosition(spec.substr(dash + 1));
  if ((!from && !isSuffix) || (!to && !isOpen) || (!from && !to)) return false;
  if (from && to && *to < *from) return false;

  Span span;
  if (isSuffix) {
    span.size = std::min(*to, length);
    span.first = length - span.size;
  } else if (*from < length) {
    span.first = *from;
    span.size = std::min(to.value_or(kLargest), length - 1) - *from + 1;
  }
  if (span.size == 0) return true;
  if (size_ == spans_.size() || overlaps(span)) return false;
  spans_[size_++] = span;
  return true;
}

bool Ranges::overlaps(const Span& span) const noexcept {
  const auto known = spans();
  return std::any_of(known.begin(), known.end(), [&](const Span& other) {
    return span.first <= lastOf(other) && other.first <= lastOf(span);
  });
}

void appendContentRange(std::string& out, const Span& span, std::uint64_t length) {
  out.append("bytes ");
  appendNumber(out, span.first);
  out.push_back('-');
  appendNumber(out, lastOf(span));
  out.push_back('/');
  appendNumber(out, length);
}

void appendUnsatisfied(std::string& out, std::uint64_t length) {
  out.append("bytes */");
  appendNumber(out, length);
}

std::uint64_t Multipart::size() const noexcept {
  std::uint64_t size = 0;
  for (const Span& span : spans_) {
    size += kDelimiter.size() + boundary_.size() + kRangeLine.size() + kHeadEnd.size();
    if (!contentType_.empty()) size += kTypeLine.size() + contentType_.size();
    size += std::string_view("bytes -/").size() + digitsOf(span.first) + digitsOf(lastOf(span)) +
            digitsOf(length_) + span.size;
  }
  return size + kDelimiter.size() + boundary_.size() + kBodyEnd.size();
}

void Multipart::appendHead(std::string& out, std::size_t index) const {
  out.append(kDelimiter).append(boundary_);
  if (!contentType_.empty()) out.append(kTypeLine).append(contentType_);
  out.append(kRangeLine);
  appendContentRange(out, spans_[index], length_);
  out.append(kHeadEnd);
}

void Multipart::appendEnd(std::string& out) const {
  out.append(kDelimiter).append(boundary_).append(kBodyEnd);
}

void appendMultipartType(std::string& out, std::string_view boundary) {
  out.append("multipart/byteranges; boundary=").append(boundary);
}

}  // namespace proxy::cache
