// Takes a body in, as whoever answers does: reads it, or moves it to a socket of its own.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "http/body.h"
#include "support/peer.h"

namespace proxy::http1 {

class Swallow final : private http::Body::Reader {
 public:
  using Wait = http::Body::Wait;

  Swallow() {
    auto [near, far] = support::unixPair();
    socket_ = std::move(near);
    far_ = support::Peer(std::move(far));
  }

  /// Begins; null: nothing comes.
  void begin(http::Body* body) {
    body_ = body;
    if (body_ == nullptr) return;
    http::Body::Reader& reader = *this;
    body_->attach(&reader);
    pull();
  }
  /// At most so much from now on; the rest stays where it is.
  void stopAt(std::size_t most) { most_ = most; }
  void goOn() {
    most_ = std::string::npos;
    pull();
  }
  void letGo() {
    if (body_ != nullptr) body_->attach(nullptr);
    body_ = nullptr;
  }

  [[nodiscard]] const std::string& got() const noexcept { return got_; }
  [[nodiscard]] Wait wait() const noexcept { return wait_; }
  [[nodiscard]] bool ended() const noexcept { return wait_ == Wait::kEnd; }
  [[nodiscard]] bool failed() const noexcept { return wait_ == Wait::kFailed; }

 private:
  void bodyReady() override { pull(); }

  void pull() {
    while (body_ != nullptr && wait_ < Wait::kEnd && got_.size() < most_) {
      std::size_t count = 0;
      if (body_->movable() > 0) {
        const auto moved = body_->move(socket_.get(), 64 * 1024);
        wait_ = moved.wait;
        far_.work();
        got_.append(far_.heard(), heard_);
        heard_ = far_.heard().size();
        count = moved.bytes;
      } else {
        std::array<char, 16 * 1024> room;
        const auto read = body_->read(room);
        wait_ = read.wait;
        got_.append(room.data(), read.bytes);
        count = read.bytes;
      }
      if (wait_ == Wait::kSource) return;
      static_cast<void>(count);
    }
  }

  support::UniqueFd socket_;
  support::Peer far_;
  std::size_t heard_ = 0;
  http::Body* body_ = nullptr;
  std::size_t most_ = std::string::npos;
  std::string got_;
  Wait wait_ = Wait::kNothing;
};

}  // namespace proxy::http1
