// connect(2) of this program, held up: what a busy machine does between the call and its caller.
// Linked from held_connect.cc.
#pragma once

#include <functional>

namespace support {

/// While it lives, every connect(2) of this thread returns only after `meanwhile` was called.
class HeldConnect {
 public:
  explicit HeldConnect(std::function<void()> meanwhile);
  ~HeldConnect();
  HeldConnect(const HeldConnect&) = delete;
  HeldConnect& operator=(const HeldConnect&) = delete;
};

}  // namespace support
