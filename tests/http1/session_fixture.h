// The vocabulary of the sessions' tests: a client, its session, and a handler that the test plays;
// the loop is run by the test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "fake_handler.h"
#include "http1/sessions.h"
#include "spoken.h"
#include "support/lane.h"
#include "support/loop_run.h"
#include "support/pattern.h"
#include "support/peer.h"
#include "support/signal_disposition.h"

namespace proxy::http1 {

inline constexpr std::size_t kMega = std::size_t{1024} * 1024;
inline constexpr int kTiny = 16 * 1024;
// A time that comes soon, and one that does not come in a test.
inline constexpr milliseconds kSoon{20};
inline constexpr milliseconds kNever{3'600'000};

// What a client says

inline const std::string kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
inline const std::string kPostChunks =
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

inline std::string get(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}
inline std::string post(std::size_t size) {
  return "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
}

// What a handler does

inline void hello(Asked& it) { it.respond(200, "hello"); }
inline void itsTarget(Asked& it) { it.respond(200, it.target); }
inline void takeBody(Asked& it) { it.upload.begin(it.exchange->body()); }
inline FakeHandler::Reaction large(std::size_t size) {
  // Made here: it takes a sanitized build so long that a client's time might be over.
  return [text = support::pattern(size)](Asked& it) {
    it.body.reads(text);
    it.respondWith(http::SizedBody{text.size()});
  };
}
inline FakeHandler::Reaction takeBodyAnd(FakeHandler::Reaction then) {
  return [then = std::move(then)](Asked& it) {
    takeBody(it);
    then(it);
  };
}

/// Entries of the access log, kept.
class Log final : public AccessLog {
 public:
  struct Entry {
    std::string method;
    std::string target;
    int status;
    std::uint64_t sent;
    std::uint64_t bodySent;
    std::uint64_t received;
    bool complete;
    std::string error;
    bool reused;
  };
  void write(const AccessEntry& it) override {
    entries.push_back({.method = std::string(it.method),
                       .target = std::string(it.target),
                       .status = it.status,
                       .sent = it.sent,
                       .bodySent = it.bodySent,
                       .received = it.received,
                       .complete = it.complete,
                       .error = std::string(it.error),
                       .reused = it.reused});
  }
  std::vector<Entry> entries;
};

class SessionFixture : public testing::TestWithParam<support::Lane> {
 protected:
  SessionFixture() {
    settings_.headTimeout = settings_.keepAliveTimeout = settings_.bodyTimeout = kNever;
  }
  ~SessionFixture() override {
    if (!sessions_) return;
    sessions_->abort();
    runTurns(1);
  }

  /// Comes as from the acceptor.
  void clientComes(int bufferSize = 0, int segment = 0) {
    auto [near, far] = support::tcpPair(bufferSize, segment);
    client_ = support::Peer(std::move(far));
    serve(std::move(near), Address::boundTo(client_.fd()));
  }
  void serve(socksplice::UniqueFd socket, const Address& peer) {
    if (!sessions_) sessions_ = std::make_unique<Sessions>(worker_, settings_, handler_, &log_);
    sessions_->serve({.socket = std::move(socket), .peer = peer});
  }
  support::Peer& clientSays(std::string_view text) {
    clientComes();
    return client_.say(text);
  }
  void clientLeaves() {
    client_.thenEnd();
    runUntilOver();
  }
  void answerWith(FakeHandler::Reaction reaction) { handler_.react = std::move(reaction); }

  void runUntil(const std::function<bool()>& holds) {
    ASSERT_TRUE(support::runUntil(worker_.loop(),
                                  [&] {
                                    client_.work();
                                    return holds();
                                  }))
        << "it hangs; heard so far: " << client_.heard().substr(0, 2000);
  }
  void runTurns(int count) {
    runUntil([&] { return --count < 0; });
  }
  /// To show that a time of the session does not run: nothing else is proved by it.
  void runFor(milliseconds time) {
    const milliseconds until = monotonicNow() + time;
    runUntil([&] { return monotonicNow() > until; });
  }
  void runUntilAsked(std::size_t times = 1) {
    runUntil([&] { return handler_.count() >= times; });
    ASSERT_GE(handler_.count(), times);
  }
  void runUntilAnswered(std::size_t times = 1) {
    runUntil([&] {
      const auto all = answers();
      return all.size() >= times && all[times - 1].whole;
    });
    ASSERT_GE(answers().size(), times);
  }
  /// The client has heard the end, says so, and nothing is left.
  void runUntilOver() {
    runUntil([&] { return client_.fd() < 0 || client_.over(); });
    if (client_.fd() >= 0) client_.thenEnd();
    runUntil([&] { return sessions_->size() == 0; });
    runTurns(1);
    expectNothingLeft();
  }
  void expectNothingLeft() {
    EXPECT_EQ(0U, worker_.pools().buffers().lentBytes());
    EXPECT_EQ(0U, worker_.pools().pipes().lent());
    for (std::size_t i = 0; i < handler_.count(); ++i) {
      EXPECT_GE(handler_.at(i).cancels, 1) << "exchange " << i;
      EXPECT_TRUE(handler_.at(i).destroyed) << "exchange " << i;
    }
  }

  std::vector<Message> answers() const { return spoken(client_.heard()); }
  Asked& asked(std::size_t index = 0) { return handler_.at(index); }
  std::uint64_t read(Metric metric) { return worker_.metrics().read(metric); }

  const support::SignalDisposition ignored_{SIGPIPE, SIG_IGN};
  FakeHandler handler_;
  Log log_;
  Settings settings_;
  Worker worker_{0, {.method = {}, .pools = {.lane = GetParam()}}};
  std::unique_ptr<Sessions> sessions_;
  support::Peer client_;
};

}  // namespace proxy::http1
