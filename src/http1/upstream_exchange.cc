#include "http1/upstream_exchange.h"

#include <cerrno>
#include <variant>

#include "socksplice/socket_io.h"

namespace proxy::http1 {

namespace {

// Bytes of one request before the others have their turn.
constexpr std::size_t kShare = std::size_t{1024} * 1024;

// Of an answer: a whole small one, or the beginning of a large one, which then is moved.
constexpr std::size_t kFirstRead = std::size_t{16} * 1024;

bool hasBody(const http::BodyLength& length) {
  const auto* sized = std::get_if<http::SizedBody>(&length);
  return sized != nullptr ? sized->size > 0 : !std::holds_alternative<http::NoBody>(length);
}

}  // namespace

UpstreamExchange::UpstreamExchange(socksplice::Pools& pools, Workspace& workspace, Parsers& parsers,
                                   std::size_t headBytes, Owner& owner)
    : pools_(pools),
      headBytes_(headBytes),
      owner_(owner),
      writer_(pools, workspace),
      input_(pools.buffers(), kFirstRead),
      parser_(parsers) {}

void UpstreamExchange::start(Connection& connection, std::string_view method, std::string_view head,
                             http::Body* body, bool chunked) {
  writer_.clear();
  input_.clear();
  body_.reset();
  sendError_ = 0;
  silent_ = true;
  answered_ = keepAlive_ = unwatched_ = false;
  connection_ = &connection;
  connection_->use(this);
  connection_->countExchange();
  method_ = method;
  parser_->reset(method);
  requestBody_ = body;
  if (body != nullptr) body->attach(this);
  writer_.begin(head, body, chunked);
  if (!connection_->want(true, false)) return noAnswer(http::Problem::kUnavailable);
  advanceRequest();
}

void UpstreamExchange::detach() noexcept {
  if (connection_ == nullptr) return;
  connection_->use(nullptr);
  connection_ = nullptr;
  if (requestBody_ != nullptr) requestBody_->attach(nullptr);
}

bool UpstreamExchange::reusable() const noexcept {
  const bool answerComplete = answered_ && (!body_ || body_->complete());
  return answerComplete && keepAlive_ && writer_.waits() == http::Body::Wait::kEnd &&
         input_.empty() && !input_.hasLater();
}

void UpstreamExchange::onConnection(Ready ready) {
  const Connection* const mine = connection_;
  if (ready.writable && !writer_.over()) advanceRequest();
  if (!ready.readable || connection_ != mine) return;
  owner_.onProgress();
  if (!answered_) return readHead();
  if (body_ && body_->waiting()) return body_->sourceReady();
  // Nobody asks for more just now.
  if (!connection_->want(false, connection_->wantsWrite())) noAnswer(http::Problem::kUnavailable);
}

void UpstreamExchange::readHead() {
  const ssize_t got = input_.fill(connection_->fd(), headBytes_ + kFirstRead);
  if (got < 0 && socksplice::wouldBlock(errno)) return;
  if (got <= 0) return noAnswer(http::Problem::kConnectionTerminated);
  silent_ = false;
  while (!input_.empty() && parseHeads()) {
  }
}

// One head; whether another may follow it.
bool UpstreamExchange::parseHeads() {
  switch (parser_->parse(input_.bytes())) {
    case http::Parsed::kMore:
      return false;
    case http::Parsed::kRefused:
      noAnswer(parser_->problem());
      return false;
    case http::Parsed::kDone:
      break;
  }
  const http::ResponseHead& head = parser_->head();
  input_.use(parser_->headSize());
  if (head.status < 200 && head.status != 101) {
    owner_.onInterim(head);
    if (connection_ == nullptr) return false;
    parser_->reset(method_);
    return true;
  }
  answered_ = true;
  const http::ResponseFraming& framing = parser_->framing();
  keepAlive_ = framing.keepAlive;
  if (hasBody(framing.body)) {
    IncomingBody::Source& source = *this;
    body_.emplace(pools_, source, input_, connection_->fd(), framing.body);
    body_->releaseInput();
    if (sendError_ != 0) body_->sourceFailed(sendError_);
  }
  owner_.onAnswer(head, framing);
  return false;
}

void UpstreamExchange::bodyReady() {
  if (connection_ != nullptr) advanceRequest();
}

void UpstreamExchange::advanceRequest() {
  if (writer_.over()) return;
  const auto waits = writer_.advance(connection_->fd(), kShare);
  if (connection_ == nullptr) return;
  owner_.onProgress();
  const bool write = waits == http::Body::Wait::kTarget || waits == http::Body::Wait::kNothing;
  if (!connection_->want(connection_->wantsRead(), write)) {
    return noAnswer(http::Problem::kUnavailable);
  }
  // Where the upstream takes no more, it may have answered nevertheless.
  if (waits == http::Body::Wait::kTargetFailed) {
    sendError_ = writer_.error();
    if (body_) body_->sourceFailed(sendError_);
  }
  if (waits == http::Body::Wait::kFailed) noAnswer(http::Problem::kBadRequest);
}

// Whoever reads the body is in the middle of it, and so is told in a turn of its own.
void UpstreamExchange::bodyWaits() {
  if (connection_ == nullptr) return;
  if (connection_->want(true, connection_->wantsWrite())) return owner_.onProgress();
  unwatched_ = true;
  connection_->expect(milliseconds(0));
}

void UpstreamExchange::onConnectionLate() {
  if (unwatched_) return noAnswer(http::Problem::kUnavailable);
  owner_.onLate();
}

void UpstreamExchange::bodyOver() { owner_.onBodyOver(); }

void UpstreamExchange::noAnswer(http::Problem problem) { owner_.onNoAnswer(problem); }

}  // namespace proxy::http1
