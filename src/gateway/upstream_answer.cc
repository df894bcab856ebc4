#include "gateway/upstream_answer.h"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <variant>

#include "http/list.h"
#include "net/socket.h"

namespace proxy::gateway {

namespace {

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
  if (!isAllowed()) return fail(http::Problem::kConnectRefused);
  upgrade_ = asksForUpgrade();
  if (gateway_.isFailing(route_.address())) (void)nextAddress();
  attempt();
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
    if (!nextAddress()) return fail(http::Problem::kConnectionRefused);
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
    connection_ = gateway_.pool().take(address, !isRepeatable());
    if (connection_) {
      notes.reused = true;
      ask();
      return true;
    }
  }
  notes.reused = false;
  gateway_.worker().metrics().add(Metric::kConnectsTried);
  auto socket = beginConnect(address, gateway_.settings().socket);
  if (!socket && isShortage(socket.error())) {
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
    if (!nextAddress()) return fail(http::Problem::kConnectionRefused);
    attempt();
  }
}

void UpstreamAnswer::onConnectionLate() {
  connectFailed(ETIMEDOUT);
  if (!nextAddress()) return fail(http::Problem::kConnectionTimeout);
  attempt();
}

bool UpstreamAnswer::connectEnded(int status) {
  if (status != 0) {
    connectFailed(status);
    return false;
  }
  gateway_.reached(connection_->address());
  exchange_.notes().connectedAfter = sinceStart();
  ask();
  return true;
}

void UpstreamAnswer::connectFailed(int error) {
  failed_.push_back(route_.address());
  gateway_.failed(route_.remoteName(), route_.address(), error);
  if (!connection_) return;
  connection_->use(nullptr);
  gateway_.worker().loop().destroyLater(std::move(connection_));
}

// kAsking

void UpstreamAnswer::ask() {
  state_ = State::kAsking;
  if (request_.empty()) writeRequest();
  connection_->expect(gateway_.settings().answerTimeout);
  if (!upstream_) {
    http1::UpstreamExchange::Owner& owner = *this;
    upstream_.emplace(gateway_.worker().pools(), gateway_.workspace(), gateway_.parsers(),
                      gateway_.settings().head.bytes, owner);
  }
  const bool chunked = std::holds_alternative<http::ChunkedBody>(exchange_.framing().body);
  upstream_->start(*connection_, exchange_.request().method, request_, exchange_.body(), chunked);
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
  connection_->expect(gateway_.settings().answerTimeout);
  exchange_.inform(head);
}

void UpstreamAnswer::onAnswer(const http::ResponseHead& head,
                              const http::ResponseFraming& framing) {
  exchange_.notes().answeredAfter = sinceStart();
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
  if (body == nullptr) {
    letGo();
  } else {
    connection_->expect(gateway_.settings().bodyTimeout);
  }
  exchange_.respond(head, framing.body, body);
}

// A connection that waited may have ended just when it was used again. Nothing came of it, so what
// may be asked twice is asked once more, over a new one.
void UpstreamAnswer::onNoAnswer(http::Problem problem) {
  if (state_ != State::kAsking) return;
  if (!mayRepeat()) return fail(problem);
  repeated_ = true;
  upstream_->detach();
  gateway_.worker().loop().destroyLater(std::move(connection_));
  attempt();
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
  if (state_ == State::kAsking && upstream_->waitsForClient()) return connection_->expectNothing();
  if (state_ == State::kAsking) connection_->expect(gateway_.settings().answerTimeout);
  if (state_ == State::kPassing) connection_->expect(gateway_.settings().bodyTimeout);
}

void UpstreamAnswer::onLate() {
  // Perhaps it is the client who takes no more.
  const http1::IncomingBody* const body = upstream_->body();
  if (state_ == State::kPassing && (body == nullptr || !body->waiting())) {
    return connection_->expect(gateway_.settings().bodyTimeout);
  }
  fail(http::Problem::kResponseTimeout);
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
