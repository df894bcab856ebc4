// Text from a format and values: fmt::format, until every compiler here has std::format.
#pragma once

#include <fmt/core.h>  // IWYU pragma: export
