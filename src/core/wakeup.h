// A descriptor that becomes readable when another thread calls signal(): an eventfd, or a pipe
// where there is none.
#pragma once

#include "socksplice/unique_fd.h"

namespace proxy {

class Wakeup {
 public:
  /// Throws std::system_error where descriptors have run out.
  Wakeup();

  /// Readable from signal() until clear().
  [[nodiscard]] int fd() const noexcept { return read_.get(); }

  void signal() noexcept;  ///< any thread
  void clear() noexcept;   ///< the thread that waits

 private:
  socksplice::UniqueFd read_;
  socksplice::UniqueFd write_;  // empty with an eventfd, which has one end
};

}  // namespace proxy
