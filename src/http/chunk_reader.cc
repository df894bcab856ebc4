#include "http/chunk_reader.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include <llhttp.h>

#include "http/field_section.h"

namespace proxy::http {
namespace {

// What may come between two payloads, extensions included, and as a trailer section.
constexpr std::size_t kMaxFraming = std::size_t{16} * 1024;
constexpr std::size_t kMaxTrailers = 100;

int pause(llhttp_t*) noexcept { return HPE_PAUSED; }

// llhttp where the first chunk begins: it is brought there once, and copied for each body.
const llhttp_t& atFirstChunk() noexcept {
  static const llhttp_t made = [] {
    static llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    settings.on_chunk_header = pause;
    settings.on_message_complete = [](llhttp_t* parser) -> int {
      parser->data = parser;  // tells this pause from one at a chunk
      return HPE_PAUSED;
    };
    constexpr std::string_view kHead = "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    llhttp_t parser;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    llhttp_execute(&parser, kHead.data(), kHead.size());
    return parser;
  }();
  return made;
}

}  // namespace

struct ChunkReader::Parser {
  std::size_t read(std::string_view bytes);
  void pauseAt();
  void finish();
  void skip(std::uint64_t count) noexcept;

  llhttp_t parser = atFirstChunk();
  State state = State::kFraming;
  std::uint64_t payload = 0;
  std::size_t framing = 0;  ///< bytes of it since the last payload
  bool trailing = false;    ///< the last chunk's size was read
  std::string trailer;
  std::vector<Field> fields;
};

std::size_t ChunkReader::Parser::read(std::string_view bytes) {
  std::size_t used = 0;
  while (state == State::kFraming && used < bytes.size()) {
    const std::string_view next = bytes.substr(used, kMaxFraming - framing);
    const llhttp_errno_t error = llhttp_execute(&parser, next.data(), next.size());
    const std::size_t size =
        error == HPE_OK ? next.size()
                        : static_cast<std::size_t>(llhttp_get_error_pos(&parser) - next.data());
    if (trailing) trailer.append(next.substr(0, size));
    used += size;
    framing += size;
    if (error == HPE_PAUSED) {
      pauseAt();
    } else if (error != HPE_OK || framing == kMaxFraming) {
      state = State::kBad;
    }
  }
  return used;
}

void ChunkReader::Parser::pauseAt() {
  if (parser.data != nullptr) return finish();
  payload = parser.content_length;
  if (payload > std::numeric_limits<std::int64_t>::max()) {
    payload = 0;
    state = State::kBad;
  } else if (payload == 0) {
    trailing = true;
    llhttp_resume(&parser);
    if (framing == kMaxFraming) state = State::kBad;
  } else {
    framing = 0;
    state = State::kPayload;
  }
}

void ChunkReader::Parser::finish() {
  const Split split = splitSection(trailer, kMaxTrailers, fields);
  if (split != Split::kDone) fields.clear();
  state = split == Split::kDone ? State::kEnd : State::kBad;
}

// llhttp believes in a chunk of one byte, and is given one when the real payload has gone past it.
void ChunkReader::Parser::skip(std::uint64_t count) noexcept {
  payload -= std::min(count, payload);
  if (state != State::kPayload || payload > 0) return;
  parser.content_length = 1;
  llhttp_resume(&parser);
  llhttp_execute(&parser, "x", 1);
  state = State::kFraming;
}

ChunkReader::ChunkReader() : parser_(std::make_unique<Parser>()) {}
ChunkReader::~ChunkReader() = default;

std::size_t ChunkReader::read(std::string_view bytes) { return parser_->read(bytes); }
void ChunkReader::skip(std::uint64_t count) { parser_->skip(count); }
ChunkReader::State ChunkReader::state() const noexcept { return parser_->state; }
std::uint64_t ChunkReader::payload() const noexcept { return parser_->payload; }
Fields ChunkReader::trailers() const noexcept { return parser_->fields; }

}  // namespace proxy::http
