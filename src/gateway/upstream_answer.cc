#include "gateway/upstream_answer.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>
#include <variant>

#include "http/list.h"
#include "net/socket.h"

namespace proxy::gateway {

namespace {

// What a kernel may hold of a request that its program will read soon.
constexpr std::uint64_t kOnItsWay = std::uint64_t{64} * 1024;

// As a Host field says it.
std::string hostOf(const Route& route) {
  constexpr std::string_view kScheme = "http://";
  if (route.address().isPath()) return "localhost";
  const std::string& name = route.remoteName();
  return name.starts_with(kScheme) ? name.substr(kScheme.size()) : name;
}

}  // namespace

UpstreamAnswer::UpstreamAnswer(Gateway& gateway, http::Exchange& exchange)
    : gateway_(gateway),
      exchange_(exchange),
      started_(monotonicNow()),
      first_(gateway.route()),
      route_(first_) {}

void UpstreamAnswer::start() {
  const http::Problem refused = refusal();
  if (refused != http::Problem::kNone) return fail(refused);
  if (http::maxForwards(exchange_.request()).left == 0) return answerOurselves();
  upgrade_ = asksForUpgrade();
  if (gateway_.isFailing(route_.address())) {
    (void)nextAddress();
    allFailing_ = !skipFailing_;
  }
  attempt();
}

http::Problem UpstreamAnswer::refusal() const {
  // Who asks for https is not to be answered over something else (RFC 9110, 7.4).
  const http::Target& target = exchange_.target();
  if (target.form == http::TargetForm::kAbsolute &&
      !http::sameText(target.scheme, exchange_.client().scheme)) {
    return http::Problem::kMisdirected;
  }
  if (!isAllowed()) return http::Problem::kConnectRefused;
  if (!http::maxForwards(exchange_.request()).valid) return http::Problem::kBadRequest;
  return http::Problem::kNone;
}

// It was to come no further than to us (RFC 9110, 7.6.2). TRACE is not served: it would give back
// what proxies in front of us have added, credentials among it.
void UpstreamAnswer::answerOurselves() {
  if (exchange_.request().method != "OPTIONS") return fail(http::Problem::kMethodUnknown);
  state_ = State::kOver;
  http::ResponseHead head;
  head.status = 204;
  exchange_.respond(head, http::NoBody{}, nullptr);
}

// CONNECT opens a way to anything behind us, unless somebody said to where.
bool UpstreamAnswer::isAllowed() const {
  if (exchange_.request().method != "CONNECT") return true;
  const auto authority = http::parseAuthority(exchange_.target().authority);
  const auto& ports = gateway_.settings().connectPorts;
  return authority && std::find(ports.begin(), ports.end(), authority->port) != ports.end();
}

// RFC 9110, 7.8. Not h2c: its requests would go by unread.
bool UpstreamAnswer::asksForUpgrade() const {
  const http::RequestHead& head = exchange_.request();
  return head.version == http::Version::k11 && exchange_.body() == nullptr &&
         http::find(head.fields, http::Name::kUpgrade) &&
         !http::lists(head.fields, http::Name::kUpgrade, "h2c") &&
         http::lists(head.fields, http::Name::kConnection, "upgrade");
}

// kConnecting

void UpstreamAnswer::attempt() {
  while (!attemptOne()) {
    if (!nextAddress()) return unreached(http::Problem::kConnectionRefused);
  }
}

// Asks over a connection that waits, or begins one; false if that fails at once.
bool UpstreamAnswer::attemptOne() {
  state_ = State::kConnecting;
  auto& notes = exchange_.notes();
  notes.upstream = route_.remoteName();
  ++notes.attempts;
  const Address& address = route_.address();
  if (!repeated_) {
    connection_ = gateway_.pool().take(address);
    if (connection_) {
      notes.reused = true;
      ask();
      return true;
    }
  }
  notes.reused = false;
  gateway_.worker().metrics().add(Metric::kConnectsTried);
  auto socket = beginConnect(address, gateway_.settings().socket);
  // (A path says by EAGAIN that its listener's backlog is full, which is no shortage of ours.)
  if (!socket && isShortage(socket.error()) && !address.isPath()) {
    gateway_.worker().metrics().add(Metric::kConnectsDelayed);
    fail(http::Problem::kUnavailable);
    return true;
  }
  if (!socket) {
    connectFailed(socket.error());
    return false;
  }
  connection_ =
      std::make_unique<http1::Connection>(gateway_.worker().loop(), *std::move(socket), address);
  const int status = connectStatus(connection_->fd());
  if (status != EINPROGRESS) return connectEnded(status);
  connection_->use(this);
  if (!connection_->want(false, true)) {
    fail(http::Problem::kUnavailable);
    return true;
  }
  connection_->expect(gateway_.settings().connectTimeout);
  return true;
}

// Those that failed of late are left out, as long as there are others.
bool UpstreamAnswer::nextAddress() {
  while (route_.next()) {
    if (skipFailing_ ? !gateway_.isFailing(route_.address()) : !hasFailed(route_.address())) {
      return true;
    }
  }
  if (!skipFailing_) return false;
  skipFailing_ = false;
  route_ = first_;
  return !hasFailed(route_.address()) || nextAddress();
}

bool UpstreamAnswer::hasFailed(const Address& address) const {
  return std::find(failed_.begin(), failed_.end(), address) != failed_.end();
}

void UpstreamAnswer::onConnection(Ready /*ready*/) {
  const int status = connectStatus(connection_->fd());
  if (status == EINPROGRESS) return;
  if (!connectEnded(status)) {
    if (!nextAddress()) return unreached(http::Problem::kConnectionRefused);
    attempt();
  }
}

void UpstreamAnswer::onConnectionLate() {
  connectFailed(ETIMEDOUT);
  if (!nextAddress()) return unreached(http::Problem::kConnectionTimeout);
  attempt();
}

bool UpstreamAnswer::connectEnded(int status) {
  if (status != 0) {
    connectFailed(status);
    return false;
  }
  exchange_.notes().connectedAfter = sinceStart();
  ask();
  return true;
}

void UpstreamAnswer::connectFailed(int error) {
  failed_.push_back(route_.address());
  gateway_.unreached(route_.remoteName(), route_.address(), error);
  if (!connection_) return;
  connection_->use(nullptr);
  gateway_.worker().loop().destroyLater(std::move(connection_));
}

// None can be reached. Where that was known before, the client is told how long it may last.
void UpstreamAnswer::unreached(http::Problem problem) {
  if (!allFailing_) return fail(problem);
  const auto after = std::chrono::ceil<std::chrono::seconds>(gateway_.settings().failTimeout);
  fail({http::Problem::kUnavailable, std::max(after, std::chrono::seconds(1))});
}

// kAsking

void UpstreamAnswer::ask() {
  state_ = State::kAsking;
  if (request_.empty()) writeRequest();
  taken_.reset();
  timed_ = false;
  if (!upstream_) {
    http1::UpstreamExchange::Owner& owner = *this;
    upstream_.emplace(gateway_.worker().pools(), gateway_.workspace(), gateway_.parsers(),
                      gateway_.settings().head.bytes, owner);
  }
  const bool chunked = std::holds_alternative<http::ChunkedBody>(exchange_.framing().body);
  upstream_->start(*connection_, exchange_.request().method, request_, exchange_.body(), chunked);
}

// Once the request is there, there is one time for its answer, whatever comes in pieces. Until then
// it is whoever has to move next that has to do it: the client, whom its session knows, or the
// upstream, which has to take something.
void UpstreamAnswer::expectAnswer() {
  if (isAsked() || isToSayGo()) {
    if (!timed_) connection_->expect(gateway_.settings().answerTimeout);
    timed_ = true;
    return;
  }
  timed_ = false;
  if (upstream_->waitsForClient()) {
    connection_->expectNothing();
    taken_.reset();
    return;
  }
  const Taken taken{upstream_->asked(), upstream_->taken()};
  if (taken_ == taken) return;
  const auto& settings = gateway_.settings();
  connection_->expect(taken.asked ? settings.answerTimeout : settings.bodyTimeout);
  taken_ = taken;
}

// It has the request, but for what may still be on its way.
bool UpstreamAnswer::isAsked() const {
  if (!upstream_->asked()) return false;
  return exchange_.body() == nullptr || upstream_->sent() - upstream_->taken() <= kOnItsWay;
}

// The client waits to be told to go on (Expect: 100-continue).
bool UpstreamAnswer::isToSayGo() const {
  return exchange_.framing().expectsContinue && upstream_->silent() &&
         upstream_->sent() <= request_.size();
}

void UpstreamAnswer::writeRequest() {
  const auto write = [this](const http::ForwardRules& rules) {
    http::appendRequest(request_, exchange_.request(), exchange_.target(), exchange_.framing().body,
                        exchange_.client(), rules, upgrade_);
  };
  const auto& rules = gateway_.settings().forward;
  if (http::find(exchange_.request().fields, http::Name::kHost)) return write(rules);
  // A client of 1.0 need not say whom it asks (RFC 9112, 3.2).
  http::ForwardRules named = rules;
  named.host = hostOf(route_);
  write(named);
}

void UpstreamAnswer::onInterim(const http::ResponseHead& head) {
  noteAnswer();
  expectAnswer();
  exchange_.inform(head);
}

void UpstreamAnswer::onAnswer(const http::ResponseHead& head,
                              const http::ResponseFraming& framing) {
  exchange_.notes().answeredAfter = sinceStart();
  noteAnswer();
  const bool connected = exchange_.request().method == "CONNECT" && head.status / 100 == 2;
  if (head.status == 101 && !upgrade_) return fail(http::Problem::kResponseMalformed);
  if (head.status == 101 || connected) {
    state_ = State::kUpgrading;
    connection_->expectNothing();
    return exchange_.upgrade(head);
  }
  state_ = State::kPassing;
  request_ = {};  // it will not be sent again
  http1::IncomingBody* const body = upstream_->body();
  body == nullptr ? letGo() : connection_->expectNothing();  // for more of it, when it waits
  exchange_.respond(head, framing.body, body);
}

// A connection that waited may have ended just when it was used again. Nothing came of it, so what
// may be asked twice is asked once more, over a new one.
void UpstreamAnswer::onNoAnswer(http::Problem problem) {
  // (An answer that has begun may do without the rest of its request, but not without a watch.)
  if (state_ == State::kPassing && problem == http::Problem::kUnavailable) return fail(problem);
  if (state_ != State::kAsking) return;
  if (problem == http::Problem::kConnectionTerminated) noteSilence("it ended a new connection");
  if (!mayRepeat()) return fail(problem);
  repeated_ = true;
  upstream_->detach();
  gateway_.worker().loop().destroyLater(std::move(connection_));
  preferAnother();
  attempt();
}

// That a connection was made says little of whoever listens: a program may stand still behind its
// backlog. (Of one that was kept it was known that its upstream closes it some day.)
void UpstreamAnswer::noteSilence(std::string_view why) {
  if (exchange_.notes().reused || !upstream_->silent()) return;
  gateway_.leaveOut(route_.remoteName(), route_.address(), why);
}

void UpstreamAnswer::noteAnswer() {
  if (!exchange_.notes().reused) gateway_.answered(route_.address());
}

// Where there is none that is not failing, it is the same again.
void UpstreamAnswer::preferAnother() {
  for (Route other = route_; other.next();) {
    if (gateway_.isFailing(other.address()) || hasFailed(other.address())) continue;
    route_ = other;
    request_.clear();  // which may name whom it asks
    return;
  }
}

bool UpstreamAnswer::mayRepeat() const {
  return !repeated_ && exchange_.notes().reused && upstream_->silent() && isRepeatable();
}

bool UpstreamAnswer::isRepeatable() const {
  return exchange_.request().isIdempotent() && exchange_.body() == nullptr;
}

// kPassing

void UpstreamAnswer::onBodyOver() {
  gateway_.worker().metrics().add(Metric::kBytesSpliced, upstream_->body()->spliced());
  if (state_ == State::kPassing) letGo();
}

void UpstreamAnswer::onProgress() {
  if (state_ == State::kAsking) expectAnswer();
  if (state_ == State::kPassing) expectMore();
}

// Its time runs while nobody has to move but the upstream.
void UpstreamAnswer::expectMore() {
  if (isToSayMore()) {
    connection_->expect(gateway_.settings().bodyTimeout);
  } else {
    connection_->expectNothing();
  }
}

bool UpstreamAnswer::isToSayMore() {
  const http1::IncomingBody* const body = upstream_->body();
  return body != nullptr && body->waiting() && !upstream_->waitsForClient();
}

void UpstreamAnswer::onLate() {
  if (state_ == State::kPassing && !isToSayMore()) return connection_->expectNothing();
  if (state_ == State::kAsking) {
    // That it took some more of the request, no event has told.
    const auto was = std::pair(timed_, taken_);
    expectAnswer();
    if (std::pair(timed_, taken_) != was) return;
    noteHang();
  }
  fail(http::Problem::kResponseTimeout);
}

// Its other connections wait for the same.
void UpstreamAnswer::noteHang() {
  if (!upstream_->silent()) return;
  gateway_.leaveOut(route_.remoteName(), route_.address(), "it did not answer in time");
  gateway_.pool().drop(route_.address());
}

// As soon as the upstream has said all, its connection may serve another.
void UpstreamAnswer::letGo() {
  if (!connection_) return;
  if (!upstream_->reusable()) return connection_->expectNothing();
  upstream_->detach();
  gateway_.pool().put(std::move(connection_));
}

void UpstreamAnswer::takeOver(socksplice::UniqueFd client, std::string early) {
  state_ = State::kOver;
  std::string fromUpstream(upstream_->early());
  upstream_->detach();
  gateway_.relay().join({.client = std::move(client),
                         .fromClient = std::move(early),
                         .upstream = connection_->take(),
                         .fromUpstream = std::move(fromUpstream),
                         .route = route_});
}

void UpstreamAnswer::fail(http::Problem problem) {
  const bool over = state_ == State::kOver;
  cancel();
  if (!over) exchange_.fail(problem);
}

void UpstreamAnswer::cancel() {
  state_ = State::kOver;
  if (!connection_) return;
  if (upstream_) upstream_->detach();
  connection_->use(nullptr);
  gateway_.worker().loop().destroyLater(std::move(connection_));
}

std::int64_t UpstreamAnswer::sinceStart() const noexcept {
  return (monotonicNow() - started_).count();
}

}  // namespace proxy::gateway
