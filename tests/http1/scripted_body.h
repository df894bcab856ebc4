// A body that does what the test wrote down: pieces to read, pieces to move, pauses, and how it
// ends. Nothing of it comes from a socket.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/body.h"

namespace proxy::http1 {

class ScriptedBody final : public http::Body {
 public:
  ScriptedBody& reads(std::string_view bytes) { return add(Kind::kRead, bytes); }
  ScriptedBody& moves(std::string_view bytes) { return add(Kind::kMove, bytes); }
  /// Nothing for now; goOn() ends it.
  ScriptedBody& pauses() { return add(Kind::kPause, ""); }
  ScriptedBody& fails() { return add(Kind::kFail, ""); }
  ScriptedBody& trails(std::string_view name, std::string_view value) {
    trailers_.push_back({.name = name, .value = value, .known = http::nameOf(name)});
    return *this;
  }
  ScriptedBody& sized() {
    size_ = 0;
    for (const Part& it : parts_) *size_ += it.bytes.size();
    return *this;
  }

  void goOn() {
    if (!parts_.empty() && parts_.front().kind == Kind::kPause) parts_.pop_front();
    if (reader() != nullptr) reader()->bodyReady();
  }
  [[nodiscard]] bool attached() const noexcept { return reader() != nullptr; }
  [[nodiscard]] bool pausing() const noexcept {
    return !parts_.empty() && parts_.front().kind == Kind::kPause;
  }
  /// Bytes that nobody has pulled.
  [[nodiscard]] std::size_t left() const noexcept {
    std::size_t sum = 0;
    for (const Part& it : parts_) sum += it.bytes.size();
    return sum;
  }

  [[nodiscard]] std::optional<std::uint64_t> size() const noexcept override { return size_; }
  [[nodiscard]] std::uint64_t movable() const noexcept override {
    return !parts_.empty() && parts_.front().kind == Kind::kMove ? parts_.front().bytes.size() : 0;
  }

  Progress move(int socket, std::size_t share) override {
    std::string& bytes = parts_.front().bytes;
    std::size_t moved = 0;
    while (!bytes.empty()) {
      if (moved >= share) return {moved, Wait::kNothing};
      const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) return {moved, errno == EAGAIN ? Wait::kTarget : Wait::kTargetFailed};
      moved += static_cast<std::size_t>(sent);
      bytes.erase(0, static_cast<std::size_t>(sent));
    }
    parts_.pop_front();
    return {moved, endsHere() ? Wait::kEnd : Wait::kNothing};
  }

  Progress read(std::span<char> into) override {
    if (parts_.empty()) return {0, Wait::kEnd};
    Part& part = parts_.front();
    switch (part.kind) {
      case Kind::kMove:
        return {0, Wait::kNothing};
      case Kind::kPause:
        return {0, Wait::kSource};
      case Kind::kFail:
        return {0, Wait::kFailed};
      case Kind::kRead:
        break;
    }
    const std::size_t count = std::min(into.size(), part.bytes.size());
    std::copy_n(part.bytes.begin(), count, into.begin());
    part.bytes.erase(0, count);
    if (part.bytes.empty()) parts_.pop_front();
    if (endsHere()) return {count, Wait::kEnd};
    const bool failed = !parts_.empty() && parts_.front().kind == Kind::kFail;
    return {count, failed ? Wait::kFailed : Wait::kNothing};
  }

  [[nodiscard]] http::Fields trailers() const noexcept override { return trailers_; }

 private:
  enum class Kind { kRead, kMove, kPause, kFail };
  struct Part {
    Kind kind;
    std::string bytes;
  };

  ScriptedBody& add(Kind kind, std::string_view bytes) {
    parts_.push_back({kind, std::string(bytes)});
    return *this;
  }
  [[nodiscard]] bool endsHere() const noexcept { return parts_.empty(); }

  std::deque<Part> parts_;
  std::optional<std::uint64_t> size_;
  std::vector<http::Field> trailers_;
};

}  // namespace proxy::http1
