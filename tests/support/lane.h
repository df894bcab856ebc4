// The lanes of this build, for TEST_P.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "socksplice/lane.h"

namespace support {

using socksplice::Lane;

inline std::vector<Lane> lanes() {
  if (!socksplice::kZeroCopy) return {Lane::kCopy, Lane::kAuto};
  return {Lane::kSplice, Lane::kCopy, Lane::kAuto};
}

inline std::string nameOf(Lane lane) {
  switch (lane) {
    case Lane::kAuto:
      return "Auto";
    case Lane::kSplice:
      return "Splice";
    case Lane::kCopy:
      return "Copy";
  }
  return "None";
}

inline std::string laneName(const testing::TestParamInfo<Lane>& info) { return nameOf(info.param); }

}  // namespace support
