#include "gateway/connection_pool.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string_view>
#include <utility>

#include "socksplice/socket_io.h"

namespace proxy::gateway {

// Whatever comes while a connection waits ends it: nothing was asked for.
struct ConnectionPool::Waiting final : http1::Connection::User {
  Waiting(ConnectionPool& p, std::unique_ptr<http1::Connection> c)
      : pool(p), connection(std::move(c)) {
    connection->use(this);
    connection->expect(pool.limits_.idle);
  }

  void onConnection(Ready /*ready*/) override { pool.drop(*this); }
  void onConnectionLate() override { pool.drop(*this); }

  ConnectionPool& pool;
  std::unique_ptr<http1::Connection> connection;
  std::list<Waiting>::iterator place;
};

namespace {

// Addresses to which no connection waits, besides as many as connections may.
constexpr std::size_t kForgotten = 64;

// Neither bytes nor an end.
bool isSilent(int fd) {
  std::byte next;
  return socksplice::peek(fd, &next, 1) < 0 && socksplice::wouldBlock(errno);
}

}  // namespace

std::size_t ConnectionPool::Hash::operator()(const Address& address) const noexcept {
  const auto* const bytes = reinterpret_cast<const char*>(address.get());
  return std::hash<std::string_view>()({bytes, address.size()});
}

ConnectionPool::ConnectionPool(EventLoop& loop, const Limits& limits)
    : loop_(loop), limits_(limits) {}

ConnectionPool::~ConnectionPool() = default;

// What came a moment ago no turn of the loop has told yet: were it an answer, the next client would
// get it.
std::unique_ptr<http1::Connection> ConnectionPool::take(const Address& address) {
  const auto there = byAddress_.find(address);
  while (there != byAddress_.end() && !there->second.empty()) {
    Waiting& last = *there->second.back();
    if (isSilent(last.connection->fd())) return remove(last);
    drop(last);
  }
  return nullptr;
}

void ConnectionPool::drop(const Address& address) {
  const auto there = byAddress_.find(address);
  while (there != byAddress_.end() && !there->second.empty()) drop(*there->second.back());
}

void ConnectionPool::put(std::unique_ptr<http1::Connection> connection) {
  if (closed_ || limits_.connections == 0 || !connection->want(true, false)) {
    return loop_.destroyLater(std::move(connection));
  }
  while (waiting_.size() >= limits_.connections) drop(waiting_.back());
  add(std::move(connection));
}

void ConnectionPool::close() {
  closed_ = true;
  while (!waiting_.empty()) drop(waiting_.front());
}

void ConnectionPool::add(std::unique_ptr<http1::Connection> connection) {
  // Names change their addresses; those that nobody uses any more go when there are many.
  if (byAddress_.size() > kForgotten + limits_.connections) {
    std::erase_if(byAddress_, [](const auto& it) { return it.second.empty(); });
  }
  waiting_.emplace_front(*this, std::move(connection));
  Waiting& first = waiting_.front();
  first.place = waiting_.begin();
  byAddress_[first.connection->address()].push_back(&first);
}

// The last of its address is taken, and the first grows old: in between is only who has ended, and
// is looked for.
std::unique_ptr<http1::Connection> ConnectionPool::remove(Waiting& waiting) {
  auto connection = std::move(waiting.connection);
  connection->use(nullptr);
  auto& same = byAddress_.at(connection->address());
  if (same.back() == &waiting) {
    same.pop_back();
  } else {
    same.erase(std::find(same.begin(), same.end(), &waiting));
  }
  waiting_.erase(waiting.place);
  return connection;
}

void ConnectionPool::drop(Waiting& waiting) { loop_.destroyLater(remove(waiting)); }

}  // namespace proxy::gateway
