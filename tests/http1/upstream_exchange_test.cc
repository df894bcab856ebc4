#include "http1/upstream_exchange.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/event_loop.h"
#include "scripted_body.h"
#include "spoken.h"
#include "support/lane.h"
#include "support/loop_run.h"
#include "support/pattern.h"
#include "support/peer.h"
#include "support/refused_watches.h"
#include "support/signal_disposition.h"
#include "swallow.h"

namespace proxy::http1 {
namespace {

using http::Problem;
using support::pattern;
using support::same;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t kMega = std::size_t{1024} * 1024;
constexpr int kTiny = 16 * 1024;

const std::string kHead = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

// What the exchange told its owner.
struct Told final : UpstreamExchange::Owner {
  void onInterim(const http::ResponseHead& head) override {
    interims.push_back(head.status);
    if (atInterim) atInterim();
  }
  void onAnswer(const http::ResponseHead& head, const http::ResponseFraming& framing) override {
    status = head.status;
    reason = head.reason;
    length = framing.body;
    if (atAnswer) atAnswer();
  }
  void onNoAnswer(Problem why) override { problems.push_back(why); }
  void onBodyOver() override { ++over; }
  void onProgress() override { ++progress; }
  void onLate() override { ++late; }

  std::vector<int> interims;
  int status = 0;
  std::string reason;
  http::BodyLength length;
  std::vector<Problem> problems;
  int over = 0;
  int progress = 0;
  int late = 0;
  std::function<void()> atInterim;
  std::function<void()> atAnswer;
};

class UpstreamExchangeTest : public testing::TestWithParam<support::Lane> {
 protected:
  UpstreamExchangeTest() { connect(); }

  void connect(int bufferSize = 0) {
    if (exchange_) exchange_->detach();
    auto [near, far] = support::tcpPair(bufferSize);
    upstream_ = support::Peer(std::move(far));
    connection_ = std::make_unique<Connection>(loop_, std::move(near), Address());
    told_ = {};
    told_.atAnswer = [this] {
      download_ = std::make_unique<Swallow>();
      download_->begin(exchange_->body());
    };
    exchange_.emplace(pools_, workspace_, parsers_, http::HeadLimits().bytes, told_);
  }
  void ask(std::string_view method = "GET", http::Body* body = nullptr, bool chunked = false) {
    exchange_->start(*connection_, method, kHead, body, chunked);
  }
  void runUntil(const std::function<bool()>& holds) {
    ASSERT_TRUE(support::runUntil(loop_, [&] {
      upstream_.work();
      return holds();
    })) << "it hangs";
  }
  void runTurns(int count) {
    runUntil([&] { return --count < 0; });
  }
  void runUntilAnswered() {
    runUntil([&] { return told_.status != 0; });
  }

  const support::SignalDisposition ignored_{SIGPIPE, SIG_IGN};
  EventLoop loop_;
  socksplice::Pools pools_{{.lane = GetParam()}};
  Workspace workspace_;
  UpstreamExchange::Parsers parsers_{http::HeadLimits()};
  support::Peer upstream_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Swallow> download_;
  Told told_;
  std::optional<UpstreamExchange> exchange_;
};

INSTANTIATE_TEST_SUITE_P(Lanes, UpstreamExchangeTest, testing::ValuesIn(support::lanes()),
                         support::laneName);

TEST_P(UpstreamExchangeTest, AsksAndIsAnswered) {
  ask();
  EXPECT_EQ(1U, connection_->exchanges());
  runUntil([&] { return upstream_.heard() == kHead; });
  EXPECT_TRUE(exchange_->silent());
  EXPECT_FALSE(exchange_->reusable());
  upstream_.say("HTTP/1.1 200 Fine\r\nContent-Length: 5\r\n\r\nhello");
  runUntilAnswered();
  EXPECT_FALSE(exchange_->silent());
  EXPECT_EQ(200, told_.status);
  EXPECT_EQ("Fine", told_.reason);
  EXPECT_EQ("hello", download_->got());
  EXPECT_EQ(1, told_.over);
  EXPECT_TRUE(exchange_->reusable());
  EXPECT_EQ(0U, pools_.buffers().lentBytes());
  exchange_->detach();
  exchange_->detach();
  EXPECT_THAT(told_.problems, IsEmpty());
}

TEST_P(UpstreamExchangeTest, TakesAnAnswerThatComesByteForByte) {
  ask();
  const std::string answer =
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
      "chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n";
  for (const char byte : answer) {
    EXPECT_FALSE(exchange_->reusable());
    upstream_.say({&byte, 1});
    runUntil([&] { return upstream_.saidAll(); });
    runTurns(1);
  }
  runUntil([&] { return download_ && download_->ended(); });
  EXPECT_THAT(told_.interims, ElementsAre(103));
  EXPECT_EQ("hello", download_->got());
  EXPECT_EQ(1U, exchange_->body()->trailers().size());
  EXPECT_TRUE(exchange_->reusable());
}

TEST_P(UpstreamExchangeTest, TakesManyInterimHeadsInOnePiece) {
  std::string news;
  for (int i = 0; i < 2000; ++i) news += "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
  ask();
  upstream_.say("HTTP/1.1 100 Continue\r\n\r\n" + news + "HTTP/1.1 204 No Content\r\n\r\n");
  runUntilAnswered();
  EXPECT_EQ(2001U, told_.interims.size());
  EXPECT_EQ(100, told_.interims.front());
  EXPECT_EQ(204, told_.status);
  EXPECT_EQ(nullptr, exchange_->body());
  EXPECT_TRUE(exchange_->reusable());
}

TEST_P(UpstreamExchangeTest, MayBeLetGoWithinAnyCall) {
  ask();
  told_.atInterim = [&] { exchange_->detach(); };
  upstream_.say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  runUntil([&] { return !told_.interims.empty(); });
  runTurns(5);
  EXPECT_EQ(0, told_.status);

  connect();
  told_.atAnswer = [&] { exchange_->detach(); };
  ask();
  upstream_.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  runUntilAnswered();
  upstream_.thenEnd();
  runTurns(5);
  EXPECT_THAT(told_.problems, IsEmpty());
}

TEST_P(UpstreamExchangeTest, KnowsWhetherTheConnectionCanCarryAnother) {
  struct Row {
    std::string method;
    std::string answer;
    bool reusable;
  };
  const Row rows[] = {
      {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true},
      {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
      {"GET", "HTTP/1.1 204 No Content\r\n\r\n", true},
      {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", true},
      {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true},
      {"HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true},
      {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", true},
      {"GET", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", false},
      {"GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", true},
      {"GET", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", false},
      // Bytes that nobody asked for stand behind the answer.
      {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello!", false},
      {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n!", false},
      {"GET", "HTTP/1.1 204 No Content\r\n\r\n!", false},
      {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false},
      {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello", false},
      {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n!", false},
  };
  for (const Row& row : rows) {
    for (const bool headAlone : {false, true}) {
      SCOPED_TRACE(row.answer + (headAlone ? " in two" : ""));
      connect();
      ask(row.method);
      const std::size_t end = row.answer.find("\r\n\r\n") + 4;
      upstream_.say(row.answer.substr(0, headAlone ? end : row.answer.npos));
      runUntilAnswered();
      if (headAlone) {
        upstream_.say(row.answer.substr(end));
        runUntil([&] { return upstream_.saidAll(); });
      }
      const bool hasBody = exchange_->body() != nullptr;
      if (hasBody) runUntil([&] { return download_->ended(); });
      EXPECT_EQ(hasBody ? 1 : 0, told_.over);
      // What comes behind an answer that is over is found by whoever keeps the connection.
      const bool unseen = headAlone && row.answer.ends_with(hasBody ? "hello!" : "!");
      const bool unseenBody = headAlone && !hasBody && row.answer.ends_with("hello");
      if (!unseen && !unseenBody) {
        EXPECT_EQ(row.reusable, exchange_->reusable());
      }
    }
  }
}

TEST_P(UpstreamExchangeTest, AsksAgainOverTheSameConnection) {
  for (int i = 0; i < 5; ++i) {
    told_.status = 0;
    download_.reset();
    ask();
    upstream_.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    runUntilAnswered();
    runUntil([&] { return download_->ended(); });
    ASSERT_TRUE(exchange_->reusable());
    exchange_->detach();
  }
  EXPECT_EQ(5U, connection_->exchanges());
  EXPECT_EQ(5, told_.over);
}

TEST_P(UpstreamExchangeTest, CarriesLargeBodiesBothWaysAtTheSameTime) {
  for (const bool chunked : {false, true}) {
    connect(kTiny);
    const std::string up = pattern(3 * kMega, 1);
    const std::string down = pattern(3 * kMega, 2);
    ScriptedBody body;
    body.reads(up.substr(0, kMega)).moves(up.substr(kMega));
    ask("POST", &body, chunked);
    upstream_.say("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(down.size()) + "\r\n\r\n" +
                  down);
    runUntilAnswered();
    runUntil([&] {
      return download_->ended() && upstream_.heard().size() >= kHead.size() + up.size() &&
             exchange_->reusable();
    });
    EXPECT_TRUE(same(down, download_->got()));
    if (!chunked) {
      EXPECT_TRUE(same(kHead + up, upstream_.heard()));
    }
    exchange_->detach();
  }
}

TEST_P(UpstreamExchangeTest, IsNotReusableWhileTheRequestIsOnItsWay) {
  ScriptedBody body;
  body.reads("half").pauses().reads("rest");
  ask("POST", &body, false);
  upstream_.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  runUntilAnswered();
  EXPECT_TRUE(download_->ended());
  EXPECT_FALSE(exchange_->reusable());
  body.goOn();
  runUntil([&] { return upstream_.heard() == kHead + "halfrest"; });
  EXPECT_TRUE(exchange_->reusable());
}

TEST_P(UpstreamExchangeTest, SaysWhyThereIsNoAnswer) {
  struct Row {
    std::string said;
    bool ends;
    Problem problem;
    bool silent;
  };
  const Row rows[] = {
      {"", true, Problem::kConnectionTerminated, true},
      {"H", true, Problem::kConnectionTerminated, false},
      {"HTTP/1.1 200 OK\r\nContent-Le", true, Problem::kConnectionTerminated, false},
      {"HTTP/1.1 100 Continue\r\n\r\n", true, Problem::kConnectionTerminated, false},
      {"nonsense\r\n\r\n", false, Problem::kResponseMalformed, false},
      {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", false, Problem::kResponseMalformed, false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", false,
       Problem::kResponseMalformed, false},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(60'000, 'x') + "\r\n\r\n", false,
       Problem::kResponseTooLarge, false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.said.substr(0, 60));
    connect();
    ask();
    upstream_.say(row.said);
    if (row.ends) upstream_.thenEnd();
    runUntil([&] { return !told_.problems.empty(); });
    EXPECT_EQ(row.problem, told_.problems.front());
    EXPECT_EQ(row.silent, exchange_->silent());
    EXPECT_EQ(0, told_.status);
    EXPECT_FALSE(exchange_->reusable());
    exchange_->detach();
  }
}

TEST_P(UpstreamExchangeTest, AnAnswerThatEndsTooEarlyFails) {
  for (const char* head : {"Content-Length: 100", "Transfer-Encoding: chunked"}) {
    connect();
    ask();
    upstream_.say(std::string("HTTP/1.1 200 OK\r\n") + head + "\r\n\r\n").thenEnd();
    runUntilAnswered();
    runUntil([&] { return download_->failed(); });
    EXPECT_EQ(1, told_.over);
    EXPECT_FALSE(exchange_->reusable());
  }
}

TEST_P(UpstreamExchangeTest, AnAnswerUntilTheEndEndsThere) {
  ask();
  upstream_.say("HTTP/1.1 200 OK\r\n\r\n" + pattern(100'000)).thenEnd();
  runUntilAnswered();
  runUntil([&] { return download_->ended(); });
  EXPECT_TRUE(same(pattern(100'000), download_->got()));
  EXPECT_FALSE(exchange_->reusable());
}

TEST_P(UpstreamExchangeTest, AnAnswerOfAnUpstreamThatTakesNoMoreIsPassedOn) {
  // It refuses the upload and closes: what it said before that is an answer.
  connect(kTiny);
  ScriptedBody body;
  body.reads(pattern(8 * kMega));
  ask("POST", &body, false);
  upstream_.listen(false);
  upstream_.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\n\r\nlarge");
  runUntilAnswered();
  EXPECT_EQ(413, told_.status);
  EXPECT_EQ("large", download_->got());
  EXPECT_FALSE(exchange_->reusable());
  EXPECT_GT(body.left(), kMega);
}

TEST_P(UpstreamExchangeTest, AnAnswerUntilTheEndOfAnUpstreamThatResetDuringAnUploadIsNotWhole) {
  for (const bool moved : {false, true}) {
    SCOPED_TRACE(moved ? "moved" : "read");
    connect();
    ScriptedBody body;
    body.pauses();
    const std::string large = pattern(kMega);
    moved ? body.moves(large).moves(large) : body.reads(large).reads(large);
    ask("POST", &body, false);
    upstream_.say("HTTP/1.1 200 OK\r\n\r\npart");
    runUntilAnswered();
    runUntil([&] { return download_->got() == "part"; });
    upstream_.reset();
    // The upload meets the reset first, and the kernel tells it once.
    body.goOn();
    runUntil([&] { return download_->ended() || download_->failed(); });
    EXPECT_TRUE(download_->failed());
    exchange_->detach();
  }
}

TEST_P(UpstreamExchangeTest, ARequestWhoseBodyFailsIsNotSentToItsEnd) {
  ScriptedBody body;
  body.reads("half").fails();
  ask("POST", &body, true);
  runUntil([&] { return !told_.problems.empty(); });
  EXPECT_THAT(told_.problems, ElementsAre(Problem::kBadRequest));
  EXPECT_FALSE(exchange_->reusable());
  runTurns(3);
  EXPECT_FALSE(upstream_.heard().ends_with("0\r\n\r\n"));
}

TEST_P(UpstreamExchangeTest, TellsOfLateness) {
  ask();
  connection_->expect(milliseconds(5));
  runUntil([&] { return told_.late > 0; });
  EXPECT_EQ(1, told_.late);
}

TEST_P(UpstreamExchangeTest, TellsOfProgress) {
  ask();
  const int asked = told_.progress;
  EXPECT_GT(asked, 0);
  upstream_.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
  runUntilAnswered();
  const int answered = told_.progress;
  EXPECT_GT(answered, asked);
  upstream_.say("world");
  runUntil([&] { return download_->ended(); });
  EXPECT_GT(told_.progress, answered);
}

TEST_P(UpstreamExchangeTest, KeepsWhatCameTooEarlyBehindAnUpgrade) {
  ask();
  upstream_.say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nearly");
  runUntilAnswered();
  EXPECT_EQ(101, told_.status);
  EXPECT_EQ("early", exchange_->early());
  EXPECT_EQ(nullptr, exchange_->body());
  EXPECT_FALSE(exchange_->reusable());
}

TEST_P(UpstreamExchangeTest, AnAnswerThatCannotBeWatchedFails) {
  told_.atAnswer = {};
  ask();
  upstream_.say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello");
  runUntilAnswered();
  upstream_.say("world");
  runUntil([&] { return !connection_->wantsRead(); });
  const support::RefusedWatches none;
  download_ = std::make_unique<Swallow>();
  download_->begin(exchange_->body());
  EXPECT_THAT(told_.problems, IsEmpty()) << "the body is being read";
  runUntil([&] { return !told_.problems.empty(); });
  EXPECT_THAT(told_.problems, ElementsAre(Problem::kUnavailable));
  EXPECT_EQ("helloworld", download_->got());
  EXPECT_EQ(0, told_.late);
}

TEST_P(UpstreamExchangeTest, DoesNotReadAnAnswerThatNobodyTakes) {
  connect(kTiny);
  told_.atAnswer = {};
  ask();
  upstream_.say("HTTP/1.1 200 OK\r\nContent-Length: 8388608\r\n\r\n" + pattern(8 * kMega));
  runUntilAnswered();
  std::size_t said = 0;
  int still = 0;
  runUntil([&] {
    still = upstream_.said() == said ? still + 1 : 0;
    said = upstream_.said();
    return still == 200;
  });
  EXPECT_LT(said, kMega);
  const int progress = told_.progress;
  runTurns(20);
  EXPECT_EQ(progress, told_.progress) << "it turns in circles";
  download_ = std::make_unique<Swallow>();
  download_->begin(exchange_->body());
  runUntil([&] { return download_->ended(); });
  EXPECT_TRUE(same(pattern(8 * kMega), download_->got()));
}

}  // namespace
}  // namespace proxy::http1
