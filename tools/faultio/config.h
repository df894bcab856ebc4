#pragma once

// What the environment asks for: FAULTIO, parsed. Read once, before main(); immutable afterwards.
// README.md is the operator's page for the keys.

#include <cstdint>
#include <string_view>

namespace faultio {

enum class Cut { None, Halves, One, Random };

/// Rates are faults per thousand calls.
struct Config {
  Cut cut = Cut::None;
  unsigned cutRate = 1000;
  unsigned eintr = 0;
  unsigned eagain = 0;
  unsigned emfile = 0;
  std::uint64_t seed = 1;
  std::uint64_t after = 0;  // the first calls, which are left alone
  bool sockets = true;
  bool pipes = true;
};

/// Parses "key=value,key=value". A text that is not understood ends the process: one sentence on
/// stderr and exit status 2, because a misspelt test would otherwise test nothing and pass.
[[nodiscard]] Config parseConfig(std::string_view text);

/// The same, for the text of the environment variable FAULTIO; a missing one is refused too.
[[nodiscard]] Config configFromEnvironment();

}  // namespace faultio
