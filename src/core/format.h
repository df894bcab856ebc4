// Text from a format and values: fmt, until every compiler here has std::format.
#pragma once

#include <fmt/core.h>

namespace proxy {

using fmt::format;
using fmt::format_string;

}  // namespace proxy
