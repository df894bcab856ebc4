// The connections of one worker that wait for their next request, the most recent one first: the
// others can then grow old and go. Belongs to the worker's thread.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

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

  /// The one to `address` that was used last and of which nothing came since; null if there is
  /// none.
  [[nodiscard]] std::unique_ptr<http1::Connection> take(const Address& address);

  /// Closes those to `address`.
  void drop(const Address& address);

  void put(std::unique_ptr<http1::Connection> connection);

  [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }
  /// Closes them all, and whatever is put from now on.
  void close();

 private:
  struct Waiting;
  struct Hash {
    std::size_t operator()(const Address& address) const noexcept;
  };

  void add(std::unique_ptr<http1::Connection> connection);
  [[nodiscard]] std::unique_ptr<http1::Connection> remove(Waiting& waiting);
  void drop(Waiting& waiting);

  EventLoop& loop_;
  const Limits limits_;
  std::list<Waiting> waiting_;  // in the order in which they are dropped: the most recent in front
  // The same by their addresses, the most recent at the back. What is empty stays for the next one.
  std::unordered_map<Address, std::vector<Waiting*>, Hash> byAddress_;
  bool closed_ = false;
};

}  // namespace proxy::gateway
