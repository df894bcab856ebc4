// Every option of the command line: its names, what it takes and what it sets. Parsing and --help
// follow this table. Constant.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "app/configuration.h"

namespace proxy::app {

/// Where an option means something.
enum class Scope : std::uint8_t { kAlways, kHttp };

/// Of a number, or of a size in bytes; both ends belong to it.
struct Bounds {
  std::uint64_t least = 0;
  std::uint64_t most = UINT64_MAX;
};

struct Option {
  /// Nothing, or the sentence why the value is wrong.
  using Problem = std::optional<std::string>;

  std::string_view name;
  char letter;                // 0: it has none
  std::string_view argument;  // what --help calls it; empty: it is a switch
  std::string_view fallback;  // what --help says of the default; empty: nothing
  std::string_view help;
  // Null: it is no setting, but asks for a text to be shown.
  Problem (*set)(Configuration&, const std::string& value, const Bounds&);
  Scope scope = Scope::kAlways;
  Bounds bounds = {};
};

/// In the order of --help.
[[nodiscard]] std::span<const Option> optionTable() noexcept;

}  // namespace proxy::app
