// An upstream whose every byte the test decides: either the test accepts its connections and plays
// it step by step, or a script does in a thread for each connection. With a script it outlives the
// proxy, whose end is what ends the scripts.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "e2e/support/http_message.h"
#include "e2e/support/listener.h"

namespace e2e {

class UpstreamConnection : public HttpStream {
 public:
  explicit UpstreamConnection(Peer peer) : HttpStream(std::move(peer)) {}

  /// The next request with its body; nothing if the proxy ended the connection instead. It may be
  /// cut short: see its flaw.
  std::optional<HttpRequest> request();

  /// Its head alone; readBody() is the test's.
  std::optional<HttpRequest> requestHead();
};

class HttpUpstream {
 public:
  using Script = std::function<void(UpstreamConnection&)>;
  using Answer = std::function<std::string(const HttpRequest&)>;

  HttpUpstream() = default;
  HttpUpstream(const HttpUpstream&) = delete;
  HttpUpstream& operator=(const HttpUpstream&) = delete;
  ~HttpUpstream();

  [[nodiscard]] std::string address() const { return listener_.address(); }

  /// The test plays it: waits for the next connection.
  UpstreamConnection accept() { return UpstreamConnection(listener_.accept()); }
  /// Nobody waits to be accepted.
  [[nodiscard]] bool isAlone() const { return listener_.isAloneFor(milliseconds(0)); }

  /// From now on `script` plays every connection; when it returns the connection is closed.
  void play(Script script);
  /// A script that answers every request, and keeps the connection.
  void answerEach(Answer answer);
  /// The same, and whoever expects a 100 gets it.
  void welcomeEach(Answer answer);

  /// What the scripts of these two have got, in order. Any thread.
  [[nodiscard]] std::vector<HttpRequest> requests() const;
  /// Connections that were accepted for a script. Any thread.
  [[nodiscard]] std::size_t connections() const;

 private:
  struct Played {
    UpstreamConnection connection;
    std::thread thread;
  };

  void playAnswers(Answer answer, bool welcomes);
  void acceptAll(const Script& script);
  void serve(UpstreamConnection& connection, const Script& script);

  Listener listener_;
  socksplice::UniqueFd stop_;
  mutable std::mutex mutex_;
  std::list<Played> played_;           // guarded by mutex_
  std::vector<HttpRequest> requests_;  // guarded by mutex_
  std::thread thread_;
};

/// 200 with a body of a known length.
std::string ok(std::string_view body, std::string_view moreFields = {});

}  // namespace e2e
