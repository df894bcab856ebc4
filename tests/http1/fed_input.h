// Bytes in an Input, as if they had been read from a connection together with a head.
#pragma once

#include <string_view>

#include <gtest/gtest.h>

#include "http1/input.h"
#include "support/peer.h"

namespace proxy::http1 {

inline void feed(Input& input, std::string_view bytes) {
  auto [near, far] = support::unixPair();
  support::Peer peer(std::move(far));
  peer.say(bytes);
  const std::size_t wanted = input.bytes().size() + bytes.size();
  while (input.bytes().size() < wanted) {
    peer.work();
    ASSERT_GT(input.fill(near.get(), wanted), 0);
  }
}

}  // namespace proxy::http1
