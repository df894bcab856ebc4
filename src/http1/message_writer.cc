#include "http1/message_writer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "http/forward.h"
#include "socksplice/socket_io.h"

namespace proxy::http1 {

namespace {

// The first read of a body; one that fills it says that more is under way.
constexpr std::size_t kFirstRead = std::size_t{16} * 1024;

// What has room in the workspace in front of a payload.
constexpr std::size_t kLongestFrame = Workspace::kFrame / 2;

// A chunk's size in hexadecimal digits, with its line's end.
constexpr std::size_t kChunkLine = 18;

class ChunkLine {
 public:
  explicit ChunkLine(std::uint64_t size) noexcept {
    auto* end = std::to_chars(text_.data(), text_.data() + text_.size(), size, 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    length_ = static_cast<std::size_t>(end - text_.data());
  }
  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), length_}; }

 private:
  std::array<char, kChunkLine> text_{};
  std::size_t length_;
};

}  // namespace

void MessageWriter::begin(std::string_view head, http::Body* body, bool chunked) {
  frame_.append(head);
  body_ = body;
  chunked_ = chunked;
  bodyFailed_ = false;
  headPending_ = true;
  run_ = 0;
  readSize_ = kFirstRead;
  wait_ = Wait::kNothing;
}

void MessageWriter::clear() noexcept {
  held_.reset();
  frame_.clear();
  body_ = nullptr;
  run_ = sent_ = 0;
  error_ = 0;
  wait_ = Wait::kEnd;
}

MessageWriter::Wait MessageWriter::advance(int socket, std::size_t share) {
  if (over()) return wait_;
  const std::uint64_t end = sent_ + share;
  do {
    wait_ = sent_ < end ? step(socket, static_cast<std::size_t>(end - sent_)) : Wait::kNothing;
  } while (wait_ == Wait::kNothing && sent_ < end);
  return wait_;
}

// What is held goes out before anything more is pulled.
MessageWriter::Wait MessageWriter::step(int socket, std::size_t share) {
  if (held_) return sendHeld(socket);
  if (bodyFailed_) return Wait::kFailed;
  if (run_ > 0) return move(socket, share);
  if (body_ == nullptr) {
    if (frame_.empty()) return Wait::kEnd;
    const std::string last = std::move(frame_);
    frame_.clear();
    return send(socket, last, false);
  }
  // Whether the body follows its head at once is not known: a head that were held back for it could
  // wait 200 ms. So the first piece is read, and leaves with the head.
  run_ = headPending_ ? 0 : body_->movable();
  if (run_ == 0 && frame_.size() <= kLongestFrame) return readAndSend(socket);
  if (run_ > 0 && chunked_) frame_ += ChunkLine(run_).text();
  const std::string first = std::move(frame_);
  frame_.clear();
  return first.empty() ? Wait::kNothing : send(socket, first, true);
}

MessageWriter::Wait MessageWriter::move(int socket, std::size_t share) {
  const Step moved = body_->move(socket, share);
  run_ -= moved.bytes;
  sent_ += moved.bytes;
  if (run_ == 0 && chunked_) frame_ = "\r\n";
  if (moved.wait == Wait::kTargetFailed) return targetFailed(EPIPE);
  if (moved.wait == Wait::kNothing && moved.bytes == 0) return Wait::kFailed;
  if (moved.wait != Wait::kEnd) return moved.wait;
  if (run_ > 0) return Wait::kFailed;
  if (chunked_) appendLastChunk(frame_);
  body_ = nullptr;
  return Wait::kNothing;
}

// In the workspace stand, from left to right: what was to go out first, the chunk's size, the
// payload, and what ends it, so that one call sends them all.
MessageWriter::Wait MessageWriter::readAndSend(int socket) {
  char* const payload = workspace_.message.data() + Workspace::kFrame / 2 + kChunkLine;
  const Step got = body_->read({payload, readSize_});
  const bool ended = got.wait == Wait::kEnd;

  char* begin = payload;
  char* end = payload + got.bytes;
  std::string tail;
  if (chunked_) {
    if (got.bytes > 0) {
      const ChunkLine line(got.bytes);
      begin -= line.text().size();
      std::memcpy(begin, line.text().data(), line.text().size());
      tail = "\r\n";
    }
    if (ended) appendLastChunk(tail);
  }
  headPending_ = false;
  begin -= frame_.size();
  std::memcpy(begin, frame_.data(), frame_.size());
  std::memcpy(end, tail.data(), tail.size());
  end += tail.size();
  frame_.clear();

  // (A read that was full has lost the chunks' lines.)
  if (got.bytes > readSize_ / 4 * 3) readSize_ = std::min(readSize_ * 2, Workspace::kPayload);
  if (ended) body_ = nullptr;
  const std::string_view bytes(begin, static_cast<std::size_t>(end - begin));
  const Wait sent = bytes.empty() ? Wait::kNothing : send(socket, bytes, false);
  bodyFailed_ = got.wait == Wait::kFailed;
  if (sent != Wait::kNothing) return sent;
  return ended ? Wait::kNothing : got.wait;
}

MessageWriter::Wait MessageWriter::send(int socket, std::string_view bytes, bool more) {
  while (!bytes.empty()) {
    const ssize_t taken = transmit(socket, std::as_bytes(std::span(bytes)), more);
    if (taken < 0 && socksplice::wouldBlock(errno)) {
      readSize_ = kFirstRead;
      return keep(bytes) ? Wait::kTarget : targetFailed(ENOMEM);
    }
    if (taken < 0) return targetFailed(errno);
    bytes.remove_prefix(static_cast<std::size_t>(taken));
  }
  return Wait::kNothing;
}

MessageWriter::Wait MessageWriter::sendHeld(int socket) {
  while (!held_.bytes().empty()) {
    const ssize_t taken = transmit(socket, held_.bytes(), false);
    if (taken < 0) return socksplice::wouldBlock(errno) ? Wait::kTarget : targetFailed(errno);
    held_.consume(static_cast<std::size_t>(taken));
  }
  held_.reset();
  return Wait::kNothing;
}

ssize_t MessageWriter::transmit(int socket, std::span<const std::byte> bytes, bool more) {
  const ssize_t taken = socksplice::transmit(socket, bytes.data(), bytes.size(), more);
  if (taken > 0) sent_ += static_cast<std::uint64_t>(taken);
  return taken;
}

MessageWriter::Wait MessageWriter::targetFailed(int error) noexcept {
  error_ = error;
  return Wait::kTargetFailed;
}

void MessageWriter::appendLastChunk(std::string& to) const {
  to += "0\r\n";
  http::appendTrailers(to, body_->trailers());
  to += "\r\n";
}

bool MessageWriter::keep(std::string_view bytes) {
  held_ = pools_.buffers().borrow(bytes.size());
  if (!held_) return false;
  std::memcpy(held_.room().data(), bytes.data(), bytes.size());
  held_.commit(bytes.size());
  return true;
}

}  // namespace proxy::http1
