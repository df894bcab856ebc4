#include "gateway/connection_pool.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace proxy::gateway {

// Whatever comes while a connection waits ends it: nothing was asked for.
struct ConnectionPool::Waiting final : http1::Connection::User {
  Waiting(ConnectionPool& p, std::unique_ptr<http1::Connection> c)
      : pool(p), connection(std::move(c)) {
    connection->use(this);
    connection->expect(pool.limits_.idle);
  }

  void onConnection(Ready /*ready*/) override { pool.drop(place); }
  void onConnectionLate() override { pool.drop(place); }

  ConnectionPool& pool;
  std::unique_ptr<http1::Connection> connection;
  std::list<Waiting>::iterator place;
};

namespace {

// Neither bytes nor an end.
bool isSilent(int fd) {
  char next;
  return recv(fd, &next, 1, MSG_PEEK) < 0 &&
         (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

}  // namespace

ConnectionPool::ConnectionPool(EventLoop& loop, const Limits& limits)
    : loop_(loop), limits_(limits) {}

ConnectionPool::~ConnectionPool() { waiting_.clear(); }

std::unique_ptr<http1::Connection> ConnectionPool::take(const Address& address, bool certain) {
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    const auto here = it++;
    if (!(here->connection->address() == address)) continue;
    const bool good = !here->connection->firing() && (!certain || isSilent(here->connection->fd()));
    if (!good) {
      drop(here);
      continue;
    }
    auto connection = std::move(here->connection);
    connection->use(nullptr);
    waiting_.erase(here);
    return connection;
  }
  return nullptr;
}

void ConnectionPool::put(std::unique_ptr<http1::Connection> connection) {
  if (closed_ || limits_.connections == 0 || !connection->want(true, false)) {
    return loop_.destroyLater(std::move(connection));
  }
  while (waiting_.size() >= limits_.connections) drop(std::prev(waiting_.end()));
  waiting_.emplace_front(*this, std::move(connection));
  waiting_.front().place = waiting_.begin();
}

void ConnectionPool::close() {
  closed_ = true;
  while (!waiting_.empty()) drop(waiting_.begin());
}

void ConnectionPool::drop(std::list<Waiting>::iterator it) {
  it->connection->use(nullptr);
  loop_.destroyLater(std::move(it->connection));
  waiting_.erase(it);
}

}  // namespace proxy::gateway
