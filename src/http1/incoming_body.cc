#include "http1/incoming_body.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <variant>

#include "socksplice/socket_io.h"

namespace proxy::http1 {

namespace {

// Moving less than this costs more than reading it.
constexpr std::uint64_t kLeastMoved = std::uint64_t{64} * 1024;

}  // namespace

IncomingBody::IncomingBody(socksplice::Pools& pools, Source& source, Input& input, int socket,
                           const http::BodyLength& length)
    : source_(source),
      input_(input),
      socket_(socket),
      framing_(std::holds_alternative<http::ChunkedBody>(length)    ? Framing::kChunked
               : std::holds_alternative<http::BodyUntilEnd>(length) ? Framing::kUntilEnd
                                                                    : Framing::kSized),
      pump_(pools) {
  if (framing_ == Framing::kChunked) chunks_.emplace();
  if (framing_ != Framing::kSized) return;
  const auto* sized = std::get_if<http::SizedBody>(&length);
  left_ = sized != nullptr ? sized->size : 0;
  size_ = left_;
  if (left_ == 0) state_ = State::kComplete;
}

std::uint64_t IncomingBody::movable() const noexcept {
  if (state_ != State::kComing) return 0;
  if (moving_) return pump_.left() + pump_.held();
  return input_.empty() && sourceError_ == 0 ? payloadAhead() : 0;
}

// What a move would be worth. (Once it was said to be so much, a source that fails changes
// nothing.)
std::uint64_t IncomingBody::payloadAhead() const noexcept {
  const std::uint64_t payload = framing_ == Framing::kSized     ? left_
                                : framing_ == Framing::kChunked ? chunks_->payload()
                                                                : 0;
  if (payload < kLeastMoved) return 0;
  return most_ == 0 ? payload : std::min(payload, most_ + 1 - std::min(taken_, most_));
}

IncomingBody::Progress IncomingBody::move(int socket, std::size_t share) {
  waiting_ = false;
  if (!moving_) pump_.limit(payloadAhead());
  moving_ = true;
  const auto moved = pump_.move(socket_, socket, share);
  took(moved.moved());
  spliced_ += moved.spliced;
  if (chunks_) chunks_->skip(moved.moved());
  switch (moved.wait) {
    case socksplice::Wait::kNothing:
      return {moved.moved(), Wait::kNothing};
    case socksplice::Wait::kSource:
      return wait(moved.moved());
    case socksplice::Wait::kTarget:
      return {moved.moved(), Wait::kTarget};
    case socksplice::Wait::kEnd:
      moving_ = false;
      if (pump_.left() > 0) return fail(moved.moved());
      if (framing_ == Framing::kSized) return ended(moved.moved());
      if (tooLarge()) return fail(moved.moved());
      return {moved.moved(), Wait::kNothing};
    case socksplice::Wait::kSourceFailed:
      return fail(moved.moved());
    case socksplice::Wait::kTargetFailed:
      return {moved.moved(), Wait::kTargetFailed};
  }
  return fail(0);
}

IncomingBody::Progress IncomingBody::read(std::span<char> into) {
  waiting_ = false;
  if (state_ == State::kComplete) return {0, Wait::kEnd};
  if (state_ == State::kFailed) return {0, Wait::kFailed};
  if (moving_) return {0, Wait::kNothing};
  return framing_ == Framing::kChunked ? readChunked(into) : readPlain(into);
}

IncomingBody::Progress IncomingBody::readPlain(std::span<char> into) {
  if (framing_ == Framing::kSized && into.size() > left_) {
    into = into.first(static_cast<std::size_t>(left_));
  }
  std::size_t count = std::min(input_.bytes().size(), into.size());
  if (count > 0) {
    std::memcpy(into.data(), input_.bytes().data(), count);
    useInput(count);
  } else {
    const ssize_t got = receive(into);
    if (got <= 0) return stopped(0, got < 0 ? errno : 0);
    count = static_cast<std::size_t>(got);
  }
  took(count);
  if (framing_ == Framing::kSized && left_ == 0) return ended(count);
  return {count, Wait::kNothing};
}

// What is in the input goes first; then chunks are read into `into` and taken apart in place.
IncomingBody::Progress IncomingBody::readChunked(std::span<char> into) {
  std::size_t count = 0;
  while (count == 0) {
    std::size_t used = 0;
    if (!input_.empty()) {
      count = unchunk(into, input_.bytes(), used);
      useInput(used);
    } else {
      const ssize_t got = receive(into);
      if (got <= 0) return stopped(0, got < 0 ? errno : 0);
      const std::string_view bytes(into.data(), static_cast<std::size_t>(got));
      count = unchunk(into, bytes, used);
      // Only what stands behind the body's end was not used.
      if (!input_.keepForLater(bytes.substr(used))) return fail(0);
    }
    took(count);
    if (chunks_->state() == http::ChunkReader::State::kBad || tooLarge()) return fail(count);
    if (chunks_->state() == http::ChunkReader::State::kEnd) return ended(count);
    if (movable() > 0) break;
  }
  return {count, Wait::kNothing};
}

// Copies the payload of `from`, which may be where `to` is, and says how much of it was used.
std::size_t IncomingBody::unchunk(std::span<char> to, std::string_view from, std::size_t& used) {
  std::size_t count = 0;
  while (used < from.size()) {
    if (chunks_->state() == http::ChunkReader::State::kPayload) {
      const std::size_t here = static_cast<std::size_t>(std::min<std::uint64_t>(
          chunks_->payload(), std::min(from.size() - used, to.size() - count)));
      if (here == 0) break;
      std::memmove(to.data() + count, from.data() + used, here);
      chunks_->skip(here);
      count += here;
      used += here;
    } else if (chunks_->state() == http::ChunkReader::State::kFraming) {
      used += chunks_->read(from.substr(used));
    } else {
      break;
    }
  }
  return count;
}

ssize_t IncomingBody::receive(std::span<char> into) {
  const auto room = std::as_writable_bytes(into);
  return socksplice::receive(socket_, room.data(), room.size());
}

// Behind the last byte that could be read.
IncomingBody::Progress IncomingBody::stopped(std::size_t bytes, int error) {
  if (socksplice::wouldBlock(error)) return wait(bytes);
  if (error == 0 && sourceError_ == 0 && framing_ == Framing::kUntilEnd) return ended(bytes);
  return fail(bytes);
}

IncomingBody::Progress IncomingBody::wait(std::size_t bytes) {
  waiting_ = true;
  source_.bodyWaits();
  return {bytes, Wait::kSource};
}

IncomingBody::Progress IncomingBody::ended(std::size_t bytes) {
  state_ = State::kComplete;
  source_.bodyOver();
  return {bytes, Wait::kEnd};
}

IncomingBody::Progress IncomingBody::fail(std::size_t bytes) {
  state_ = State::kFailed;
  source_.bodyOver();
  return {bytes, Wait::kFailed};
}

void IncomingBody::useInput(std::size_t count) {
  input_.use(count);
  if (releasesInput_ && input_.empty()) input_.release();
}

void IncomingBody::took(std::uint64_t bytes) {
  taken_ += bytes;
  if (framing_ == Framing::kSized) left_ -= bytes;
}

http::Fields IncomingBody::trailers() const noexcept {
  if (!chunks_ || chunks_->state() != http::ChunkReader::State::kEnd) return {};
  return chunks_->trailers();
}

void IncomingBody::sourceReady() {
  if (reader() != nullptr) reader()->bodyReady();
}

void IncomingBody::sourceFailed(int error) noexcept {
  sourceError_ = error;
  pump_.sourceFailed(error);
}

}  // namespace proxy::http1
