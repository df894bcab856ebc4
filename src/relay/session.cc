#include "relay/session.h"

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include "core/check.h"
#include "core/log.h"
#include "net/socket.h"
#include "relay/service.h"

namespace proxy::relay {

namespace {

// Bytes of each direction before the others have their turn.
constexpr std::size_t kShare = std::size_t{1024} * 1024;

// While descriptors, memory or a path's backlog have run out, a connection is begun again after a
// pause that doubles.
constexpr milliseconds kFirstPause{5};
constexpr milliseconds kLongestPause{320};

// The last bytes before a reset: how long none of them may move, and how often we look whether they
// arrived (no event tells that the peer acknowledged).
constexpr milliseconds kLastBytes{30'000};
constexpr milliseconds kFirstLook{1};
constexpr milliseconds kSlowestLook{64};

// A side of which nothing is wanted, since its bytes wait for the other or it has ended, is not
// watched; this often it is asked whether it failed.
constexpr milliseconds kLook{1000};

constexpr socksplice::Side kClient = socksplice::Side::kA;
constexpr socksplice::Side kUpstream = socksplice::Side::kB;

}  // namespace

Session::Session(RelayService& service, Accepted client, Route route)
    : service_(service),
      started_(monotonicNow()),
      lastMoved_(started_),
      route_(std::move(route)),
      peer_(client.peer),
      client_(std::move(client.socket)) {}

void Session::start() { tryRemotes(); }

void Session::startJoined(socksplice::UniqueFd upstream, std::string_view fromClient,
                          std::string_view fromUpstream) {
  upstream_ = std::move(upstream);
  relay_.emplace(service_.worker().pools(), client_.get(), upstream_.get());
  const bool held = relay_->hold(kClient, std::as_bytes(std::span(fromClient))) &&
                    relay_->hold(kUpstream, std::as_bytes(std::span(fromUpstream)));
  if (!held) return abort(CloseReason::kExhausted);
  beginRelaying();
}

// kConnecting

void Session::tryRemotes() {
  while (!tryRemote()) {
    if (!route_.next()) return abort(CloseReason::kRefused);
    lastMoved_ = monotonicNow();
  }
}

// Begins a connection to the present address; false if that fails at once.
bool Session::tryRemote() {
  EventLoop& loop = service_.worker().loop();
  auto socket = beginConnect(route_.address(), service_.settings().socket);
  if (!socket && isShortage(socket.error())) {
    tryAgainLater(socket.error());
    return true;
  }
  service_.worker().metrics().add(Metric::kConnectsTried);
  if (!socket) {
    connectFailed(socket.error());
    return false;
  }
  upstream_ = *std::move(socket);
  pause_ = milliseconds(0);
  // On this machine it may be connected by now, which saves an event.
  const int status = connectStatus(upstream_.get());
  if (status != EINPROGRESS) return connectEnded(status);
  if (!upstreamWatcher_.watch<&Session::onUpstream>(loop, upstream_.get(), this, false, true)) {
    abort(CloseReason::kExhausted);
    return true;
  }
  timer_.start<&Session::onTimer>(loop, service_.settings().connectTimeout, this);
  return true;
}

void Session::tryAgainLater(int error) {
  service_.worker().metrics().add(Metric::kConnectsDelayed);
  delayedBy_ = error;
  pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
  timer_.start<&Session::onTimer>(service_.worker().loop(), pause_, this);
}

void Session::connectFailed(int error) {
  service_.worker().metrics().add(Metric::kConnectsFailed);
  service_.warnConnectFailed(route_.remoteName(), route_.address(), error);
  upstreamWatcher_.stop();
  upstream_.reset();
}

void Session::tryNextRemote() {
  if (!route_.next()) return abort(CloseReason::kRefused);
  lastMoved_ = monotonicNow();
  tryRemotes();
}

void Session::onConnectTimer() {
  const bool begun = static_cast<bool>(upstream_);
  const bool inTime = monotonicNow() - lastMoved_ < service_.settings().connectTimeout;
  if (!begun && inTime) return tryRemotes();
  connectFailed(begun ? ETIMEDOUT : delayedBy_);
  tryNextRemote();
}

void Session::onConnectEvent() {
  const int status = connectStatus(upstream_.get());
  if (status != EINPROGRESS && !connectEnded(status)) tryNextRemote();
}

// False if there is no connection.
bool Session::connectEnded(int status) {
  // Reset once it stood: what it said before is still to be delivered.
  const bool stood = status == 0 || status == ECONNRESET || status == EPIPE;
  stood ? connected(status) : connectFailed(status);
  return stood;
}

void Session::connected(int upstreamError) {
  relay_.emplace(service_.worker().pools(), client_.get(), upstream_.get());
  if (upstreamError != 0) {
    relay_->fail(kUpstream, upstreamError);
  } else {
    relay_->notReadable(kUpstream);  // most clients speak first
  }
  beginRelaying();
}

// kRelaying

void Session::beginRelaying() {
  EventLoop& loop = service_.worker().loop();
  state_ = State::kRelaying;
  timer_.start<&Session::onTimer>(loop, service_.settings().idleTimeout, this);
  const bool watched =
      clientWatcher_.watch<&Session::onClient>(loop, client_.get(), this, true, false) &&
      (upstreamWatcher_.watching() ? upstreamWatcher_.want(true, false)
                                   : upstreamWatcher_.watch<&Session::onUpstream>(
                                         loop, upstream_.get(), this, true, false));
  if (!watched) return abort(CloseReason::kExhausted);
  advance();
}

void Session::advance() {
  lastMoved_ = monotonicNow();
  count(relay_->advance(kShare));
  switch (relay_->outcome()) {
    case socksplice::Relay::Outcome::kMoving:
      if (sideFailed()) limitLastBytes();
      return watchForMore();
    case socksplice::Relay::Outcome::kEnded:
      return finish(CloseReason::kDone);
    case socksplice::Relay::Outcome::kReset:
      state_ = State::kResetting;
      return passResetOn();
  }
}

void Session::watchForMore() {
  const auto client = relay_->interest(kClient);
  const auto upstream = relay_->interest(kUpstream);
  if (!clientWatcher_.want(client.read, client.write) ||
      !upstreamWatcher_.want(upstream.read, upstream.write)) {
    return abort(CloseReason::kExhausted);
  }
  if (!looking_ && !lastBytesLimited_ && anyUnwatched()) lookSoon();
}

bool Session::anyUnwatched() const {
  constexpr socksplice::Relay::Interest kNone;
  return relay_->interest(kClient) == kNone || relay_->interest(kUpstream) == kNone;
}

void Session::lookSoon() {
  looking_ = true;
  const milliseconds delay = std::min(kLook, service_.settings().idleTimeout);
  timer_.start<&Session::onTimer>(service_.worker().loop(), delay, this);
}

void Session::count(const socksplice::Relay::Progress& progress) {
  Metrics& metrics = service_.worker().metrics();
  metrics.add(Metric::kBytesFromClients, progress.fromA);
  metrics.add(Metric::kBytesFromUpstreams, progress.fromB);
  metrics.add(Metric::kBytesSpliced, progress.spliced);
  metrics.set(Metric::kPipesRefused, service_.worker().pools().pipes().refused());
}

bool Session::sideFailed() const {
  return relay_->error(kClient) != 0 || relay_->error(kUpstream) != 0;
}

// Traffic only moves lastMoved_; the timer looks at it once a period.
void Session::onIdleTimer() {
  const milliseconds left = lastMoved_ + service_.settings().idleTimeout - monotonicNow();
  if (left <= milliseconds(0)) return abort(CloseReason::kIdle);
  looking_ = false;
  timer_.start<&Session::onTimer>(service_.worker().loop(), left, this);
  if (!anyUnwatched()) return;
  relay_->lookForFailure();
  if (sideFailed()) return advance();
  lookSoon();
}

// kRelaying with one side failed, then kResetting

void Session::limitLastBytes() {
  if (lastBytesLimited_) return;
  lastBytesLimited_ = true;
  timer_.start<&Session::onTimer>(service_.worker().loop(), kLastBytes, this);
}

void Session::onLastBytesTimer() {
  const milliseconds left = lastMoved_ + kLastBytes - monotonicNow();
  if (left <= milliseconds(0)) return abort(CloseReason::kStalled);
  timer_.start<&Session::onTimer>(service_.worker().loop(), left, this);
}

// A reset drops what its sender's kernel has not delivered, so it waits until all is acknowledged.
void Session::passResetOn() {
  const Side survivor = other(relay_->failedSide());
  const int fd = survivor == kClient ? client_.get() : upstream_.get();
  const std::size_t left = socksplice::unacknowledged(fd);
  const bool lost = relay_->error(survivor) != 0 || !hasPeer(fd);
  if (lost || left == 0) return abort(resetReason());
  if (left != unacknowledged_) {
    unacknowledged_ = left;
    lastMoved_ = monotonicNow();
  }
  if (monotonicNow() - lastMoved_ >= kLastBytes) return abort(CloseReason::kStalled);
  clientWatcher_.stop();
  upstreamWatcher_.stop();
  pause_ = std::clamp(pause_ * 2, kFirstLook, kSlowestLook);
  timer_.start<&Session::onTimer>(service_.worker().loop(), pause_, this);
}

CloseReason Session::resetReason() const {
  return relay_->failedSide() == kClient ? CloseReason::kClientReset : CloseReason::kUpstreamReset;
}

// any state

void Session::abort(CloseReason reason) {
  socksplice::resetOnClose(client_.get());
  if (upstream_) socksplice::resetOnClose(upstream_.get());
  finish(reason);
}

void Session::finish(CloseReason reason) {
  CHECK(state_ != State::kFinished);
  state_ = State::kFinished;
  logEnd(reason);
  service_.worker().metrics().add(info(reason).metric);

  clientWatcher_.stop();
  upstreamWatcher_.stop();
  timer_.cancel();
  relay_.reset();
  client_.reset();
  upstream_.reset();
  service_.release(*this);
}

void Session::logEnd(CloseReason reason) const {
  // What one peer could do by the thousand.
  const bool warns = info(reason).level == log::Level::kWarning;
  const auto heldBack = warns ? service_.mayWarnOfEnd() : std::nullopt;
  const log::Level level = heldBack ? log::Level::kWarning : log::Level::kDebug;
  if (!log::enabled(level)) return;
  const std::string note = heldBackText(heldBack.value_or(0));
  const std::uint64_t up = relay_ ? relay_->delivered(kClient) : 0;
  const std::uint64_t down = relay_ ? relay_->delivered(kUpstream) : 0;
  log::write(level, "session {} -> {}: {}; {} bytes up, {} bytes down, {} ms{}", peer_.text(),
             route_.address().text(), info(reason).text, up, down,
             (monotonicNow() - started_).count(), note);
}

void Session::onClient(Ready ready) { onReady(kClient, ready); }

void Session::onUpstream(Ready ready) {
  if (state_ == State::kConnecting) return onConnectEvent();
  onReady(kUpstream, ready);
}

void Session::onReady(Side side, Ready ready) {
  if (state_ != State::kRelaying) return;
  relay_->ready(side,
                {.readable = ready.readable, .writable = ready.writable, .ended = ready.ended});
  advance();
}

void Session::onTimer() {
  switch (state_) {
    case State::kConnecting:
      return onConnectTimer();
    case State::kRelaying:
      return lastBytesLimited_ ? onLastBytesTimer() : onIdleTimer();
    case State::kResetting:
      return passResetOn();
    case State::kFinished:
      return;
  }
}

}  // namespace proxy::relay
