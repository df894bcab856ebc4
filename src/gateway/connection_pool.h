// The connections of one worker that wait for their next request, the most recent one first: the
// others can then grow old and go. Belongs to the worker's thread.
#pragma once

#include <cstddef>
#include <list>
#include <memory>

#include "core/clock.h"
#include "core/event_loop.h"
#include "http1/connection.h"

namespace proxy::gateway {

class ConnectionPool {
 public:
  struct Limits {
    std::size_t connections;
    milliseconds idle;
  };

  ConnectionPool(EventLoop& loop, const Limits& limits);
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;
  ~ConnectionPool();

  /// The one to `address` that was used last, if it is still good; else null. `certain` asks the
  /// kernel once more: for a request that could not be repeated.
  [[nodiscard]] std::unique_ptr<http1::Connection> take(const Address& address, bool certain);

  void put(std::unique_ptr<http1::Connection> connection);

  [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }
  /// Closes them all, and whatever is put from now on.
  void close();

 private:
  struct Waiting;

  void drop(std::list<Waiting>::iterator it);

  EventLoop& loop_;
  const Limits limits_;
  std::list<Waiting> waiting_;  // the most recent in front
  bool closed_ = false;
};

}  // namespace proxy::gateway
