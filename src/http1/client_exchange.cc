#include "http1/client_exchange.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <utility>
#include <variant>

#include "http1/session.h"
#include "http1/sessions.h"
#include "net/socket.h"
#include "socksplice/relay.h"
#include "socksplice/socket_io.h"

namespace proxy::http1 {

namespace {

// Bytes of one answer before the others have their turn.
constexpr std::size_t kShare = std::size_t{1024} * 1024;

// How often a client that is not watched is asked whether it is still there.
constexpr milliseconds kLook{1000};

// Of Proxy-Status, where Via is off.
constexpr std::string_view kProxyStatusName = "proxy";

// As the sentences of http/problem.
constexpr std::string_view kIncomplete = "The upstream's answer broke off.";

std::string_view versionText(http::Version version) {
  return version == http::Version::k10 ? "HTTP/1.0" : "HTTP/1.1";
}

// What the log shows of a request that is none: enough to recognise it by.
std::string_view firstLine(std::string_view head) {
  constexpr std::size_t kMost = 256;
  return head.substr(0, std::min({head.find('\r'), head.find('\n'), kMost}));
}

}  // namespace

ClientExchange::ClientExchange(Sessions& owner, Session& session, milliseconds now)
    : owner_(owner),
      session_(session),
      began_(now),
      parser_(owner.parsers()),
      writer_(owner.worker().pools(), owner.workspace()) {
  parser_->reset();
}

// kHead

http::Parsed ClientExchange::parse(std::string_view head) {
  const http::Parsed parsed = parser_->parse(head);
  parsed_ = parsed == http::Parsed::kDone;
  return parsed;
}

void ClientExchange::serve() {
  state_ = State::kAnswering;
  const auto target = http::parseTarget(request().method, request().target);
  if (!target) return refuse(http::Problem::kBadRequest);
  target_ = *target;

  const auto* sized = std::get_if<http::SizedBody>(&framing().body);
  const std::uint64_t most = owner_.settings().maxBody;
  if (sized != nullptr && most != 0 && sized->size > most) {
    return refuse(http::Problem::kBodyTooLarge);
  }
  if ((sized != nullptr && sized->size > 0) ||
      std::holds_alternative<http::ChunkedBody>(framing().body)) {
    IncomingBody::Source& source = *this;
    body_.emplace(owner_.worker().pools(), source, session_.input(), session_.socket(),
                  framing().body);
    body_->refuseBeyond(most);
  }
  inHandler_ = true;
  auto answer = owner_.handler().answer(*this);
  inHandler_ = false;
  answer_ = std::move(answer);
  if (state_ == State::kSending) advance();
}

// kAnswering

const http::RequestHead& ClientExchange::request() const noexcept { return parser_->head(); }
const http::Target& ClientExchange::target() const noexcept { return target_; }
const http::RequestFraming& ClientExchange::framing() const noexcept { return parser_->framing(); }
http::Body* ClientExchange::body() noexcept { return body_ ? &*body_ : nullptr; }
http::Notes& ClientExchange::notes() noexcept { return notes_; }

http::ClientSide ClientExchange::client() const noexcept {
  return {.address = session_.address(),
          .isV6 = session_.peer().family() == AF_INET6,
          .scheme = "http"};
}

void ClientExchange::inform(const http::ResponseHead& head) {
  // One that a slow client has not taken is enough: they are news, and not the answer.
  if (state_ != State::kAnswering || request().version == http::Version::k10) return;
  const bool awaited = head.status == 100 && framing().expectsContinue;
  if (!writer_.over() && (!awaited || continued_)) return;
  continued_ |= awaited;
  std::string& text = owner_.workspace().head;
  text.clear();
  http::appendResponse(text, head, http::NoBody{}, request().method, rules(true));
  headsSize_ += text.size();
  writer_.begin(text, nullptr, false);
  advance();
}

void ClientExchange::respond(const http::ResponseHead& head, const http::BodyLength& length,
                             http::Body* body) {
  if (state_ != State::kAnswering) return;
  const bool old = request().version == http::Version::k10;
  const bool unsized = std::holds_alternative<http::ChunkedBody>(length) ||
                       std::holds_alternative<http::BodyUntilEnd>(length);
  untilEnd_ = body != nullptr && unsized && old;
  keepAlive_ = mayKeepAlive() && !untilEnd_;
  http::BodyLength framed = length;
  if (unsized) framed = old ? http::BodyLength(http::BodyUntilEnd{}) : http::ChunkedBody{};

  std::string& text = owner_.workspace().head;
  text.clear();
  http::appendResponse(text, head, framed, request().method, rules(keepAlive_));
  begin(head.status, body, unsized && !old);
}

void ClientExchange::upgrade(const http::ResponseHead& head) {
  if (state_ != State::kAnswering) return;
  auto how = rules(true);
  how.upgrade = head.status == 101;
  std::string& text = owner_.workspace().head;
  text.clear();
  http::appendResponse(text, head, http::NoBody{}, request().method, how);
  upgrading_ = true;
  begin(head.status, nullptr, false);
}

void ClientExchange::fail(http::Problem problem) {
  if (state_ == State::kAnswering) {
    const bool tooLarge = body_ && body_->tooLarge();
    return refuse(tooLarge ? http::Problem::kBodyTooLarge : problem);
  }
  error_ = http::info(problem).text;
  if (state_ == State::kSending) truncated();
}

void ClientExchange::refuse(http::Problem problem) {
  if (!parsed_) refused_ = firstLine(session_.input().bytes());
  error_ = http::info(problem).text;
  if (answer_) answer_->cancel();  // it goes with the exchange, whose notes are partly its own
  keepAlive_ = state_ == State::kAnswering && mayKeepAlive() && http::info(problem).status >= 500;
  std::string& text = owner_.workspace().head;
  text.clear();
  auto how = rules(keepAlive_);
  if (how.via.empty()) how.via = kProxyStatusName;
  http::appendProblem(text, problem, parsed_ ? request().method : "GET", how);
  headsSize_ -= text.size() - (text.find("\r\n\r\n") + 4);  // what stands behind it
  begin(http::info(problem).status, nullptr, false);
}

// The head stands in the workspace.
void ClientExchange::begin(int status, http::Body* body, bool chunked) {
  state_ = State::kSending;
  status_ = status;
  if (body != nullptr) body->attach(this);
  headsSize_ += owner_.workspace().head.size();
  writer_.begin(owner_.workspace().head, body, chunked);
  if (!inHandler_) advance();
}

http::ResponseRules ClientExchange::rules(bool keepAlive) const {
  return {.clientVersion = parsed_ ? request().version : http::Version::k11,
          .keepAlive = keepAlive,
          .via = owner_.settings().forward.via,
          .date = owner_.date()};
}

// A body that was not read to its end may stand in front of the next request. Behind a CONNECT that
// was refused, what comes may have been meant for the tunnel.
bool ClientExchange::mayKeepAlive() const noexcept {
  const bool bodyLeft = body_ && !body_->complete();
  const bool tunnel = request().method == "CONNECT";
  return framing().keepAlive && !bodyLeft && !tunnel && session_.mayGoOn();
}

// kAnswering (what informs the client), kSending

void ClientExchange::bodyReady() {
  if (state_ == State::kSending) advance();
}

void ClientExchange::advance() {
  const auto waits = writer_.advance(session_.socket(), kShare);
  if (!underWay()) return;
  switch (waits) {
    case http::Body::Wait::kNothing:
    case http::Body::Wait::kTarget:
      expectClient();
      return watch(session_.reads(), true);
    case http::Body::Wait::kSource:
      expectClient();
      return watch(session_.reads(), false);
    case http::Body::Wait::kEnd:
      if (state_ == State::kSending) return answered();
      expectClient();
      return watch(session_.reads(), false);
    case http::Body::Wait::kFailed:
      return truncated();
    case http::Body::Wait::kTargetFailed:
      return session_.finish(Metric::kSessionsReset);
  }
}

void ClientExchange::answered() {
  end(true);
  if (upgrading_) return session_.handOver();
  session_.answered(keepAlive_ && (!body_ || body_->complete()));
}

// The answer ends before its end: the client must not take it for a whole one.
void ClientExchange::truncated() {
  if (error_.empty()) error_ = kIncomplete;
  session_.finish(untilEnd_ ? Metric::kSessionsReset : Metric::kSessionsDone);
}

// The client's part in it

void ClientExchange::onReady(Ready ready) {
  if (ready.readable) onReadable(ready);
  if (ready.writable && underWay()) advance();
}

// It sends its body, or has something to say while it waits for its answer.
void ClientExchange::onReadable(Ready ready) {
  if (body_ && body_->waiting()) {
    body_->sourceReady();
    // Now it may be the upstream who is waited for.
    if (underWay()) expectClient();
    return;
  }
  if (body_ && !body_->over()) return watch(false, session_.writes());
  std::byte next;
  const ssize_t got = socksplice::peek(session_.socket(), &next, 1);
  if (got < 0 && !socksplice::wouldBlock(errno)) return session_.finish(Metric::kSessionsReset);
  if (got == 0) session_.noteEnd();  // it may still listen
  if (got >= 0 || ready.ended) watch(false, session_.writes());
}

void ClientExchange::bodyWaits() {
  expectClient();
  watch(true, session_.writes());
}

void ClientExchange::bodyOver() { expectClient(); }

void ClientExchange::watch(bool read, bool write) {
  if (read == session_.reads() && write == session_.writes()) return;
  session_.watch(read, write);
  if (!read && !write && underWay()) lookSoon();
}

// It has to send or take enough in time, if we wait for it at all. While a wait goes on nothing is
// done here.
void ClientExchange::expectClient() {
  const bool takes =
      writer_.waits() <= http::Body::Wait::kTarget && writer_.waits() != http::Body::Wait::kSource;
  const bool sends = body_ && body_->waiting() && !awaitsGo();
  if (!takes) taking_.rest();
  if (!sends) sending_.rest();
  if (!takes && !sends) {
    if (!looking_) session_.waitForNothing();
    return;
  }
  if (takes == taking_.waits() && sends == sending_.waits()) return;
  const milliseconds now = monotonicNow();
  const milliseconds ends = now + owner_.settings().bodyTimeout;
  if (takes && !taking_.waits()) taking_.begin(ends, taken());
  if (sends && !sending_.waits()) sending_.begin(ends, body_->taken());
  looking_ = false;
  session_.wait(std::min(taking_.ends(), sending_.ends()) - now);
}

// It waits to be told to go on, which is not for us to say (RFC 9110, 10.1.1).
bool ClientExchange::awaitsGo() const noexcept {
  return framing().expectsContinue && !continued_ && state_ == State::kAnswering &&
         body_->taken() == 0;
}

void ClientExchange::onLate() { looking_ ? look() : checkPace(); }

// A period may be over.
void ClientExchange::checkPace() {
  expectClient();
  const milliseconds now = monotonicNow();
  const bool takes = keepsUp(taking_, taking_.waits() ? taken() : 0, now);
  const bool sends = keepsUp(sending_, body_ ? body_->taken() : 0, now);
  if (takes && sends) {
    if (taking_.waits() || sending_.waits()) {
      session_.wait(std::min(taking_.ends(), sending_.ends()) - now);
    }
    return;
  }
  if (state_ == State::kAnswering) return refuse(http::Problem::kBodyTimeout);
  session_.finish(Metric::kSessionsStalled);
}

bool ClientExchange::keepsUp(Pace& pace, std::uint64_t moved, milliseconds now) const {
  const Settings& settings = owner_.settings();
  return now < pace.ends() || pace.next(now + settings.bodyTimeout, moved, settings.bodyMinimum);
}

// What the client has acknowledged: a socket with a large buffer takes nothing for minutes, and
// then a third of it at once, while its peer takes a little all the time.
std::uint64_t ClientExchange::taken() const noexcept {
  return writer_.sent() - socksplice::unacknowledged(session_.socket());
}

// A client of whom nothing is wanted is not watched, and may have left.
void ClientExchange::look() {
  looking_ = false;
  if (!hasPeer(session_.socket())) return session_.finish(Metric::kSessionsReset);
  if (!session_.reads() && !session_.writes()) lookSoon();
}

void ClientExchange::lookSoon() {
  looking_ = true;
  session_.wait(kLook);
}

// kOver

void ClientExchange::end(bool complete) {
  if (state_ == State::kOver) return;
  state_ = State::kOver;
  Metrics& metrics = owner_.worker().metrics();
  metrics.add(Metric::kBytesFromUpstreams, writer_.sent());
  metrics.add(Metric::kBytesFromClients, body_ ? body_->taken() : 0);
  metrics.add(Metric::kBytesSpliced, body_ ? body_->spliced() : 0);
  log(complete);
}

void ClientExchange::cancel() {
  if (answer_) answer_->cancel();
}

void ClientExchange::takeOver(socksplice::UniqueFd client, std::string early) {
  answer_->takeOver(std::move(client), std::move(early));
}

// An exchange of which nothing was read is none.
void ClientExchange::log(bool complete) const {
  if (owner_.log() == nullptr || (!parsed_ && status_ == 0)) return;
  AccessEntry entry;
  entry.client = session_.peer().isPath() ? "-" : session_.address();
  if (parsed_) {
    const http::RequestHead& head = request();
    entry.method = head.method;
    entry.target = head.target;
    entry.version = versionText(head.version);
    entry.host = http::find(head.fields, http::Name::kHost).value_or("");
    entry.referer = http::find(head.fields, http::Name::kReferer).value_or("");
    entry.userAgent = http::find(head.fields, http::Name::kUserAgent).value_or("");
  }
  if (!parsed_) entry.target = refused_;
  entry.status = status_;
  entry.sent = writer_.sent();
  entry.bodySent = entry.sent - std::min(entry.sent, headsSize_);
  entry.received = body_ ? body_->taken() : 0;
  entry.milliseconds = (monotonicNow() - began_).count();
  entry.complete = complete;
  entry.error = error_;
  entry.reused = session_.requests() > 1;
  entry.notes = notes_;
  owner_.log()->write(entry);
}

bool ClientExchange::underWay() const noexcept {
  return state_ == State::kAnswering || state_ == State::kSending;
}

}  // namespace proxy::http1
