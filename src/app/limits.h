// What the kernel allows this process, read at the start: descriptors, pipes, and how many sessions
// fit into that.
#pragma once

#include <cstddef>
#include <string>

#include "app/configuration.h"

namespace proxy::app {

struct Limits {
  std::size_t descriptors = 0;  ///< RLIMIT_NOFILE
  std::size_t pipes = 0;        ///< lent at once, all workers together
  std::size_t sessions = 0;     ///< at once; 0: the descriptors do not suffice
};

/// Raises RLIMIT_NOFILE as far as it may be and `pollMethod` can bear, and says where it stands
/// then.
[[nodiscard]] std::size_t raiseDescriptorLimit(const std::string& pollMethod);

/// Pipes of `capacity` bytes that this user may hold before the kernel grants only tiny ones
/// (fs.pipe-user-pages-soft, which does not bind CAP_SYS_RESOURCE or CAP_SYS_ADMIN).
[[nodiscard]] std::size_t pipesAllowed(std::size_t capacity);

/// How `descriptors` are shared out: two for each session, two for each pipe lent, and what the
/// listeners, loops and logs need. Pure.
[[nodiscard]] Limits shareOut(const Configuration& configuration, std::size_t descriptors,
                              std::size_t pipesAllowed);

}  // namespace proxy::app
