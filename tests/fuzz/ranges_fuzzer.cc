// The spans of a Range lie within the body, are not empty and do not overlap; asked for one by one
// they are found again; and a multipart body is as long as it was said to be.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "cache/ranges.h"
#include "core/check.h"
#include "fuzz/input.h"

namespace proxy::cache {
namespace {

constexpr std::uint64_t kLargestMultipart = std::uint64_t{1} << 62;

void checkSpans(std::span<const Span> spans, std::uint64_t length) {
  std::uint64_t left = length;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    CHECK(spans[i].size > 0 && spans[i].size <= length);
    CHECK(spans[i].first <= length - spans[i].size);
    CHECK(spans[i].size <= left);
    left -= spans[i].size;
    for (std::size_t j = 0; j < i; ++j) {
      const bool behind = spans[i].first >= spans[j].first;
      const Span& low = behind ? spans[j] : spans[i];
      const Span& high = behind ? spans[i] : spans[j];
      CHECK(high.first - low.first >= low.size);
    }
  }
}

void checkAlone(const Span& span, std::uint64_t length) {
  const std::string text =
      "bytes=" + std::to_string(span.first) + '-' + std::to_string(span.first + span.size - 1);
  const http::Field fields[] = {{"Range", text, http::Name::kOther}};
  const Ranges ranges(fields, length);
  CHECK(ranges.answer() == RangeAnswer::kSpans && ranges.spans().size() == 1);
  CHECK(ranges.spans()[0].first == span.first && ranges.spans()[0].size == span.size);
}

void checkMultipart(std::span<const Span> spans, std::string_view type, std::uint64_t length) {
  const Multipart parts(spans, "0123456789abcdef", type, length);
  std::string heads;
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    parts.appendHead(heads, i);
    size += spans[i].size;
  }
  parts.appendEnd(heads);
  CHECK(parts.size() == size + heads.size());
}

void check(std::uint64_t length, std::string_view value) {
  const http::Field fields[] = {{"Range", value, http::Name::kOther}};
  const Ranges ranges(fields, length);
  const auto spans = ranges.spans();
  CHECK(spans.size() <= kMaxSpans);
  CHECK(spans.empty() == (ranges.answer() != RangeAnswer::kSpans));
  CHECK(ranges.answer() != RangeAnswer::kUnsatisfiable || length > 0);
  checkSpans(spans, length);
  for (const Span& span : spans) checkAlone(span, length);
  if (length < kLargestMultipart) checkMultipart(spans, value.substr(0, 20), length);
}

}  // namespace
}  // namespace proxy::cache

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  proxy::Input input(data, size);
  // Lengths of every magnitude, up to the largest.
  const unsigned bits = input.choice(65);
  const std::uint64_t number = input.number();
  const std::uint64_t length = bits == 0 ? 0 : number >> (64 - bits);
  proxy::cache::check(length, input.rest());
  return 0;
}
