#include "net/resolver.h"

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <utility>

#include <ares.h>

#include "core/fd_watcher.h"

namespace proxy {

namespace {

// Of one question to one server; two tries in all. The caller's own deadline may come first.
constexpr int kTryMs = 1500;
constexpr int kTries = 2;

void startLibraryOnce() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
      throw std::runtime_error("c-ares cannot start");
    }
  });
}

std::string teach(int status) {
  switch (status) {
    case ARES_ENOTFOUND:
      return "there is no such name, neither in the hosts file nor in DNS";
    case ARES_ENODATA:
      return "the name has no address";
    case ARES_ETIMEOUT:
    case ARES_ECONNREFUSED:
      return "no name server answers; --dns-servers says whom to ask";
    default:
      return ares_strerror(status);
  }
}

Expected<Resolver::Answer> answerFrom(int status, const ares_addrinfo* info) {
  if (status != ARES_SUCCESS) return unexpected(teach(status));
  Resolver::Answer answer{};
  int ttl = 0;
  for (const ares_addrinfo_node* node = info->nodes; node != nullptr; node = node->ai_next) {
    answer.addresses.push_back(Address::copyOf(node->ai_addr, node->ai_addrlen));
    if (node->ai_ttl > 0) ttl = ttl == 0 ? node->ai_ttl : std::min(ttl, node->ai_ttl);
  }
  for (const ares_addrinfo_cname* alias = info->cnames; alias != nullptr; alias = alias->next) {
    if (alias->ttl > 0) ttl = ttl == 0 ? alias->ttl : std::min(ttl, alias->ttl);
  }
  if (answer.addresses.empty()) return unexpected(std::string("the name has no address"));
  answer.ttl = std::chrono::seconds(ttl);
  return answer;
}

}  // namespace

struct Resolver::Query {
  Callback callback;

  static void done(void* self, int status, int /*timeouts*/, ares_addrinfo* info) {
    const std::unique_ptr<Query> query(static_cast<Query*>(self));
    if (status == ARES_EDESTRUCTION) return;
    auto answer = answerFrom(status, info);
    if (info != nullptr) ares_freeaddrinfo(info);
    query->callback(std::move(answer));
  }
};

struct Resolver::Socket {
  Resolver* owner;
  int fd;
  FdWatcher watcher;

  void onReady(Ready ready) {
    // `this` may be gone after it: c-ares closes sockets as it sees fit.
    owner->process(ready.readable ? fd : ARES_SOCKET_BAD, ready.writable ? fd : ARES_SOCKET_BAD);
  }
};

Resolver::Resolver(EventLoop& loop, const std::string& servers) : loop_(loop) {
  startLibraryOnce();
  ares_options options{};
  options.timeout = kTryMs;
  options.tries = kTries;
  options.sock_state_cb_data = this;
  options.sock_state_cb = [](void* self, int fd, int read, int write) {
    static_cast<Resolver*>(self)->watch(fd, read != 0, write != 0);
  };
  int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
#ifdef ARES_OPT_QUERY_CACHE
  mask |= ARES_OPT_QUERY_CACHE;  // for 0 seconds: who asks again wants to know anew
#endif
  if (const int status = ares_init_options(&channel_, &options, mask); status != ARES_SUCCESS) {
    throw std::runtime_error(std::string("the resolver cannot start: ") + ares_strerror(status));
  }
  if (!servers.empty() && ares_set_servers_ports_csv(channel_, servers.c_str()) != ARES_SUCCESS) {
    ares_destroy(channel_);
    throw std::runtime_error("\"" + servers + "\" is no list of HOST[:PORT]");
  }
}

Resolver::~Resolver() { ares_destroy(channel_); }

void Resolver::resolve(const std::string& host, std::uint16_t port, Callback callback) {
  if (const auto literal = Address::literal(host, port)) {
    return callback(Answer{.addresses = {*literal}, .ttl = {}});
  }
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  auto withPort = [port, callback = std::move(callback)](Expected<Answer> answer) {
    if (answer) {
      for (Address& address : answer->addresses) address.setPort(port);
    }
    callback(std::move(answer));
  };
  auto query = std::make_unique<Query>(Query{std::move(withPort)});
  ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, &Query::done, query.release());
  startTimer();
}

void Resolver::watch(int fd, bool read, bool write) {
  if (!read && !write) {
    sockets_.erase(fd);
    return;
  }
  auto& socket = sockets_[fd];
  if (!socket) {
    socket = std::make_unique<Socket>();
    socket->owner = this;
    socket->fd = fd;
  }
  // Where the kernel allows no more watches, the question goes unanswered until its time is over.
  static_cast<void>(socket->watcher.watch<&Socket::onReady>(loop_, fd, socket.get(), read, write));
}

void Resolver::onTimer() { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }

void Resolver::process(int readable, int writable) {
  ares_process_fd(channel_, readable, writable);
  startTimer();
}

void Resolver::startTimer() {
  timeval room{};
  const timeval* next = ares_timeout(channel_, nullptr, &room);
  if (next == nullptr) return timer_.cancel();
  const auto delay = std::chrono::seconds(next->tv_sec) + std::chrono::microseconds(next->tv_usec);
  timer_.start<&Resolver::onTimer>(loop_, std::chrono::ceil<milliseconds>(delay), this);
}

}  // namespace proxy
