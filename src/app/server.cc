#include "app/server.h"

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <utility>

#include "app/quantity.h"
#include "core/check.h"
#include "core/format.h"
#include "core/log.h"
#include "gateway/service.h"
#include "net/socket.h"
#include "relay/service.h"

namespace proxy::app {

namespace {

Worker::Settings workerSettings(const Configuration& configuration, const Limits& limits) {
  const std::size_t pipes = std::max<std::size_t>(1, limits.pipes / configuration.threads);
  return {.method = configuration.pollMethod,
          .pools = {.lane = configuration.lane,
                    .hold = configuration.bufferSize,
                    .lentPipes = pipes,
                    .idlePipes = std::min<std::size_t>(pipes, 16)}};
}

Limits limitsFor(const Configuration& configuration) {
  const std::size_t descriptors = raiseDescriptorLimit(configuration.pollMethod);
  const Limits limits =
      shareOut(configuration, descriptors, pipesAllowed(configuration.bufferSize));
  if (limits.sessions == 0) {
    throw std::runtime_error(
        fmt::format("{} descriptors (RLIMIT_NOFILE) do not suffice for {} threads: raise the limit "
                    "(ulimit -n) or "
                    "lower -t",
                    descriptors, configuration.threads));
  }
  return limits;
}

ServiceFactory factoryOf(const Configuration& configuration, http1::AccessLog* log) {
  const SocketSettings socket = {.noDelay = configuration.noDelay};
  const relay::Settings relay = {.socket = socket,
                                 .connectTimeout = configuration.connectTimeout,
                                 .idleTimeout = configuration.idleTimeout};
  if (!configuration.isHttp()) {
    return [relay](Worker& own) { return std::make_unique<relay::RelayService>(own, relay); };
  }
  gateway::Settings gateway = configuration.gateway;
  gateway.socket = socket;
  gateway.connectTimeout = configuration.connectTimeout;
  gateway.head = configuration.http.head;
  gateway.forward = configuration.http.forward;
  return [sessions = configuration.http, gateway, relay, log](Worker& own) {
    return std::make_unique<gateway::GatewayService>(own, sessions, gateway, relay, log);
  };
}

std::string sessionsText(std::size_t count) {
  return fmt::format("{} session{}", count, count == 1 ? "" : "s");
}

// The remotes as they were given, and what their names stand for.
std::string remotesText(const RemoteList& remotes) {
  std::string text;
  for (const Remote& remote : remotes) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", remote.name);
    for (const Address& address : remote.addresses) {
      if (!remote.name.ends_with(address.text())) text += fmt::format(" ({})", address.text());
    }
  }
  return text;
}

}  // namespace

Server::Server(const Configuration& configuration)
    : configuration_(configuration),
      limits_(limitsFor(configuration)),
      loop_(configuration.pollMethod),
      resolver_(loop_, configuration.dnsServers),
      names_(loop_, resolver_, metrics_, configuration.remotes,
             [this](Expected<NameWatch::List> remotes) { onRemotes(std::move(remotes)); }) {}

Expected<void> Server::run() {
  std::signal(SIGPIPE, SIG_IGN);  // splice(2) knows no MSG_NOSIGNAL
  terminate_.watch<&Server::onStopSignal>(loop_, SIGTERM, this);
  interrupt_.watch<&Server::onStopSignal>(loop_, SIGINT, this);
  hangUp_.watch<&Server::onHangUp>(loop_, SIGHUP, this);
  reopen_.watch<&Server::onReopenSignal>(loop_, SIGUSR1, this);

  resolveListeners();
  names_.start();
  loop_.run();
  letSignalsPass();
  if (!failure_.empty()) return unexpected(std::string(failure_));

  for (const auto& worker : workers_) worker->stop();
  closeAccessLog();
  logTotals();
  return {};
}

// What is left is short: another signal has nothing to hasten, and shall not kill.
void Server::letSignalsPass() {
  for (SignalWatcher* it : {&terminate_, &interrupt_, &hangUp_, &reopen_}) it->stop();
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) std::signal(signal, SIG_IGN);
}

// kResolving

void Server::resolveListeners() {
  unresolvedListeners_ = configuration_.listeners.size();
  for (const Endpoint& endpoint : configuration_.listeners) {
    if (endpoint.scheme == Scheme::kUnix) {
      const auto path = Address::atPath(endpoint.path);
      CHECK(path.has_value());  // parseEndpoint saw to it
      onListenerResolved(endpoint, Resolver::Answer{.addresses = {*path}, .ttl = {}});
      continue;
    }
    resolver_.resolve(endpoint.host, endpoint.port,
                      [this, &endpoint](Expected<Resolver::Answer> answer) {
                        onListenerResolved(endpoint, std::move(answer));
                      });
  }
}

void Server::onListenerResolved(const Endpoint& endpoint, Expected<Resolver::Answer> answer) {
  if (!answer)
    return fail(fmt::format("-l (--listen) \"{}\": {}", endpoint.text(), answer.error()));
  auto& addresses = answer->addresses;
  // "localhost" may stand for ::1 too, on a machine that has no IPv6.
  if (addresses.size() > 1 && std::any_of(addresses.begin(), addresses.end(), isLocal)) {
    std::erase_if(addresses, [](const Address& address) { return !isLocal(address); });
  }
  for (const Address& address : addresses) listening_.push_back({endpoint.text(), address});
  --unresolvedListeners_;
  serveIfResolved();
}

void Server::onRemotes(Expected<NameWatch::List> remotes) {
  if (!remotes) return fail(remotes.error());
  const bool first = remotes_ == nullptr;
  remotes_ = *std::move(remotes);
  if (first) return serveIfResolved();
  log::info("the remotes' addresses changed");
  for (const auto& worker : workers_) worker->update(remotes_);
}

void Server::serveIfResolved() {
  if (state_ != State::kResolving || unresolvedListeners_ > 0 || !remotes_) return;
  try {
    start();
  } catch (const std::exception& error) {
    fail(error.what());  // not through the resolver's C frames
  }
}

void Server::start() {
  for (std::size_t i = 0; i < configuration_.threads; ++i) {
    workers_.push_back(std::make_unique<Worker>(i, workerSettings(configuration_, limits_)));
  }
  acceptor_ = std::make_unique<Acceptor>(loop_, metrics_, workers_, limits_.sessions);
  if (const auto opened = openAccessLog(); !opened) return fail(opened.error());
  if (const auto opened = openListeners(); !opened) return fail(opened.error());
  serve();
}

Expected<void> Server::openAccessLog() {
  if (configuration_.accessLog.empty()) return {};
  auto opened = AccessLogFile::open(configuration_.accessLog, configuration_.accessLogFormat);
  if (!opened) return unexpected(std::move(opened).error());
  accessLog_ = *std::move(opened);
  return {};
}

Expected<void> Server::openListeners() {
  for (const Listening& it : listening_) {
    auto socket = listenAt(it.address, {.noDelay = configuration_.noDelay});
    if (!socket)
      return unexpected(fmt::format("-l (--listen) \"{}\": {}", it.endpoint, socket.error()));
    acceptor_->add(*std::move(socket));
  }
  return {};
}

// kServing

void Server::serve() {
  state_ = State::kServing;
  logStart();
  if (configuration_.isHttp()) logHttp();
  for (const auto& worker : workers_) {
    worker->start(factoryOf(configuration_, accessLog_.get()));
    worker->update(remotes_);
  }
  acceptor_->start();
}

void Server::onHangUp() {
  if (state_ != State::kServing) return;
  log::info("SIGHUP: resolving the remotes' names again");
  names_.start();
}

void Server::onReopenSignal() {
  if (accessLog_) accessLog_->reopen();
}

// kDraining

void Server::onStopSignal() {
  if (state_ == State::kDraining) warnOfCut("at a second signal");
  if (state_ != State::kServing) return stop();
  state_ = State::kDraining;
  acceptor_->close();
  log::info("stopping: {} may take {} to end; a second signal stops at once",
            sessionsText(acceptor_->openSessions()), durationText(configuration_.drainTimeout));
  undrained_ = workers_.size();
  for (const auto& worker : workers_) {
    worker->drain([this] { loop_.post([this] { onWorkerDrained(); }); });
  }
  drainTimer_.start<&Server::onDrainTimer>(loop_, configuration_.drainTimeout, this);
}

void Server::warnOfCut(std::string_view when) const {
  const std::size_t open = acceptor_->openSessions();
  if (open > 0) log::warning("cutting {} off {}", sessionsText(open), when);
}

void Server::onWorkerDrained() {
  if (--undrained_ == 0) stop();
}

void Server::onDrainTimer() {
  warnOfCut(fmt::format("after {} (--drain-timeout)", durationText(configuration_.drainTimeout)));
  stop();
}

// kStopped

void Server::stop() {
  state_ = State::kStopped;
  loop_.stop();
}

void Server::closeAccessLog() {
  if (!accessLog_) return;
  accessLog_->stop();
  metrics_.set(Metric::kAccessLogDropped, accessLog_->dropped());
}

void Server::fail(std::string reason) {
  if (failure_.empty()) failure_ = std::move(reason);
  stop();
}

void Server::logStart() const {
  const Configuration& c = configuration_;
  const char* lane = c.lane == socksplice::Lane::kAuto     ? "auto"
                     : c.lane == socksplice::Lane::kSplice ? "splice"
                                                           : "copy";
  const std::string asked =
      c.maxConnections == 0 ? "" : fmt::format(" ({} asked for)", c.maxConnections);
  log::info(
      "proxy {} starts: remotes {}; threads {}, method {}, buffer {}, {}, lane {}, "
      "connect-timeout {}, idle-timeout {}, drain-timeout {}, log-level {}, dns-servers {}; "
      "{} descriptors allow {} sessions{} and {} pipes",
      PROXY_VERSION, remotesText(*remotes_), c.threads, loop_.method(), sizeText(c.bufferSize),
      c.noDelay ? "nodelay" : "nagle", socksplice::kZeroCopy ? lane : "copy",
      durationText(c.connectTimeout), durationText(c.idleTimeout), durationText(c.drainTimeout),
      log::nameOf(c.logLevel), c.dnsServers.empty() ? "of the system" : c.dnsServers,
      limits_.descriptors, limits_.sessions, asked, limits_.pipes);
}

void Server::logHttp() const {
  const http1::Settings& h = configuration_.http;
  const gateway::Settings& g = configuration_.gateway;
  const auto orNone = [](std::uint64_t limit, std::string text) {
    return limit == 0 ? "unlimited" : std::move(text);
  };
  log::info(
      "http: head-timeout {}, body-timeout {}, body-minimum {}, keep-alive-timeout {}, "
      "keep-alive-requests {}, "
      "max-head {}, max-fields {}, max-body {}, answer-timeout {}, answer-body-timeout {}, "
      "upstream-idle {}, upstream-idle-timeout {}, fail-timeout {}, via {}, forwarded {}{}, "
      "access-log {}",
      durationText(h.headTimeout), durationText(h.bodyTimeout), sizeText(h.bodyMinimum),
      durationText(h.keepAliveTimeout),
      orNone(h.keepAliveRequests, std::to_string(h.keepAliveRequests)), sizeText(h.head.bytes),
      h.head.fields, orNone(h.maxBody, sizeText(h.maxBody)), durationText(g.answerTimeout),
      durationText(g.bodyTimeout), g.idleConnections, durationText(g.idleTimeout),
      durationText(g.failTimeout), h.forward.via.empty() ? "off" : h.forward.via,
      h.forward.forwarded == http::ForwardedStyle::kNone        ? "off"
      : h.forward.forwarded == http::ForwardedStyle::kForwarded ? "forwarded"
                                                                : "x-forwarded",
      h.forward.trustForwarded ? " (trusted)" : "",
      configuration_.accessLog.empty() ? "none" : configuration_.accessLog);
}

std::uint64_t Server::total(Metric metric) const {
  std::uint64_t sum = metrics_.read(metric);
  for (const auto& worker : workers_) sum += std::as_const(*worker).metrics().read(metric);
  return sum;
}

void Server::logTotals() const {
  std::string totals;
  for (std::size_t i = 0; i < kMetrics.size(); ++i) {
    totals += fmt::format(" {}={}", kMetrics[i].name, total(static_cast<Metric>(i)));
  }
  log::info("stopped:{}", totals);
}

}  // namespace proxy::app
