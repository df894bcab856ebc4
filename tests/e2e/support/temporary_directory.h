// The directory that all tests share, by the name the stories know it by.
#pragma once

#include "support/temporary_directory.h"

namespace e2e {

using support::TemporaryDirectory;

}  // namespace e2e
