#include "gateway/upstream_answer.h"

#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway_fixture.h"
#include "support/descriptor_limit.h"
#include "support/kernel_refusal.h"
#include "support/pattern.h"
#include "support/refused_watches.h"
#include "support/temporary_directory.h"

namespace proxy::gateway {
namespace {

using support::pattern;
using support::same;
using testing::AnyOf;
using testing::StartsWith;

constexpr std::size_t kMega = std::size_t{1024} * 1024;
constexpr int kTiny = 16 * 1024;

class UpstreamAnswerTest : public GatewayFixture {
 protected:
  /// The next request is asked of `other_`, over a new connection, and answered.
  void exchangeWithOther(const std::string& request) {
    const std::size_t before = answers().size();
    client_.say(request);
    runUntilOtherIsAsked(before);
  }
  void runUntilOtherIsAsked(std::size_t before) {
    support::Peer peer;
    runUntil([&] {
      if (peer.fd() < 0) peer = other_.accept().value_or(support::Peer());
      peer.work();
      return peer.heard().ends_with("\r\n\r\n");
    });
    peer.say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nother");
    runUntil([&] {
      peer.work();
      return answers().size() > before && answers()[before].whole;
    });
    EXPECT_EQ("other", answers().at(before).body);
  }

  support::Upstream other_;
};

INSTANTIATE_TEST_SUITE_P(Lanes, UpstreamAnswerTest, testing::ValuesIn(support::lanes()),
                         support::laneName);

TEST_P(UpstreamAnswerTest, PassesRequestAndAnswerOn) {
  clientComes();
  client_.say(get("/a?b", "X-Mine: 1\r\nConnection: X-Hop\r\nX-Hop: 2\r\n"));
  runUntilAsked();
  const http1::Message request = requests()[0];
  EXPECT_THAT(request.head, StartsWith("GET /a?b HTTP/1.1\r\nHost: h\r\n"));
  EXPECT_TRUE(request.says("X-Mine: 1"));
  EXPECT_FALSE(request.names("X-Hop"));
  EXPECT_TRUE(request.says("Via: 1.1 proxy"));
  EXPECT_TRUE(request.says("X-Forwarded-For: 127.0.0.1"));
  EXPECT_TRUE(request.says("X-Forwarded-Proto: http"));
  upstreams_[0].say("HTTP/1.1 201 Made\r\nContent-Length: 5\r\nX-Yours: 3\r\n\r\nhello");
  runUntilAnswered();
  EXPECT_THAT(answers()[0].head, StartsWith("HTTP/1.1 201 Made\r\n"));
  EXPECT_TRUE(answers()[0].says("X-Yours: 3"));
  EXPECT_EQ("hello", answers()[0].body);
  ASSERT_EQ(1U, log_.entries.size());
  EXPECT_EQ(listening_.address().text(), log_.entries[0].upstream);
  EXPECT_EQ(1, log_.entries[0].attempts);
  EXPECT_FALSE(log_.entries[0].reused);
}

TEST_P(UpstreamAnswerTest, PassesBodiesOnBothWays) {
  for (const std::size_t size : {std::size_t{5}, std::size_t{100'000}, 3 * kMega}) {
    for (const bool chunked : {false, true}) {
      SCOPED_TRACE(testing::Message() << size << (chunked ? " chunked" : ""));
      upstreams_.clear();
      settings_.idleConnections = 0;
      service_.reset();
      const std::string up = pattern(size, 1);
      const std::string down = pattern(size, 2);
      char line[20];
      std::snprintf(line, sizeof line, "%zx\r\n", size);
      const std::string end = "\r\n0\r\n\r\n";
      clientComes(kTiny);
      client_.say(chunked ? "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" +
                                (line + up) + end
                          : post(size) + up);
      runUntilAsked();
      EXPECT_TRUE(same(up, requests()[0].body));
      upstreams_[0].say(
          chunked
              ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + (line + down) + end
              : "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + down);
      runUntilAnswered();
      EXPECT_TRUE(same(down, answers()[0].body));
      client_.thenEnd();
      runUntilOver();
      runTurns(2);
      EXPECT_EQ(0U, worker_.pools().buffers().lentBytes());
      EXPECT_EQ(0U, worker_.pools().pipes().lent());
    }
  }
}

TEST_P(UpstreamAnswerTest, PassesAnswersWithoutABodyOn) {
  struct Row {
    std::string method;
    std::string answer;
    int status;
  };
  const Row rows[] = {
      {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200},
      {"GET", "HTTP/1.1 204 No Content\r\n\r\n", 204},
      {"GET", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n", 304},
      {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200},
  };
  clientComes();
  std::size_t times = 0;
  std::size_t heard = 0;
  for (const Row& row : rows) {
    SCOPED_TRACE(row.answer);
    client_.say(row.method + " / HTTP/1.1\r\nHost: h\r\n\r\n");
    runUntilAsked(0, ++times);
    upstreams_[0].say(row.answer);
    runUntil(
        [&] { return client_.heard().size() > heard && client_.heard().ends_with("\r\n\r\n"); });
    EXPECT_THAT(client_.heard().substr(heard),
                StartsWith("HTTP/1.1 " + std::to_string(row.status)));
    heard = client_.heard().size();
  }
  EXPECT_EQ(1U, upstreams_.size());
}

TEST_P(UpstreamAnswerTest, PassesNewsOn) {
  clientComes();
  client_.say(get("/"));
  runUntilAsked();
  upstreams_[0].say("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
  runUntil([&] { return status() == 103; });
  upstreams_[0].say(kOk);
  runUntilAnswered(2);
  EXPECT_EQ("hello", answers()[1].body);
}

TEST_P(UpstreamAnswerTest, WhoAsksForAnotherSchemeIsMisdirected) {
  struct Row {
    std::string target;
    bool served;
  };
  for (const Row& row :
       {Row{"http://h/", true}, Row{"HTTP://h/", true}, Row{"https://h/", false}}) {
    SCOPED_TRACE(row.target);
    service_.reset();
    upstreams_.clear();
    clientComes();
    client_.say(get(row.target));
    if (row.served) {
      runUntilAsked();
      client_.reset();
      runUntil([&] { return service_->size() == 0; });
    } else {
      runUntilOver();
      EXPECT_EQ(421, status());
      EXPECT_TRUE(upstreams_.empty());
    }
    runTurns(1);
  }
}

TEST_P(UpstreamAnswerTest, WhatMayGoNoFurtherIsAnsweredHere) {
  struct Row {
    std::string method;
    std::string field;
    int status;             // 0: it goes on
    std::string forwarded;  // so
  };
  const Row rows[] = {
      {"OPTIONS", "Max-Forwards: 0", 204, ""},
      {"TRACE", "Max-Forwards: 0", 501, ""},
      {"OPTIONS", "Max-Forwards: x", 400, ""},
      {"TRACE", "Max-Forwards: -1", 400, ""},
      {"OPTIONS", "Max-Forwards: 1", 0, "Max-Forwards: 0"},
      {"TRACE", "Max-Forwards: 1", 0, "Max-Forwards: 0"},
      {"GET", "Max-Forwards: 0", 0, "Max-Forwards: 0"},
      {"GET", "Max-Forwards: x", 0, "Max-Forwards: x"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.method + " " + row.field);
    service_.reset();
    upstreams_.clear();
    clientComes();
    client_.say(row.method + " / HTTP/1.1\r\nHost: h\r\n" + row.field + "\r\n\r\n");
    if (row.status == 0) {
      runUntilAsked();
      EXPECT_TRUE(requests()[0].says(row.forwarded)) << requests()[0].head;
    } else {
      runUntilAnswered();
      EXPECT_EQ(row.status, status());
      EXPECT_TRUE(upstreams_.empty());
    }
    client_.reset();
    runUntil([&] { return service_->size() == 0; });
    runTurns(1);
  }
}

// Connections that wait

TEST_P(UpstreamAnswerTest, UsesAConnectionAgain) {
  clientComes();
  for (std::size_t i = 1; i <= 5; ++i) exchangeOnce(0, i);
  EXPECT_EQ(1U, upstreams_.size());
  EXPECT_EQ(1U, read(Metric::kConnectsTried));
  EXPECT_FALSE(log_.entries.at(0).reused);
  EXPECT_TRUE(log_.entries.at(4).reused);
}

TEST_P(UpstreamAnswerTest, DoesNotUseAConnectionAgainThatMayNotBe) {
  const std::string answers_[] = {
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\nevil",
      "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n\r\nevil",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\nevil",
  };
  clientComes();
  for (std::size_t i = 0; i < std::size(answers_); ++i) {
    SCOPED_TRACE(answers_[i]);
    client_.say(get("/"));
    runUntilAsked(i);
    upstreams_[i].say(answers_[i]);
    runUntilAnswered(i + 1);
    EXPECT_EQ(std::string::npos, client_.heard().find("evil"));
  }
  EXPECT_EQ(std::size(answers_), upstreams_.size());
}

TEST_P(UpstreamAnswerTest, DoesNotUseAConnectionThatEndedMeanwhile) {
  clientComes();
  exchangeOnce();
  upstreams_[0].thenEnd();
  runUntil([&] { return upstreams_[0].heardEnd(); });
  client_.say(post(0));
  runUntilAsked(1);
  upstreams_[1].say(kOk);
  runUntilAnswered(2);
  EXPECT_EQ(1, log_.entries.at(1).attempts);
}

TEST_P(UpstreamAnswerTest, RepeatsWhatMayBeRepeatedOverANewConnection) {
  for (const char* method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}) {
    for (const bool resets : {false, true}) {
      SCOPED_TRACE(testing::Message() << method << (resets ? " resets" : ""));
      service_.reset();
      upstreams_.clear();
      log_.entries.clear();
      clientComes();
      exchangeOnce();
      client_.say(std::string(method) + " /again HTTP/1.1\r\nHost: h\r\n\r\n");
      runUntilAsked(0, 2);
      resets ? upstreams_[0].reset() : upstreams_[0].close();
      runUntilAsked(1);
      EXPECT_THAT(requests(1)[0].head, StartsWith(std::string(method) + " /again"));
      upstreams_[1].say("HTTP/1.1 204 No Content\r\n\r\n");
      runUntilAnswered(2);
      EXPECT_EQ(204, status(1));
      EXPECT_EQ(2, log_.entries.at(1).attempts);
      client_.close();
      runUntil([&] { return service_->size() == 0; });
      runTurns(1);
    }
  }
}

TEST_P(UpstreamAnswerTest, DoesNotRepeatWhatMayNotBeRepeated) {
  struct Row {
    const char* what;
    std::string request;
    std::string said;  // by the upstream, before it ends
    bool waited;       // the connection had served before
  };
  const Row rows[] = {
      {"not idempotent", "POST / HTTP/1.1\r\nHost: h\r\n\r\n", "", true},
      {"unknown method", "PATCH / HTTP/1.1\r\nHost: h\r\n\r\n", "", true},
      {"a body", "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody", "", true},
      {"has answered", get("/"), "HTTP/1.1 2", true},
      {"has informed", get("/"), "HTTP/1.1 100 Continue\r\n\r\n", true},
      {"new connection", get("/"), "", false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    service_.reset();
    upstreams_.clear();
    clientComes();
    if (row.waited) exchangeOnce();
    const std::size_t times = row.waited ? 2 : 1;
    client_.say(row.request);
    runUntilAsked(0, times);
    upstreams_[0].say(row.said).thenEnd();
    runUntil([&] { return !answers().empty() && answers().back().status() == 502; });
    runTurns(5);
    EXPECT_EQ(1U, upstreams_.size());
    EXPECT_THAT(answers().back().value("Proxy-Status"),
                StartsWith("proxy; error=connection_terminated"));
    client_.close();
    runUntil([&] { return service_->size() == 0; });
    runTurns(1);
  }
}

TEST_P(UpstreamAnswerTest, RepeatsOnlyOnce) {
  clientComes();
  exchangeOnce();
  client_.say(get("/again"));
  runUntilAsked(0, 2);
  upstreams_[0].close();
  runUntilAsked(1);
  upstreams_[1].close();
  runUntilAnswered(2);
  EXPECT_EQ(502, status(1));
  runTurns(5);
  EXPECT_EQ(2U, upstreams_.size());
}

TEST_P(UpstreamAnswerTest, RepeatsAtAnotherRemoteFirst) {
  carryTo({listening_.address(), other_.address()});
  clientComes();
  exchangeOnce();
  exchangeWithOther(get("/"));
  client_.say(get("/again"));
  runUntilAsked(0, 2);
  upstreams_[0].close();
  runUntilOtherIsAsked(2);
  EXPECT_EQ(1U, upstreams_.size());
  EXPECT_EQ(2, log_.entries.at(2).attempts);
  EXPECT_EQ(other_.address().text(), log_.entries.at(2).upstream);
}

TEST_P(UpstreamAnswerTest, RepeatsAtTheSameRemoteWhereTheOthersAreFailing) {
  const support::RefusingPort refusing;
  carryTo({listening_.address(), refusing.address()});
  clientComes();
  exchangeOnce(0, 1);
  exchangeOnce(0, 2);
  client_.say(get("/again"));
  runUntilAsked(0, 3);
  upstreams_[0].close();
  runUntilAsked(1);
  upstreams_[1].say(kOk);
  runUntilAnswered(3);
  EXPECT_EQ(200, status(2));
  EXPECT_EQ(1U, read(Metric::kConnectsFailed));
}

TEST_P(UpstreamAnswerTest, LetsAConnectionGoThatItsClientLeft) {
  clientComes();
  client_.say(get("/"));
  runUntilAsked();
  client_.reset();
  runUntil([&] { return upstreams_[0].over(); });
  EXPECT_EQ(0U, service_->size());
}

// Remotes

TEST_P(UpstreamAnswerTest, GoesOnToTheNextRemoteAndLeavesTheFailedOneOut) {
  const support::RefusingPort refusing;
  carryTo({refusing.address(), listening_.address()});
  clientComes();
  for (std::size_t i = 1; i <= 6; ++i) exchangeOnce(0, i);
  EXPECT_EQ(1U, read(Metric::kConnectsFailed));
  EXPECT_EQ(2, log_.entries.at(0).attempts);
  EXPECT_EQ(1, log_.entries.at(2).attempts);
}

TEST_P(UpstreamAnswerTest, TriesAFailedRemoteAgainAfterAWhile) {
  const support::RefusingPort refusing;
  settings_.failTimeout = milliseconds(0);
  carryTo({refusing.address(), listening_.address()});
  clientComes();
  for (std::size_t i = 1; i <= 6; ++i) exchangeOnce(0, i);
  EXPECT_EQ(3U, read(Metric::kConnectsFailed));
}

TEST_P(UpstreamAnswerTest, TriesThemAllWhereAllHaveFailed) {
  const support::TemporaryDirectory directory;
  const Address one = *Address::atPath(directory.at("one"));
  const Address two = *Address::atPath(directory.at("two"));
  carryTo({one, two});
  clientComes();
  client_.say(get("/"));
  runUntilAnswered();
  EXPECT_EQ(502, status());
  EXPECT_THAT(answers()[0].value("Proxy-Status"), StartsWith("proxy; error=connection_refused"));
  EXPECT_EQ(2U, read(Metric::kConnectsFailed));
  // They come up, which nobody has told: who has no other asks them nevertheless.
  support::Upstream up(two);
  client_.say(get("/"));
  std::optional<support::Peer> peer;
  runUntil([&] {
    if (!peer) peer = up.accept();
    if (peer) peer->work();
    return peer && peer->heard().ends_with("\r\n\r\n");
  });
  peer->say(kOk);
  runUntil([&] {
    peer->work();
    return answers().size() == 2 && answers()[1].whole;
  });
  EXPECT_EQ(200, status(1));
}

TEST_P(UpstreamAnswerTest, LeavesOutWhoTakesAConnectionAndSaysNothing) {
  enum class Way { kClosing, kResetting, kStandingStill };
  for (const Way way : {Way::kClosing, Way::kResetting, Way::kStandingStill}) {
    SCOPED_TRACE(static_cast<int>(way));
    service_.reset();
    upstreams_.clear();
    settings_.answerTimeout = way == Way::kStandingStill ? milliseconds(200) : kNever;
    carryTo({listening_.address(), other_.address()});
    clientComes();
    client_.say(get("/"));
    runUntilAsked();
    if (way == Way::kClosing) upstreams_[0].close();
    if (way == Way::kResetting) upstreams_[0].reset();
    runUntilAnswered();
    EXPECT_EQ(way == Way::kStandingStill ? 504 : 502, status());
    for (int i = 0; i < 4; ++i) exchangeWithOther(get("/"));
    EXPECT_EQ(0U, read(Metric::kConnectsFailed));
    client_.close();
    runUntil([&] { return service_->size() == 0; });
    runTurns(1);
  }
}

TEST_P(UpstreamAnswerTest, DoesNotLeaveOutWhoBeganToAnswerOrWhoseClientFailed) {
  struct Row {
    std::string request;
    std::string said;  // by the upstream, before it ends
  };
  const Row rows[] = {
      {get("/"), "HTTP/1.1 103 Early Hints\r\n\r\n"},
      {get("/"), "H"},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n", ""},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.request + row.said);
    service_.reset();
    upstreams_.clear();
    carryTo({listening_.address(), other_.address()});
    clientComes();
    client_.say(row.request);
    runUntil([&] { return !upstreams_.empty() && !upstreams_[0].heard().empty(); });
    if (!row.said.empty()) upstreams_[0].say(row.said).thenEnd();
    runUntil([&] { return !answers().empty() && answers().back().status() >= 400; });
    client_.close();
    runUntil([&] { return service_->size() == 0; });
    clientComes();
    exchangeWithOther(get("/"));
    exchangeOnce(1);
    client_.close();
    runUntil([&] { return service_->size() == 0; });
    runTurns(1);
  }
}

TEST_P(UpstreamAnswerTest, SaysWhenToAskAgainWhereAllWereKnownToFail) {
  const support::RefusingPort one;
  const support::RefusingPort other;
  for (const auto& [time, seconds] :
       {std::pair(milliseconds(3'600'000), "3600"), std::pair(milliseconds(59'001), "60")}) {
    service_.reset();
    settings_.failTimeout = time;
    carryTo({one.address(), other.address()});
    clientComes();
    client_.say(get("/"));
    runUntilAnswered();
    EXPECT_EQ(502, status());
    EXPECT_FALSE(answers()[0].names("Retry-After"));
    client_.say(get("/"));
    runUntilAnswered(2);
    EXPECT_EQ(503, status(1));
    EXPECT_EQ(seconds, answers()[1].value("Retry-After"));
    EXPECT_THAT(answers()[1].value("Proxy-Status"),
                StartsWith("proxy; error=destination_unavailable"));
    client_.close();
    runUntil([&] { return service_->size() == 0; });
    runTurns(1);
  }
  EXPECT_EQ(8U, read(Metric::kConnectsFailed)) << "all are tried each time";
}

TEST_P(UpstreamAnswerTest, NewRequestsGoWhereTheRemotesAreNow) {
  support::Upstream after;
  clientComes();
  exchangeOnce();
  carryTo({after.address()});
  client_.say(get("/"));
  std::optional<support::Peer> peer;
  runUntil([&] {
    if (!peer) peer = after.accept();
    return peer.has_value();
  });
  EXPECT_EQ(1U, requests().size());
}

TEST_P(UpstreamAnswerTest, OutOfDescriptorsItIsNotTheRemoteThatFails) {
  // The first two are for the sanitizer, which looks at a type for the first time with descriptors
  // of its own.
  const support::RefusingPort refusing;
  carryTo({refusing.address()});
  clientComes();
  client_.say(get("/"));
  runUntilAnswered();
  carryTo({listening_.address()});
  client_.say(get("/"));
  runUntilAsked();
  upstreams_[0].say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  runUntilAnswered(2);
  const std::uint64_t failed = read(Metric::kConnectsFailed);

  const support::DescriptorLimit none;
  client_.say(get("/"));
  runUntilAnswered(3);
  EXPECT_EQ(503, status(2));
  EXPECT_TRUE(answers()[2].names("Retry-After"));
  EXPECT_EQ(failed, read(Metric::kConnectsFailed));
}

// Time

TEST_P(UpstreamAnswerTest, GivesUpOnARemoteThatIsNotReachedInTime) {
  const support::FullBacklog silent(*Address::literal("127.0.0.1", 0));
  settings_.connectTimeout = kSoon;
  carryTo({silent.address()});
  clientComes();
  client_.say(get("/"));
  runUntilAnswered();
  EXPECT_EQ(504, status());
  EXPECT_THAT(answers()[0].value("Proxy-Status"), StartsWith("proxy; error=connection_timeout"));
  client_.say(get("/"));
  runUntilAnswered(2);
  EXPECT_EQ(503, status(1)) << "that was known";
  carryTo({silent.address(), listening_.address()});
  exchangeOnce();
  EXPECT_EQ(200, status(2));
}

TEST_P(UpstreamAnswerTest, GivesUpOnAnUpstreamThatDoesNotAnswerInTime) {
  settings_.answerTimeout = kSoon;
  clientComes();
  client_.say(get("/"));
  runUntilAnswered();
  EXPECT_EQ(504, status());
  EXPECT_THAT(answers()[0].value("Proxy-Status"), StartsWith("proxy; error=http_response_timeout"));
  runUntil([&] { return upstreams_.size() == 1 && upstreams_[0].over(); });
  exchangeOnce(1);
  EXPECT_EQ(200, status(1)) << "the client may go on";
}

TEST_P(UpstreamAnswerTest, TheTimeForTheAnswerBeginsWhenTheRequestIsThere) {
  settings_.answerTimeout = milliseconds(50);
  clientComes();
  client_.say(post(10) + "hello");
  runUntil([&] { return upstreams_.size() == 1 && upstreams_[0].heard().ends_with("hello"); });
  runFor(milliseconds(200));
  EXPECT_EQ("", client_.heard());
  client_.say("world");
  runUntilAnswered();
  EXPECT_EQ(504, status());
}

TEST_P(UpstreamAnswerTest, TheTimeForTheAnswerIsOneTime) {
  // Pieces of it, and news, come often enough to be in time each.
  const std::string interim = "HTTP/1.1 103 Early Hints\r\n\r\n";
  for (const std::string& first : {interim, std::string("HTTP/1.1 200 OK\r\n")}) {
    SCOPED_TRACE(first);
    settings_.answerTimeout = milliseconds(100);
    service_.reset();
    upstreams_.clear();
    clientComes();
    client_.say(get("/"));
    runUntilAsked();
    upstreams_[0].say(first);
    milliseconds next{0};
    runUntil([&] {
      if (monotonicNow() >= next && !upstreams_[0].over()) {
        upstreams_[0].say(first == interim ? interim : "X: y\r\n");
        next = monotonicNow() + milliseconds(10);
      }
      return !answers().empty() && answers().back().status() == 504;
    });
    client_.close();
    runUntil([&] { return service_->size() == 0; });
    runTurns(1);
  }
}

TEST_P(UpstreamAnswerTest, AnUpstreamThatIsSlowToTakeAnUploadIsNotLateWithItsAnswer) {
  settings_.answerTimeout = kSoon;
  clientComes();
  const std::size_t size = 32 * kMega;
  client_.say(post(size) + pattern(size));
  runUntil([&] { return upstreams_.size() == 1 && upstreams_[0].heard().size() > 1000; });
  upstreams_[0].listen(false);
  runFor(milliseconds(200));
  EXPECT_EQ("", client_.heard());
  upstreams_[0].listen(true);
  runUntil([&] { return upstreams_[0].heard().size() > size; });
  runUntilAnswered();
  EXPECT_EQ(504, status()) << "it is now";
}

TEST_P(UpstreamAnswerTest, GivesUpOnAnUpstreamThatTakesNoMoreOfAnUpload) {
  settings_.bodyTimeout = kSoon;
  clientComes();
  client_.say(post(32 * kMega) + pattern(32 * kMega));
  runUntil([&] { return upstreams_.size() == 1 && upstreams_[0].heard().size() > 1000; });
  upstreams_[0].listen(false);
  runUntilAnswered();
  EXPECT_EQ(504, status());
  EXPECT_THAT(answers()[0].value("Proxy-Status"), StartsWith("proxy; error=http_response_timeout"));
}

TEST_P(UpstreamAnswerTest, CutsOffAnAnswerThatStops) {
  for (const char* head : {"Content-Length: 100", "Transfer-Encoding: chunked"}) {
    settings_.bodyTimeout = kSoon;
    service_.reset();
    upstreams_.clear();
    clientComes();
    client_.say(get("/"));
    runUntilAsked();
    upstreams_[0].say(std::string("HTTP/1.1 200 OK\r\n") + head + "\r\n\r\n");
    runUntilOver();
    ASSERT_EQ(1U, answers().size());
    EXPECT_EQ(200, status());
    EXPECT_FALSE(answers()[0].whole);
    EXPECT_FALSE(log_.entries.back().complete);
    runUntil([&] { return upstreams_[0].over(); });
    runTurns(1);
  }
}

TEST_P(UpstreamAnswerTest, AClientWhoTakesNothingIsNotTheUpstreamsFault) {
  settings_.bodyTimeout = kSoon;
  const std::string large = pattern(8 * kMega);
  clientComes(kTiny);
  client_.listen(false);
  client_.say(get("/"));
  runUntilAsked();
  upstreams_[0].say("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(large.size()) +
                    "\r\n\r\n" + large);
  runFor(milliseconds(200));
  EXPECT_EQ(1U, service_->size());
  client_.listen(true);
  runUntilAnswered();
  EXPECT_TRUE(same(large, answers()[0].body));
}

// What it was given before its client stalled is not what it has now.
TEST_P(UpstreamAnswerTest, AnUpstreamHasAllItsTimeOnceAStalledClientHasCaughtUp) {
  const std::string large = pattern(8 * kMega);
  for (const int stall : {350, 500, 650}) {
    SCOPED_TRACE(stall);
    settings_.bodyTimeout = milliseconds(400);
    service_.reset();
    upstreams_.clear();
    clientComes(kTiny);
    client_.listen(false);
    client_.say(get("/"));
    runUntilAsked();
    upstreams_[0].say("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(large.size() + 1) +
                      "\r\n\r\n" + large);
    runFor(milliseconds(stall));
    client_.listen(true);
    runUntil([&] { return client_.heard().size() > large.size(); });
    runFor(milliseconds(200));
    ASSERT_EQ(1U, service_->size()) << "it was cut off";
    upstreams_[0].say(".");
    runUntilAnswered();
    EXPECT_TRUE(same(large + ".", answers()[0].body));
    client_.close();
    runUntil([&] { return service_->size() == 0; });
    runTurns(1);
  }
}

TEST_P(UpstreamAnswerTest, AnEarlyAnswerWaitsForItsClientAsLongAsTheSessionDoes) {
  settings_.bodyTimeout = kSoon;
  clientComes();
  client_.say(post(10) + "hello");
  runUntil([&] { return upstreams_.size() == 1 && upstreams_[0].heard().ends_with("hello"); });
  upstreams_[0].say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
  runUntil([&] { return answers().size() == 1; });
  runFor(milliseconds(200));
  EXPECT_EQ(1U, service_->size());
  client_.say("world");
  upstreams_[0].say("done");
  runUntilAnswered();
  EXPECT_EQ("done", answers()[0].body);
}

// Its socket becomes writable again only when a good part of it was taken.
TEST_P(UpstreamAnswerTest, AnUploadThatIsTakenSlowlyIsTaken) {
  settings_.bodyTimeout = milliseconds(200);
  clientComes();
  const std::size_t size = 32 * kMega;
  client_.say(post(size) + pattern(size));
  runUntil([&] { return upstreams_.size() == 1 && upstreams_[0].heard().size() > 1000; });
  upstreams_[0].listen(false);
  std::vector<char> room(std::size_t{64} * 1024);
  std::size_t taken = 0;
  milliseconds next{0};
  const milliseconds until = monotonicNow() + milliseconds(800);
  runUntil([&] {
    if (monotonicNow() >= next) {
      const ssize_t got = recv(upstreams_[0].fd(), room.data(), room.size(), MSG_DONTWAIT);
      if (got > 0) taken += static_cast<std::size_t>(got);
      next = monotonicNow() + milliseconds(40);
    }
    return monotonicNow() > until;
  });
  EXPECT_GT(taken, room.size());
  EXPECT_EQ("", client_.heard()) << "it is not late";
}

TEST_P(UpstreamAnswerTest, OneThatHangsIsLeftOutThoughItsConnectionWasKept) {
  settings_.answerTimeout = milliseconds(150);
  clientComes();
  carryTo({listening_.address(), other_.address()});
  exchangeOnce();
  exchangeWithOther(get("/"));
  client_.say(get("/"));
  runUntilAnswered(3);
  EXPECT_EQ(504, status(2));
  for (int i = 0; i < 3; ++i) exchangeWithOther(get("/"));
  EXPECT_EQ(1U, upstreams_.size());
}

TEST_P(UpstreamAnswerTest, APathWhoseListenerIsBusyIsOneThatCannotBeReached) {
  const support::TemporaryDirectory directory;
  const Address busy = *Address::atPath(directory.at("busy"));
  const socksplice::UniqueFd listener(socket(AF_UNIX, SOCK_STREAM, 0));
  ASSERT_EQ(0, bind(listener.get(), busy.get(), busy.size()));
  ASSERT_EQ(0, listen(listener.get(), 0));
  std::vector<socksplice::UniqueFd> waiting;
  do {
    waiting.emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
  } while (connect(waiting.back().get(), busy.get(), busy.size()) == 0);
  ASSERT_EQ(EAGAIN, errno);
  clientComes();
  carryTo({busy, listening_.address()});
  exchangeOnce(0, 1);
  exchangeOnce(0, 2);
  EXPECT_EQ(200, status(0));
  EXPECT_EQ(200, status(1));
  EXPECT_EQ(1U, read(Metric::kConnectsFailed));
  EXPECT_EQ(0U, read(Metric::kConnectsDelayed));
}

TEST_P(UpstreamAnswerTest, WhoHasToSayGoIsLateAndNotTheClientWhoWaitsForIt) {
  settings_.answerTimeout = milliseconds(150);
  sessions_.bodyTimeout = kSoon;
  clientComes();
  client_.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  runUntilAnswered();
  EXPECT_EQ(504, status());
}

TEST_P(UpstreamAnswerTest, ToldToGoOnItIsTheClientsTime) {
  settings_.answerTimeout = milliseconds(100);
  clientComes();
  client_.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  runUntil([&] { return upstreams_.size() == 1 && upstreams_[0].heard().ends_with("\r\n\r\n"); });
  upstreams_[0].say("HTTP/1.1 100 Continue\r\n\r\n");
  runUntil([&] { return answers().size() == 1; });
  runFor(milliseconds(300));
  EXPECT_EQ(1U, answers().size());
  client_.say("abc");
  runUntil([&] { return upstreams_[0].heard().ends_with("abc"); });
  upstreams_[0].say(kOk);
  runUntilAnswered(2);
  EXPECT_EQ(200, status(1));
}

TEST_P(UpstreamAnswerTest, CutsOffAnAnswerThatCanBeWatchedNoMore) {
  for (const int free : {0, 1}) {  // the client's connection may need one as well
    SCOPED_TRACE(free);
    service_.reset();
    upstreams_.clear();
    clientComes(kTiny);
    client_.listen(false);
    client_.say(get("/"));
    runUntilAsked();
    upstreams_[0].say("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + pattern(8 * kMega));
    // Nobody reads, so nothing is wanted of the upstream's connection.
    std::size_t said = 0;
    int still = 0;
    runUntil([&] {
      still = upstreams_[0].said() == said ? still + 1 : 0;
      said = upstreams_[0].said();
      return still == 200;
    });
    const support::RefusedWatches refused(free);
    client_.listen(true);
    runUntilOver();
    EXPECT_EQ(200, status());
    EXPECT_FALSE(answers()[0].whole);
    runTurns(1);
  }
}

// Answers that are none

TEST_P(UpstreamAnswerTest, SaysWhatWasWrongWithTheAnswer) {
  struct Row {
    std::string answer;
    const char* error;
  };
  const Row rows[] = {
      {"nonsense\r\n\r\n", "http_protocol_error"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "http_protocol_error"},
      {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "http_protocol_error"},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(60'000, 'x') + "\r\n\r\n",
       "http_response_header_section_size"},
  };
  clientComes();
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    SCOPED_TRACE(rows[i].answer.substr(0, 60));
    client_.say(get("/"));
    runUntilAsked(i);
    upstreams_[i].say(rows[i].answer);
    runUntilAnswered(i + 1);
    EXPECT_EQ(502, status(i));
    EXPECT_THAT(answers()[i].value("Proxy-Status"),
                StartsWith(std::string("proxy; error=") + rows[i].error));
    runUntil([&] { return upstreams_[i].over(); });
  }
}

TEST_P(UpstreamAnswerTest, AnUploadThatIsCutOffIsNeverTakenForWhole) {
  for (const bool chunked : {false, true}) {
    service_.reset();
    upstreams_.clear();
    clientComes();
    client_.say(chunked ? "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "5\r\nhello\r\n"
                        : post(100) + "hello");
    runUntil([&] {
      return upstreams_.size() == 1 && upstreams_[0].heard().find("hello") != std::string::npos;
    });
    client_.thenEnd();
    runUntil([&] { return upstreams_[0].over(); });
    EXPECT_FALSE(requests()[0].whole);
    runUntilOver();
    EXPECT_EQ(400, status());
    runTurns(1);
  }
}

TEST_P(UpstreamAnswerTest, AnAnswerInFrontOfTheWholeUploadIsPassedOn) {
  clientComes(kTiny);
  client_.say(post(8 * kMega) + pattern(8 * kMega));
  runUntil([&] { return upstreams_.size() == 1 && upstreams_[0].heard().size() > 1000; });
  upstreams_[0].listen(false);
  upstreams_[0].say(
      "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 5\r\n\r\nlarge");
  runUntilAnswered();
  EXPECT_EQ(413, status());
  EXPECT_EQ("large", answers()[0].body);
  EXPECT_TRUE(answers()[0].says("Connection: close"));
}

// Tunnels and upgrades

TEST_P(UpstreamAnswerTest, ConnectsOnlyToPortsThatAreAllowed) {
  for (const bool allowed : {false, true}) {
    SCOPED_TRACE(allowed);
    service_.reset();
    upstreams_.clear();
    settings_.connectPorts = {8443};
    if (allowed) settings_.connectPorts.push_back(443);
    clientComes();
    client_.say("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n");
    if (!allowed) {
      runUntilOver();
      EXPECT_EQ(403, status());
      EXPECT_TRUE(upstreams_.empty());
      runTurns(1);
      continue;
    }
    runUntilAsked();
    EXPECT_THAT(requests()[0].head, StartsWith("CONNECT example.org:443 HTTP/1.1\r\n"));
    upstreams_[0].say("HTTP/1.1 200 Connected\r\n\r\n");
    runUntil([&] { return client_.heard().ends_with("\r\n\r\n"); });
    client_.say("secret");
    runUntil([&] { return upstreams_[0].heard().ends_with("secret"); });
  }
}

TEST_P(UpstreamAnswerTest, WhoeverCarriesATunnelMayAskWhoWantsIt) {
  settings_.connectPorts = {443};
  clientComes();
  client_.say("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\nProxy-Authorization: Basic eDp5\r\n\r\n");
  runUntilAsked();
  EXPECT_TRUE(requests()[0].says("Proxy-Authorization: Basic eDp5"));
  upstreams_[0].say(
      "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
      "Content-Length: 0\r\n\r\n");
  runUntilAnswered();
  EXPECT_EQ(407, status());
  EXPECT_TRUE(answers()[0].says("Proxy-Authenticate: Basic realm=\"x\""));
}

TEST_P(UpstreamAnswerTest, AnUpgradeIsAskedForByClientsOf11WhoSaySo) {
  struct Row {
    std::string request;
    bool asks;
  };
  const Row rows[] = {
      {get("/", "Connection: Upgrade\r\nUpgrade: x\r\n"), true},
      {get("/", "Connection: keep-alive, upgrade\r\nUpgrade: x\r\n"), true},
      {get("/", "Upgrade: x\r\n"), false},
      {get("/", "Connection: Upgrade\r\n"), false},
      {"GET / HTTP/1.0\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", false},
      {"POST / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: x\r\nContent-Length: "
       "2\r\n\r\nab",
       false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.request);
    service_.reset();
    upstreams_.clear();
    clientComes();
    client_.say(row.request);
    runUntilAsked();
    EXPECT_EQ(row.asks, requests()[0].names("Upgrade"));
    EXPECT_EQ(row.asks, requests()[0].says("Connection: Upgrade"));
    upstreams_[0].say(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
    runUntil([&] { return status() != 0; });
    EXPECT_EQ(row.asks ? 101 : 502, status());
    client_.close();
    runUntil([&] {
      for (auto& it : upstreams_) {
        if (it.over()) it.close();
      }
      return service_->size() == 0;
    });
    runTurns(1);
  }
}

TEST_P(UpstreamAnswerTest, AnUpgradeThatIsDeclinedIsAnAnswerLikeAnyOther) {
  clientComes();
  client_.say(get("/", "Connection: Upgrade\r\nUpgrade: x\r\n"));
  runUntilAsked();
  upstreams_[0].say(kOk);
  runUntilAnswered();
  EXPECT_EQ("hello", answers()[0].body);
  exchangeOnce(0, 2);
}

// Sizes

TEST_P(UpstreamAnswerTest, HeadsOfEverySizeThatIsAllowedAreWritten) {
  // What we add, and say twice, has to fit as well.
  for (const std::size_t most : {std::size_t{32} * 1024, std::size_t{48} * 1024}) {
    for (const bool absolute : {false, true}) {
      for (const auto style :
           {http::ForwardedStyle::kXForwarded, http::ForwardedStyle::kForwarded}) {
        SCOPED_TRACE(testing::Message() << most << absolute << static_cast<int>(style));
        service_.reset();
        upstreams_.clear();
        sessions_.head.bytes = sessions_.head.target = most;
        settings_.head = sessions_.head;
        settings_.forward.forwarded = style;
        clientComes();
        const std::string start = absolute ? "GET http://" : "GET / HTTP/1.1\r\nHost: ";
        const std::string end = absolute ? "/ HTTP/1.1\r\nHost: h\r\n\r\n" : "\r\n\r\n";
        client_.say(start + std::string(most - start.size() - end.size(), 'h') + end);
        runUntil([&] {
          return status() != 0 ||
                 (upstreams_.size() == 1 && upstreams_[0].heard().ends_with("\r\n\r\n"));
        });
        EXPECT_THAT(status(), AnyOf(0, 400, 414, 431));
        client_.close();
        if (!upstreams_.empty()) upstreams_[0].close();
        runUntil([&] { return service_->size() == 0; });
        runTurns(1);
      }
    }
  }
}

}  // namespace
}  // namespace proxy::gateway
