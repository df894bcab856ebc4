// Descriptors that have run out: while it lives, no other can be opened.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <vector>

#include "support/socket_pair.h"

namespace support {

class DescriptorLimit {
 public:
  /// Leaves room for `free` more.
  explicit DescriptorLimit(int free = 0) {
    must(getrlimit(RLIMIT_NOFILE, &before_), "getrlimit");
    std::vector<UniqueFd> opened;
    for (int i = 0; i <= free; ++i) opened.emplace_back(must(dup(STDERR_FILENO), "dup"));
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(opened.back().get());
    must(setrlimit(RLIMIT_NOFILE, &now), "setrlimit");
  }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;
  ~DescriptorLimit() { lift(); }

  void lift() noexcept { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace support
