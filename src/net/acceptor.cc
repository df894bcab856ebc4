#include "net/acceptor.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/fd_watcher.h"
#include "core/log.h"

namespace proxy {

namespace {

// Of one listener in one turn, so that the others and the signals have theirs.
constexpr std::size_t kBatch = 64;

// As many as the largest backlog holds; then the listener is closed, though others may still come.
constexpr int kLastBatches = 1024;

// While paused: descriptors may also be freed where nobody tells us, in another process.
constexpr milliseconds kLookAgain{1000};

// On a core shared with workers, every client would interrupt one of them: two switches of threads
// for each connection. A batch thread waits for its turn instead, and then accepts several at once.
void giveWay() {
#ifdef SCHED_BATCH
  const sched_param none{};
  pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
#endif
}

ino_t inodeOf(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

int acceptClient(int listener, sockaddr_storage& peer, socklen_t& size) {
  auto* address = reinterpret_cast<sockaddr*>(&peer);
#ifdef SOCK_NONBLOCK
  return accept4(listener, address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
  const int fd = ::accept(listener, address, &size);
  if (fd >= 0) {
    fcntl(fd, F_SETFL, O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  return fd;
#endif
}

}  // namespace

struct Acceptor::Listener {
  Acceptor* owner;
  UniqueFd socket;
  Address address;
  ino_t inode = 0;  // of the path
  FdWatcher watcher;

  void onReady(Ready /*ready*/) { owner->accept(*this); }
  void removePath() const;
};

// Unless somebody else has taken the path over since.
void Acceptor::Listener::removePath() const {
  if (address.isPath() && inodeOf(address.path()) == inode) unlink(address.path().c_str());
}

Acceptor::Acceptor(EventLoop& loop, Metrics& metrics, std::vector<std::unique_ptr<Worker>>& workers,
                   std::size_t maxSessions)
    : loop_(loop),
      metrics_(metrics),
      workers_(workers),
      maxSessions_(maxSessions),
      batches_(workers.size()) {}

Acceptor::~Acceptor() { closeListeners(); }

void Acceptor::add(UniqueFd socket) {
  auto listener = std::make_unique<Listener>();
  listener->owner = this;
  listener->address = Address::boundTo(socket.get());
  listener->socket = std::move(socket);
  if (listener->address.isPath()) listener->inode = inodeOf(listener->address.path());
  listeners_.push_back(std::move(listener));
}

void Acceptor::start() {
  giveWay();
  for (const auto& listener : listeners_) {
    if (!listener->watcher.watch<&Listener::onReady>(loop_, listener->socket.get(), listener.get(),
                                                     true, false)) {
      throwNotWatched();
    }
    log::info("listening at {}", listener->address.text());
  }
}

void Acceptor::close() {
  // Those whose handshake is complete have been told that they are connected.
  for (const auto& listener : listeners_) {
    for (int batch = 0; batch < kLastBatches && !paused_ && accept(*listener); ++batch) {
    }
  }
  closeListeners();
}

void Acceptor::closeListeners() {
  for (const auto& listener : listeners_) listener->removePath();
  listeners_.clear();
  pauseTimer_.cancel();
}

std::size_t Acceptor::openSessions() const noexcept {
  std::uint64_t ended = 0;
  for (const auto& worker : workers_) ended += worker->sessionsEnded();
  return static_cast<std::size_t>(metrics_.read(Metric::kSessionsAccepted) - ended);
}

// Takes a batch. True if there may be more.
bool Acceptor::accept(Listener& listener) {
  std::vector<std::uint64_t> ended;
  ended.reserve(workers_.size());
  for (const auto& worker : workers_) ended.push_back(worker->sessionsEnded());
  const std::size_t open = openSessions();
  const std::size_t room = maxSessions_ > open ? maxSessions_ - open : 0;
  bool more = room > 0;
  for (std::size_t i = 0; more && i < std::min(room, kBatch); ++i) {
    more = acceptOne(listener, ended);
  }
  handOver();
  if (room == 0) pause("no more are allowed", ended);
  return more;
}

// True if there may be another one.
bool Acceptor::acceptOne(Listener& listener, const std::vector<std::uint64_t>& ended) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  UniqueFd client(acceptClient(listener.socket.get(), peer, size));
  if (client) {
    metrics_.add(Metric::kSessionsAccepted);
    batches_[nextWorker_].push_back(
        {std::move(client), Address::copyOf(reinterpret_cast<sockaddr*>(&peer), size)});
    nextWorker_ = (nextWorker_ + 1) % workers_.size();
    return true;
  }
  switch (errno) {
    case EAGAIN:
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
#endif
      return false;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      pause(std::strerror(errno), ended);
      return false;
    default:
      // ECONNABORTED, EINTR, EPROTO, and on Linux the network errors that were pending on the new
      // socket (accept(2)): that client is gone, the next may be fine.
      return true;
  }
}

void Acceptor::handOver() {
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if (!batches_[i].empty()) workers_[i]->serve(std::exchange(batches_[i], {}));
  }
}

void Acceptor::pause(const char* reason, const std::vector<std::uint64_t>& ended) {
  if (paused_) return;
  paused_ = true;
  metrics_.add(Metric::kAcceptPauses);
  if (const auto heldBack = warnings_.pass(monotonicNow())) {
    log::warning("accepting pauses until a session ends: {}; {} of {} sessions are open{}", reason,
                 openSessions(), maxSessions_, heldBackText(*heldBack));
  }
  listen(false);
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->whenFreed(ended[i], [this] { loop_.post([this] { resume(); }); });
  }
  pauseTimer_.start<&Acceptor::resume>(loop_, kLookAgain, this);
}

void Acceptor::resume() {
  if (!paused_) return;
  paused_ = false;
  pauseTimer_.cancel();
  // Where the kernel allows no more watches, either: later.
  if (listen(true)) return;
  paused_ = true;
  pauseTimer_.start<&Acceptor::resume>(loop_, kLookAgain, this);
}

bool Acceptor::listen(bool on) {
  bool watched = true;
  for (const auto& listener : listeners_) watched &= listener->watcher.want(on, false);
  return watched;
}

}  // namespace proxy
