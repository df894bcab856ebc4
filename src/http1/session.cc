#include "http1/session.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <variant>

#include "core/check.h"
#include "http1/sessions.h"
#include "net/socket.h"
#include "socksplice/relay.h"

namespace proxy::http1 {

namespace {

// Bytes of one answer before the others have their turn.
constexpr std::size_t kShare = std::size_t{1024} * 1024;

// What a client may send ahead of a body's use, besides a head.
constexpr std::size_t kFirstRead = 4096;

// Behind an answer that ends the connection: a client who still sends would otherwise be reset, and
// might lose the answer to that.
constexpr milliseconds kLingerTime{2000};  // after its last byte
constexpr milliseconds kLongestLinger{30'000};

// How often a client that is not watched is asked whether it is still there.
constexpr milliseconds kLook{1000};

// Of Proxy-Status, where Via is off.
constexpr std::string_view kProxyStatusName = "proxy";

std::string_view versionText(http::Version version) {
  return version == http::Version::k10 ? "HTTP/1.0" : "HTTP/1.1";
}

}  // namespace

struct Session::Current {
  Current(Sessions& owner, milliseconds now)
      : parser(owner.parsers()), writer(owner.worker().pools(), owner.workspace()), began(now) {
    parser->reset();
  }

  /// An exchange of which nothing was read is none.
  void log(Sessions& owner, const Session& session, bool complete) const;

  ParserPool<http::RequestParser>::Loan parser;
  http::Target target;
  std::optional<IncomingBody> body;
  MessageWriter writer;
  Pace sending;  // of the client: the request's body
  Pace taking;   // of the client: what is written
  milliseconds began;
  http::Notes notes;
  int status = 0;
  bool parsed = false;
  bool ended = false;
  bool inHandler = false;  // Handler::answer() is running below us
  bool upgrading = false;
  bool continued = false;  // the client was told to go on
  bool keepAlive = false;
  bool untilEnd = false;  // the answer ends with the connection
  std::unique_ptr<http::Answer> answer;
};

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

void Session::onReady(Ready ready) {
  switch (state_) {
    case State::kIdle:
    case State::kHead:
      return read();
    case State::kAnswering:
    case State::kSending:
      if (ready.readable) onUnasked(ready);
      if (ready.writable && (state_ == State::kAnswering || state_ == State::kSending)) advance();
      return;
    case State::kLingering:
      return throwAway();
    case State::kFinished:
      return;
  }
}

// kIdle, kHead

void Session::read() {
  const ssize_t got = input_.fill(fd_.get(), owner_.settings().head.bytes + kFirstRead);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
  if (got <= 0) return finish(got < 0 ? Metric::kSessionsReset : Metric::kSessionsDone);
  proceed();
}

// Answers what has been read, request by request.
void Session::proceed() {
  if (proceeding_) return;
  proceeding_ = true;
  while (isBetween() && !input_.empty() && parseHead()) beginExchange();
  proceeding_ = false;
  if (isBetween() && clientEnded_) finish(Metric::kSessionsDone);  // no more can come
}

bool Session::isBetween() const noexcept {
  return state_ == State::kIdle || state_ == State::kHead;
}

bool Session::parseHead() {
  const milliseconds now = monotonicNow();
  if (state_ == State::kIdle) {
    state_ = State::kHead;
    current_ = std::make_unique<Current>(owner_, now);
    owner_.worker().metrics().add(Metric::kRequests);
  }
  switch (current_->parser->parse(input_.bytes())) {
    case http::Parsed::kDone:
      current_->parsed = true;
      return true;
    case http::Parsed::kRefused:
      refuse(current_->parser->problem());
      return false;
    case http::Parsed::kMore:
      wait(owner_.settings().headTimeout - (now - current_->began));
      return false;
  }
  return false;
}

void Session::beginExchange() {
  state_ = State::kAnswering;
  ++requests_;
  Current& it = *current_;
  input_.use(it.parser->headSize());
  deadline_.clear();
  looking_ = false;
  const auto target = http::parseTarget(request().method, request().target);
  if (!target) return refuse(http::Problem::kBadRequest);
  it.target = *target;

  const auto* sized = std::get_if<http::SizedBody>(&framing().body);
  const std::uint64_t most = owner_.settings().maxBody;
  if (sized != nullptr && most != 0 && sized->size > most) {
    return refuse(http::Problem::kBodyTooLarge);
  }
  if ((sized != nullptr && sized->size > 0) ||
      std::holds_alternative<http::ChunkedBody>(framing().body)) {
    IncomingBody::Source& source = *this;
    it.body.emplace(owner_.worker().pools(), source, input_, fd_.get(), framing().body);
    it.body->refuseBeyond(most);
  }
  it.inHandler = true;
  auto answer = owner_.handler().answer(*this);
  it.inHandler = false;
  it.answer = std::move(answer);
  if (state_ == State::kFinished) return release();
  if (state_ == State::kSending) advance();
}

// kAnswering

const http::RequestHead& Session::request() const noexcept { return current_->parser->head(); }
const http::Target& Session::target() const noexcept { return current_->target; }
const http::RequestFraming& Session::framing() const noexcept {
  return current_->parser->framing();
}
http::Notes& Session::notes() noexcept { return current_->notes; }
http::Body* Session::body() noexcept { return current_->body ? &*current_->body : nullptr; }

http::ClientSide Session::client() const noexcept {
  return {.address = address_, .isV6 = peer_.family() == AF_INET6, .scheme = "http"};
}

void Session::inform(const http::ResponseHead& head) {
  // One that a slow client has not taken is enough: they are news, and not the answer.
  if (state_ != State::kAnswering || request().version == http::Version::k10) return;
  const bool awaited = head.status == 100 && framing().expectsContinue;
  if (!current_->writer.over() && (!awaited || current_->continued)) return;
  current_->continued |= awaited;
  std::string& text = owner_.workspace().head;
  text.clear();
  http::appendResponse(text, head, http::NoBody{}, request().method, rules(true));
  current_->writer.begin(text, nullptr, false);
  advance();
}

void Session::respond(const http::ResponseHead& head, const http::BodyLength& length,
                      http::Body* body) {
  if (state_ != State::kAnswering) return;
  Current& it = *current_;
  const bool old = request().version == http::Version::k10;
  const bool unsized = std::holds_alternative<http::ChunkedBody>(length) ||
                       std::holds_alternative<http::BodyUntilEnd>(length);
  it.untilEnd = body != nullptr && unsized && old;
  it.keepAlive = mayKeepAlive() && !it.untilEnd;
  http::BodyLength framed = length;
  if (unsized) framed = old ? http::BodyLength(http::BodyUntilEnd{}) : http::ChunkedBody{};

  std::string& text = owner_.workspace().head;
  text.clear();
  http::appendResponse(text, head, framed, request().method, rules(it.keepAlive));
  begin(head.status, body, unsized && !old);
}

void Session::fail(http::Problem problem) {
  if (state_ == State::kAnswering) {
    const bool tooLarge = current_->body && current_->body->tooLarge();
    return refuse(tooLarge ? http::Problem::kBodyTooLarge : problem);
  }
  if (state_ == State::kSending) truncated();
}

// The client is told why, and the connection ends where its next byte is not known for sure.
void Session::refuse(http::Problem problem) {
  Current& it = *current_;
  if (it.answer) it.answer->cancel();  // it goes with the exchange, whose notes are partly its own
  it.keepAlive = it.parsed && state_ == State::kAnswering && mayKeepAlive() &&
                 http::info(problem).status >= 500;
  std::string& text = owner_.workspace().head;
  text.clear();
  auto how = rules(it.keepAlive);
  if (how.via.empty()) how.via = kProxyStatusName;
  http::appendProblem(text, problem, it.parsed ? request().method : "GET", how);
  begin(http::info(problem).status, nullptr, false);
}

void Session::upgrade(const http::ResponseHead& head) {
  if (state_ != State::kAnswering) return;
  auto how = rules(true);
  how.upgrade = head.status == 101;
  std::string& text = owner_.workspace().head;
  text.clear();
  http::appendResponse(text, head, http::NoBody{}, request().method, how);
  current_->upgrading = true;
  begin(head.status, nullptr, false);
}

// The head stands in the workspace.
void Session::begin(int status, http::Body* body, bool chunked) {
  state_ = State::kSending;
  Current& it = *current_;
  it.status = status;
  if (body != nullptr) body->attach(this);
  it.writer.begin(owner_.workspace().head, body, chunked);
  if (!it.inHandler) advance();
}

void Session::bodyWaits() {
  expectClient();
  watch(true, writing_);
}

void Session::bodyOver() { expectClient(); }

// It has to send or take enough in time, if we wait for it at all. While a wait goes on nothing is
// done here.
void Session::expectClient() {
  Current& it = *current_;
  const bool takes = it.writer.waits() <= http::Body::Wait::kTarget &&
                     it.writer.waits() != http::Body::Wait::kSource;
  const bool sends = it.body && it.body->waiting();
  if (!takes) it.taking.rest();
  if (!sends) it.sending.rest();
  if (!takes && !sends) {
    if (!looking_) deadline_.clear();
    return;
  }
  if (takes == it.taking.waits() && sends == it.sending.waits()) return;
  const milliseconds now = monotonicNow();
  const milliseconds ends = now + owner_.settings().bodyTimeout;
  if (takes && !it.taking.waits()) it.taking.begin(ends, taken());
  if (sends && !it.sending.waits()) it.sending.begin(ends, it.body->taken());
  looking_ = false;
  wait(std::min(it.taking.ends(), it.sending.ends()) - now);
}

// A period may be over.
void Session::checkPace() {
  expectClient();
  Current& it = *current_;
  const milliseconds now = monotonicNow();
  const bool takes = keepsUp(it.taking, it.taking.waits() ? taken() : 0, now);
  const bool sends = keepsUp(it.sending, it.body ? it.body->taken() : 0, now);
  if (takes && sends) {
    if (it.taking.waits() || it.sending.waits()) {
      wait(std::min(it.taking.ends(), it.sending.ends()) - now);
    }
    return;
  }
  if (state_ == State::kAnswering) return refuse(http::Problem::kBodyTimeout);
  finish(Metric::kSessionsStalled);
}

bool Session::keepsUp(Pace& pace, std::uint64_t moved, milliseconds now) const {
  const Settings& settings = owner_.settings();
  return now < pace.ends() || pace.next(now + settings.bodyTimeout, moved, settings.bodyMinimum);
}

// What the client has acknowledged: a socket with a large buffer takes nothing for minutes, and
// then a third of it at once, while its peer takes a little all the time.
std::uint64_t Session::taken() const noexcept {
  return current_->writer.sent() - socksplice::unacknowledged(fd_.get());
}

// A client of whom nothing is wanted is not watched, and may have left.
void Session::look() {
  looking_ = false;
  if (!hasPeer(fd_.get())) return finish(Metric::kSessionsReset);
  if (!reading_ && !writing_) lookSoon();
}

void Session::lookSoon() {
  looking_ = true;
  wait(kLook);
}

// The client has something to say while it waits for its answer.
void Session::onUnasked(Ready ready) {
  Current& it = *current_;
  if (it.body && it.body->waiting()) {
    it.body->sourceReady();
    // Now it may be the upstream who is waited for.
    if (state_ == State::kAnswering || state_ == State::kSending) expectClient();
    return;
  }
  if (it.body && !it.body->over()) return watch(false, writing_);
  char next;
  const ssize_t got = recv(fd_.get(), &next, 1, MSG_PEEK);
  if (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
    return finish(Metric::kSessionsReset);
  }
  if (got == 0) clientEnded_ = true;  // it may still listen
  if (got >= 0 || ready.ended) watch(false, writing_);
}

// kSending

void Session::bodyReady() {
  if (state_ == State::kSending) advance();
}

void Session::advance() {
  Current& it = *current_;
  const auto waits = it.writer.advance(fd_.get(), kShare);
  if (state_ == State::kFinished) return;
  switch (waits) {
    case http::Body::Wait::kNothing:
    case http::Body::Wait::kTarget:
      expectClient();
      return watch(reading_, true);
    case http::Body::Wait::kSource:
      expectClient();
      return watch(reading_, false);
    case http::Body::Wait::kEnd:
      if (state_ == State::kSending) return answered();
      expectClient();
      return watch(reading_, false);
    case http::Body::Wait::kFailed:
      return truncated();
    case http::Body::Wait::kTargetFailed:
      return finish(Metric::kSessionsReset);
  }
}

void Session::answered() {
  Current& it = *current_;
  endExchange(true);
  if (it.upgrading) return handOver();
  if (!it.keepAlive || (it.body && !it.body->complete())) return linger();
  release();
  input_.release();
  state_ = State::kIdle;
  if (draining_) return linger();
  watch(!clientEnded_, false);
  wait(owner_.settings().keepAliveTimeout);
  proceed();
}

// Counted and logged, once.
void Session::endExchange(bool complete) {
  if (!current_ || current_->ended) return;
  Current& it = *current_;
  it.ended = true;
  Metrics& metrics = owner_.worker().metrics();
  metrics.add(Metric::kBytesFromUpstreams, it.writer.sent());
  metrics.add(Metric::kBytesFromClients, it.body ? it.body->taken() : 0);
  metrics.add(Metric::kBytesSpliced, it.body ? it.body->spliced() : 0);
  it.log(owner_, *this, complete);
}

// The answer ends before its end: the client must not take it for a whole one.
void Session::truncated() {
  finish(current_->untilEnd ? Metric::kSessionsReset : Metric::kSessionsDone);
}

// To the relay, say.
void Session::handOver() {
  watcher_.stop();
  deadline_.clear();
  state_ = State::kFinished;
  std::unique_ptr<Current> current = std::move(current_);
  owner_.release(*this);  // first, for whoever takes over may be the last session of a drain
  current->answer->takeOver(std::move(fd_), std::string(input_.bytes()));
  owner_.worker().loop().destroyLater(std::move(current));
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
  auto& room = owner_.workspace().message;
  const ssize_t got = recv(fd_.get(), room.data(), room.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
  if (got <= 0) return finish(Metric::kSessionsDone);
  if (monotonicNow() >= lingerEnds_) return finish(Metric::kSessionsDone);
  wait(kLingerTime);
}

// `why` is the metric that counts it. An end in order is one that the client can tell from the
// messages, or that comes between two of them.
void Session::finish(Metric why) {
  if (state_ == State::kFinished) return;
  state_ = State::kFinished;
  watcher_.stop();
  deadline_.clear();
  endExchange(false);
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
  if (!current_ || current_->inHandler) return;
  if (current_->answer) current_->answer->cancel();
  owner_.worker().loop().destroyLater(std::move(current_));
}

void Session::onDeadline() {
  if (!deadline_.due<&Session::onDeadline>(owner_.worker().loop(), this)) return;
  if (looking_ && (state_ == State::kAnswering || state_ == State::kSending)) return look();
  switch (state_) {
    case State::kIdle:
      return finish(Metric::kSessionsIdle);
    case State::kHead:
      return refuse(http::Problem::kHeadTimeout);
    case State::kAnswering:
    case State::kSending:
      return checkPace();
    case State::kLingering:
      return finish(Metric::kSessionsDone);
    case State::kFinished:
      return;
  }
}

void Session::wait(milliseconds time) {
  deadline_.set<&Session::onDeadline>(owner_.worker().loop(), std::max(time, milliseconds(0)),
                                      this);
}

void Session::watch(bool read, bool write) {
  if (state_ == State::kFinished || (read == reading_ && write == writing_)) return;
  reading_ = read;
  writing_ = write;
  if (!watcher_.want(read, write)) return finish(Metric::kSessionsExhausted);
  if (!read && !write && (state_ == State::kAnswering || state_ == State::kSending)) lookSoon();
}

http::ResponseRules Session::rules(bool keepAlive) const {
  return {.clientVersion = current_->parsed ? request().version : http::Version::k11,
          .keepAlive = keepAlive,
          .via = owner_.settings().forward.via,
          .date = owner_.date()};
}

// A body that was not read to its end may stand in front of the next request.
bool Session::mayKeepAlive() const noexcept {
  const std::uint32_t most = owner_.settings().keepAliveRequests;
  const bool bodyLeft = current_->body && !current_->body->complete();
  return framing().keepAlive && !draining_ && !bodyLeft && (most == 0 || requests_ < most);
}

void Session::Current::log(Sessions& owner, const Session& session, bool complete) const {
  if (owner.log() == nullptr || (!parsed && status == 0)) return;
  AccessEntry entry;
  entry.client = session.peer_.isPath() ? "-" : std::string_view(session.address_);
  if (parsed) {
    const http::RequestHead& head = parser->head();
    entry.method = head.method;
    entry.target = head.target;
    entry.version = versionText(head.version);
    entry.host = http::find(head.fields, http::Name::kHost).value_or("");
    entry.referer = http::find(head.fields, http::Name::kReferer).value_or("");
    entry.userAgent = http::find(head.fields, http::Name::kUserAgent).value_or("");
  }
  entry.status = status;
  entry.sent = writer.sent();
  entry.received = body ? body->taken() : 0;
  entry.milliseconds = (monotonicNow() - began).count();
  entry.complete = complete;
  entry.reused = session.requests_ > 1;
  entry.notes = notes;
  owner.log()->write(entry);
}

}  // namespace proxy::http1
