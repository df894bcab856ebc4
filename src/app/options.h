// The command line: one table of options, from which parsing and --help come.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "app/configuration.h"
#include "core/expected.h"

namespace proxy::app {

struct ShowHelp {};
struct ShowVersion {};
using Request = std::variant<Configuration, ShowHelp, ShowVersion>;

/// Reads the arguments behind the program's name; else one sentence that names the option, the
/// value and what is right.
[[nodiscard]] Expected<Request> parseOptions(const std::vector<std::string>& arguments);

/// Usage, every option with its default, and examples.
[[nodiscard]] std::string helpText();

/// Name and version.
[[nodiscard]] std::string versionText();

}  // namespace proxy::app
