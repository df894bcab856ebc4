// epoll_ctl(2) of this program, as where the watches of its user have run out
// (fs.epoll.max_user_watches), which other programs may have used up. Linked from
// refused_watches.cc.
#pragma once

namespace support {

/// While it lives, `free` more descriptors can be watched, by all threads together.
class RefusedWatches {
 public:
  explicit RefusedWatches(int free = 0);
  ~RefusedWatches();
  RefusedWatches(const RefusedWatches&) = delete;
  RefusedWatches& operator=(const RefusedWatches&) = delete;
};

}  // namespace support
