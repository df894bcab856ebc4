// An HTTP/1 message as a test sees it, and the strictest reader of such: what is not exactly as RFC
// 9112 says it should be written is an exception, never repaired.
#pragma once

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "e2e/support/peer.h"

namespace e2e {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

/// The stream ended within a head, or before one that had to come.
struct CutOff : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class HttpFraming { kNone, kSized, kChunked, kUntilEnd };

struct HttpMessage {
  std::string head;   ///< as it came, its empty line included
  std::string start;  ///< its first line
  HttpFields fields;
  HttpFraming framing = HttpFraming::kNone;
  std::string body;
  std::size_t chunks = 0;
  HttpFields trailers;
  std::string flaw;  ///< why the body is not complete; empty: it is

  [[nodiscard]] bool complete() const { return flaw.empty(); }
  /// All values of a field, with ", " between them; empty if there is none.
  [[nodiscard]] std::string value(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return count(name) > 0; }
  [[nodiscard]] std::size_t count(std::string_view name) const;
};

struct HttpRequest : HttpMessage {
  std::string method;
  std::string target;
  std::string version;
};

struct HttpAnswer : HttpMessage {
  int status = 0;
  std::string version;
  std::string reason;
  std::vector<HttpAnswer> interim;  ///< 1xx that came before it
};

/// One side of a connection that speaks HTTP/1. Bytes are sent as the test says; they are read as
/// messages. One thread may send while another one reads.
class HttpStream {
 public:
  explicit HttpStream(Peer peer) : peer_(std::move(peer)) {}

  [[nodiscard]] Peer& peer() { return peer_; }

  void send(std::string_view bytes) { peer_.send(bytes); }
  /// Piece by piece, each acknowledged before the next.
  void dribble(std::string_view bytes, std::size_t piece);

  void endWriting() { peer_.endWriting(); }
  void reset() { peer_.reset(); }
  void close() { peer_.close(); }

  /// So many bytes that are not HTTP.
  std::string receive(std::size_t count);
  /// Everything until the end.
  Peer::Rest rest();
  /// The other side ends in order, and says nothing before.
  void expectEnd();
  /// The other side is silent for so long.
  [[nodiscard]] bool isSilentFor(milliseconds time) const;

  /// The next head; nothing if the stream ends before its first byte.
  std::optional<HttpMessage> readHead();
  /// The body of `message`, as its framing says.
  void readBody(HttpMessage& message);

 protected:
  /// At the stream's end: 0, or the errno that it ended with.
  [[nodiscard]] int error() const { return error_; }

 private:
  bool fill();
  bool fillTo(std::size_t bytes);
  [[nodiscard]] std::string_view buffered() const { return std::string_view(buffer_).substr(at_); }
  std::string take(std::size_t bytes);
  std::optional<std::string> takeLine();
  void readSized(HttpMessage& message, std::size_t size);
  void readChunks(HttpMessage& message);
  void readUntilEnd(HttpMessage& message);
  [[nodiscard]] std::string howItEnded() const;

  Peer peer_;
  std::string buffer_;
  std::size_t at_ = 0;  // what is before it was used
  bool ended_ = false;
  int error_ = 0;
};

/// Fields from lines that end with CR LF.
HttpFields parseFields(std::string_view lines);
/// What a body is framed by; `isAnswer`: without either field it goes on until the end.
HttpFraming framingOf(const HttpMessage& message, bool isAnswer);

/// A body in chunks of `chunk` bytes, with the last one and a trailer section.
std::string chunked(std::string_view body, std::size_t chunk, std::string_view trailers = {});

}  // namespace e2e
