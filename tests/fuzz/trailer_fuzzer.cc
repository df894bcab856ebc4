// What of a trailer section is passed on is read on the other side as the same fields, in their
// order: lines that came in, none of which frames, routes or says what to do with a connection.
#include <cstdint>
#include <string>
#include <vector>

#include "core/check.h"
#include "fuzz/input.h"
#include "fuzz/lines.h"
#include "http/chunk_reader.h"
#include "http/forward.h"

namespace proxy::http {
namespace {

constexpr std::string_view kLastChunk = "0\r\n";

/// Reads a body that is empty but for its trailer section.
void readTrailer(ChunkReader& reader, std::string_view bytes) {
  while (reader.state() == ChunkReader::State::kFraming && !bytes.empty()) {
    bytes.remove_prefix(reader.read(bytes));
  }
}

void checkRead(Fields trailers, std::string_view section) {
  for (const Field& field : trailers) {
    CHECK(isToken(field.name) && isHarmless(field.value));
    CHECK(field.known == nameOf(field.name));
    CHECK(section.find(field.name) != std::string_view::npos);
    CHECK(section.find(field.value) != std::string_view::npos);
  }
}

void checkPassedOn(Fields trailers) {
  std::string out;
  appendTrailers(out, trailers);
  const std::vector<Field> written = fieldsOf(out);
  std::size_t next = 0;
  for (const Field& field : written) {
    CHECK(field.known == Name::kOther || field.known == Name::kProxyStatus);
    CHECK(!sameText(field.name, "authorization") && !sameText(field.name, "set-cookie"));
    while (next < trailers.size() && !has(trailers.subspan(next, 1), field)) ++next;
    CHECK(next++ < trailers.size());
  }

  ChunkReader other;
  const std::string whole = std::string(kLastChunk) + out + "\r\n";
  readTrailer(other, whole);
  CHECK(other.state() == ChunkReader::State::kEnd);
  CHECK(other.trailers().size() == written.size());
  for (std::size_t i = 0; i < written.size(); ++i) {
    CHECK(has(other.trailers().subspan(i, 1), written[i]));
  }
}

void check(std::string_view section) {
  ChunkReader reader;
  const std::string whole = std::string(kLastChunk) + std::string(section);
  readTrailer(reader, whole);
  if (reader.state() != ChunkReader::State::kEnd) return;
  checkRead(reader.trailers(), section);
  checkPassedOn(reader.trailers());
}

}  // namespace
}  // namespace proxy::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  proxy::http::check(proxy::Input(data, size).rest());
  return 0;
}
