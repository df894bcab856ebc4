// A chunked body comes to the same however it comes in; and where it comes to an end, a naive
// decoder of the whole finds the same payload and the same end. Where that decoder sees neither
// extensions nor a trailer, it must come to an end.
#include <algorithm>
#include <cctype>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/check.h"
#include "fuzz/input.h"
#include "fuzz/passing_on.h"
#include "http/chunk_reader.h"
#include "http/list.h"

namespace proxy::http {
namespace {

struct Decoded {
  std::string payload;
  std::size_t used = 0;
  bool plain = true;  ///< neither extensions nor a trailer

  bool operator==(const Decoded& other) const {
    return payload == other.payload && used == other.used;
  }
};

/// Takes lines from the front; nothing if there is none that ends.
std::optional<std::string_view> takeLine(std::string_view& rest) {
  const std::size_t end = rest.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return line;
}

std::optional<std::size_t> sizeOf(std::string_view digits) {
  if (digits.empty()) return std::nullopt;
  std::size_t size = 0;
  for (const char c : digits) {
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0 || size > (SIZE_MAX >> 5)) {
      return std::nullopt;
    }
    size = size * 16 +
           static_cast<std::size_t>(std::isdigit(static_cast<unsigned char>(c)) != 0
                                        ? c - '0'
                                        : std::tolower(static_cast<unsigned char>(c)) - 'a' + 10);
  }
  return size;
}

std::optional<Decoded> decode(std::string_view bytes) {
  Decoded decoded;
  std::string_view rest = bytes;
  for (;;) {
    const auto line = takeLine(rest);
    if (!line) return std::nullopt;
    const std::size_t semicolon = line->find(';');
    if (semicolon != std::string_view::npos) decoded.plain = false;
    const auto size = sizeOf(line->substr(0, semicolon));
    if (!size) return std::nullopt;
    if (*size == 0) break;
    if (rest.size() < *size || rest.substr(*size, 2) != "\r\n") return std::nullopt;
    decoded.payload.append(rest.substr(0, *size));
    rest.remove_prefix(*size + 2);
  }
  for (;;) {
    const auto line = takeLine(rest);
    if (!line) return std::nullopt;
    if (line->empty()) break;
    decoded.plain = false;
  }
  decoded.used = bytes.size() - rest.size();
  return decoded;
}

struct Outcome {
  ChunkReader::State state;
  Decoded decoded;

  bool operator==(const Outcome& other) const {
    return state == other.state && (state == ChunkReader::State::kBad || decoded == other.decoded);
  }
};

Outcome readAll(std::string_view bytes, std::size_t step) {
  ChunkReader reader;
  Outcome outcome{};
  std::string_view rest = bytes;
  while (reader.state() < ChunkReader::State::kEnd && !rest.empty()) {
    std::size_t taken = 0;
    if (reader.state() == ChunkReader::State::kPayload) {
      CHECK(reader.payload() > 0);
      taken = std::min<std::size_t>({rest.size(), step, reader.payload()});
      outcome.decoded.payload.append(rest.substr(0, taken));
      reader.skip(taken);
    } else {
      CHECK(reader.payload() == 0);
      const std::string_view next = rest.substr(0, step);
      const std::vector<char> copy(next.begin(), next.end());
      taken = reader.read({copy.data(), copy.size()});
      CHECK(taken > 0 || reader.state() == ChunkReader::State::kBad);
    }
    rest.remove_prefix(taken);
  }
  for (const Field& field : reader.trailers()) {
    CHECK(reader.state() == ChunkReader::State::kEnd);
    CHECK(isToken(field.name) && isHarmless(field.value));
  }
  outcome.state = reader.state();
  outcome.decoded.used = bytes.size() - rest.size();
  return outcome;
}

void check(std::string_view bytes, std::size_t step) {
  const Outcome outcome = readAll(bytes, bytes.size() + 1);
  CHECK(outcome == readAll(bytes, 1));
  CHECK(outcome == readAll(bytes, step));
  const auto expected = decode(bytes);
  const bool ended = outcome.state == ChunkReader::State::kEnd;
  if (ended) CHECK(expected && outcome.decoded == *expected);
  if (expected && expected->plain) CHECK(ended);
}

}  // namespace
}  // namespace proxy::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  proxy::Input input(data, size);
  const std::size_t step = input.choice(32) + 2;
  proxy::http::check(input.rest(), step);
  return 0;
}
