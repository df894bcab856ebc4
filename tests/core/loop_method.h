// The methods by which a loop can wait here, for TEST_P.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "core/event_loop.h"

namespace proxy {

inline auto everyMethod() { return testing::ValuesIn(EventLoop::methods()); }

inline std::string methodName(const testing::TestParamInfo<std::string>& info) {
  return info.param;
}

}  // namespace proxy
