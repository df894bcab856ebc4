#include "http1/session.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include "http1/sessions.h"
#include "socksplice/relay.h"
#include "socksplice/socket_io.h"

namespace proxy::http1 {

namespace {

// What a client may send ahead of a body's use, besides a head.
constexpr std::size_t kFirstRead = 4096;

// Behind an answer that ends the connection: a client who still sends would otherwise be reset, and
// might lose the answer to that.
constexpr milliseconds kLingerTime{2000};  // after its last byte
constexpr milliseconds kLongestLinger{30'000};

}  // namespace

Session::Session(Sessions& owner, Accepted client)
    : owner_(owner),
      peer_(client.peer),
      address_(peer_.host()),
      fd_(std::move(client.socket)),
      input_(owner.worker().pools().buffers(), kFirstRead) {}

Session::~Session() = default;

void Session::start() {
  if (!watcher_.watch<&Session::onReady>(owner_.worker().loop(), fd_.get(), this, true, false)) {
    return finish(Metric::kSessionsExhausted);
  }
  reading_ = true;
  wait(owner_.settings().headTimeout);
}

void Session::drain() {
  draining_ = true;
  if (state_ == State::kIdle) linger();
}

void Session::abort() { finish(Metric::kSessionsStopped); }

bool Session::mayGoOn() const noexcept {
  const std::uint32_t most = owner_.settings().keepAliveRequests;
  return !draining_ && (most == 0 || requests_ < most);
}

void Session::onReady(Ready ready) {
  switch (state_) {
    case State::kIdle:
    case State::kHead:
      return read();
    case State::kExchange:
      return exchange_->onReady(ready);
    case State::kLingering:
      return throwAway();
    case State::kFinished:
      return;
  }
}

void Session::onDeadline() {
  if (!deadline_.due<&Session::onDeadline>(owner_.worker().loop(), this)) return;
  switch (state_) {
    case State::kIdle:
      return finish(Metric::kSessionsIdle);
    case State::kHead:
      return refuse(http::Problem::kHeadTimeout);
    case State::kExchange:
      return exchange_->onLate();
    case State::kLingering:
      return finish(Metric::kSessionsDone);
    case State::kFinished:
      return;
  }
}

void Session::watch(bool read, bool write) {
  if (state_ == State::kFinished || (read == reading_ && write == writing_)) return;
  reading_ = read;
  writing_ = write;
  if (!watcher_.want(read, write)) finish(Metric::kSessionsExhausted);
}

void Session::wait(milliseconds time) {
  deadline_.set<&Session::onDeadline>(owner_.worker().loop(), std::max(time, milliseconds(0)),
                                      this);
}

// kIdle, kHead

void Session::read() {
  const ssize_t got = input_.fill(fd_.get(), owner_.settings().head.bytes + kFirstRead);
  if (got < 0 && socksplice::wouldBlock(errno)) return;
  if (got <= 0) return finish(got < 0 ? Metric::kSessionsReset : Metric::kSessionsDone);
  proceed();
}

// Answers what has been read, request by request.
void Session::proceed() {
  if (proceeding_) return;
  proceeding_ = true;
  while (isBetween() && !input_.empty() && parseHead()) serve();
  proceeding_ = false;
  if (isBetween() && clientEnded_) finish(Metric::kSessionsDone);  // no more can come
}

bool Session::isBetween() const noexcept {
  return state_ == State::kIdle || state_ == State::kHead;
}

bool Session::parseHead() {
  const milliseconds now = monotonicNow();
  if (state_ == State::kIdle) {
    // Some end a body with a line break more than it has (RFC 9112, 2.2): no request begins with
    // it.
    while (input_.bytes().starts_with("\r\n")) input_.use(2);
    if (input_.empty()) return false;
    state_ = State::kHead;
    exchange_ = std::make_unique<ClientExchange>(owner_, *this, now);
    owner_.worker().metrics().add(Metric::kRequests);
  }
  switch (exchange_->parse(input_.bytes())) {
    case http::Parsed::kDone:
      return true;
    case http::Parsed::kRefused:
      refuse(exchange_->problem());
      return false;
    case http::Parsed::kMore:
      wait(owner_.settings().headTimeout - (now - exchange_->began()));
      return false;
  }
  return false;
}

void Session::serve() {
  state_ = State::kExchange;
  ++requests_;
  input_.use(exchange_->headSize());
  deadline_.clear();
  exchange_->serve();
  if (state_ == State::kFinished) release();  // it was, while the handler was running
}

void Session::refuse(http::Problem problem) {
  state_ = State::kExchange;
  exchange_->refuse(problem);
}

// Behind an exchange

void Session::answered(bool keeps) {
  if (!keeps) return linger();
  release();
  input_.release();
  state_ = State::kIdle;
  if (draining_) return linger();
  watch(!clientEnded_, false);
  wait(owner_.settings().keepAliveTimeout);
  proceed();
}

// To the relay, say.
void Session::handOver() {
  watcher_.stop();
  deadline_.clear();
  state_ = State::kFinished;
  std::unique_ptr<ClientExchange> exchange = std::move(exchange_);
  owner_.release(*this);  // first, for whoever takes over may be the last session of a drain
  exchange->takeOver(std::move(fd_), std::string(input_.bytes()));
  owner_.worker().loop().destroyLater(std::move(exchange));
}

// kLingering

// Closed at once, the connection would answer whatever the client still sends with a reset, which
// may take the answer from it (RFC 9112, 9.6).
void Session::linger() {
  release();
  if (clientEnded_) return finish(Metric::kSessionsDone);
  if (shutdown(fd_.get(), SHUT_WR) < 0) return finish(Metric::kSessionsReset);
  state_ = State::kLingering;
  lingerEnds_ = monotonicNow() + kLongestLinger;
  wait(kLingerTime);
  watch(true, false);
}

void Session::throwAway() {
  const auto room = std::as_writable_bytes(std::span(owner_.workspace().message));
  const ssize_t got = socksplice::receive(fd_.get(), room.data(), room.size());
  if (got < 0 && socksplice::wouldBlock(errno)) return;
  if (got <= 0) return finish(Metric::kSessionsDone);
  if (monotonicNow() >= lingerEnds_) return finish(Metric::kSessionsDone);
  wait(kLingerTime);
}

// kFinished

void Session::finish(Metric why) {
  if (state_ == State::kFinished) return;
  state_ = State::kFinished;
  watcher_.stop();
  deadline_.clear();
  if (exchange_) exchange_->end(false);
  release();
  const bool inOrder = why == Metric::kSessionsDone || why == Metric::kSessionsIdle;
  if (!inOrder) socksplice::resetOnClose(fd_.get());
  fd_.reset();
  owner_.worker().metrics().add(why);
  owner_.release(*this);
  owner_.worker().sessionEnded();
}

// What there is only while an exchange is under way: its functions may be running above us.
void Session::release() {
  if (!exchange_ || exchange_->inHandler()) return;
  exchange_->cancel();
  owner_.worker().loop().destroyLater(std::move(exchange_));
}

}  // namespace proxy::http1
