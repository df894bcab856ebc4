#include "http1/session.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "session_fixture.h"
#include "support/pattern.h"

namespace proxy::http1 {
namespace {

using http::ChunkedBody;
using support::pattern;
using testing::StartsWith;

class SessionTest : public SessionFixture {};

INSTANTIATE_TEST_SUITE_P(Lanes, SessionTest, testing::ValuesIn(support::lanes()),
                         support::laneName);

TEST_P(SessionTest, TakesAHeadThatComesByteForByte) {
  answerWith(hello);
  clientComes();
  const std::string head =
      "\r\n" + get("/slow", "X-A: b\r\nX-C: " + std::string(500, 'd') + "\r\n");
  for (const char byte : head) {
    EXPECT_EQ(0U, handler_.count());
    client_.say({&byte, 1});
    runUntil([&] { return client_.saidAll(); });
    runTurns(1);
  }
  runUntilAnswered();
  EXPECT_EQ("/slow", asked().target);
  EXPECT_EQ(1U, read(Metric::kRequests));
}

TEST_P(SessionTest, ALineBreakTooManyBeginsNoRequest) {
  settings_.headTimeout = milliseconds(30);
  answerWith(hello);
  clientSays(get("/a") + "\r\n\r\n");
  runUntilAnswered();
  runFor(milliseconds(100));
  EXPECT_EQ(1U, answers().size());
  EXPECT_EQ(1U, sessions_->size());
  EXPECT_EQ(1U, read(Metric::kRequests));
  client_.say(get("/b"));
  runUntilAnswered(2);
  EXPECT_EQ("/b", asked(1).target);
}

TEST_P(SessionTest, WhatStandsBehindARefusedTunnelIsNoRequest) {
  answerWith([](Asked& it) { it.respond(405, "no"); });
  clientSays("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n" + get("/inner"));
  runUntilOver();
  EXPECT_EQ(1U, handler_.count());
  ASSERT_EQ(1U, answers().size());
  EXPECT_EQ(405, answers()[0].status());
  EXPECT_TRUE(answers()[0].says("Connection: close"));
}

TEST_P(SessionTest, ARequestThatIsNoneIsAnsweredAndTheConnectionEnds) {
  struct Row {
    std::string request;
    int status;
  };
  const Row rows[] = {
      {"nonsense\r\n\r\n", 501},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"GET / HTTP/9.9\r\nHost: h\r\n\r\n", 505},
      {"GET no-slash HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {get("/" + std::string(9000, 'x')), 414},
      {get("/", "X: " + std::string(40'000, 'x') + "\r\n"), 431},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
       400},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.request.substr(0, 60));
    clientSays(row.request + kGet);
    runUntilOver();
    ASSERT_EQ(1U, answers().size());
    EXPECT_EQ(row.status, answers()[0].status());
    EXPECT_TRUE(answers()[0].whole);
    EXPECT_TRUE(answers()[0].says("Connection: close"));
    EXPECT_THAT(answers()[0].value("Proxy-Status"), StartsWith("proxy; error=http_request_error"));
    EXPECT_TRUE(client_.heardEnd());
    EXPECT_EQ(0, client_.error());
  }
  EXPECT_EQ(0U, handler_.count());
}

TEST_P(SessionTest, AHeadThatDoesNotComeInTimeIsRefused) {
  settings_.headTimeout = kSoon;
  clientSays("GET / HT");
  runUntilOver();
  EXPECT_EQ(408, answers().at(0).status());
  EXPECT_TRUE(answers()[0].says("Connection: close"));
  EXPECT_TRUE(client_.heardEnd());
}

TEST_P(SessionTest, AHeadThatTricklesIsRefusedAllTheSame) {
  settings_.headTimeout = milliseconds(60);
  clientComes();
  runUntil([&] {
    if (!client_.over()) client_.say("G");
    return client_.over();
  });
  EXPECT_EQ(0U, handler_.count());
  clientLeaves();
}

TEST_P(SessionTest, AClientWhoSaysNothingLeavesQuietly) {
  settings_.headTimeout = kSoon;
  clientComes();
  runUntilOver();
  EXPECT_EQ("", client_.heard());
  EXPECT_TRUE(client_.heardEnd());
}

TEST_P(SessionTest, EndsQuietlyWhenTheClientLeavesBetweenRequestsOrInAHead) {
  for (const char* said : {"", "GET", "GET / HTTP/1.1\r\nHost:"}) {
    clientSays(said).thenEnd();
    runUntilOver();
    EXPECT_EQ("", client_.heard());
    EXPECT_TRUE(client_.heardEnd());
  }
}

TEST_P(SessionTest, DoesNotWaitForTheRestOfAHeadBehindTheClientsEnd) {
  clientSays(kGet + "GET /rest").thenEnd();
  runUntilAsked();
  runTurns(5);
  asked().respond(200, "hello");
  runUntilOver();
  EXPECT_EQ(1U, answers().size());
}

TEST_P(SessionTest, AnswersPipelinedRequestsInTheirOrderOneAtATime) {
  clientComes();
  std::string requests;
  for (int i = 0; i < 5; ++i) requests += get(std::string("/").append(std::to_string(i)));
  client_.say(requests);
  for (std::size_t i = 0; i < 5; ++i) {
    runUntilAsked(i + 1);
    runTurns(3);
    ASSERT_EQ(i + 1, handler_.count()) << "the next was asked too early";
    EXPECT_EQ("/" + std::to_string(i), asked(i).target);
    asked(i).respond(200, "answer " + std::to_string(i));
  }
  runUntilAnswered(5);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ("answer " + std::to_string(i), answers()[i].body);
  }
  EXPECT_EQ(5U, read(Metric::kRequests));
  EXPECT_EQ(0U, worker_.sessionsEnded());
}

TEST_P(SessionTest, AnswersThousandsOfPipelinedRequests) {
  constexpr int kRequests = 3000;
  answerWith(itsTarget);
  clientComes();
  std::string requests;
  for (int i = 0; i < kRequests; ++i) requests += get(std::string("/").append(std::to_string(i)));
  client_.say(requests).thenEnd();
  runUntilOver();
  const auto all = answers();
  ASSERT_EQ(std::size_t{kRequests}, all.size());
  for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ("/" + std::to_string(i), all[i].body);
  EXPECT_TRUE(client_.heardEnd());
}

TEST_P(SessionTest, KeepsTheConnectionOrSaysThatItEnds) {
  struct Row {
    std::string head;
    bool keeps;
    std::string connection;  // what the answer says
  };
  const Row rows[] = {
      {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", true, ""},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n", true, ""},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", false, "close"},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: Keep-Alive, CLOSE\r\n\r\n", false, "close"},
      {"GET / HTTP/1.0\r\n\r\n", false, "close"},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true, "keep-alive"},
      {"GET / HTTP/1.0\r\nConnection: close\r\n\r\n", false, "close"},
  };
  answerWith(hello);
  for (const Row& row : rows) {
    SCOPED_TRACE(row.head);
    clientSays(row.head);
    runUntilAnswered();
    EXPECT_EQ(row.connection, answers()[0].value("Connection"));
    if (row.keeps) {
      client_.say(kGet);
      runUntilAnswered(2);
      client_.thenEnd();
    }
    runUntilOver();
    EXPECT_EQ(row.keeps ? 2U : 1U, answers().size());
    EXPECT_TRUE(client_.heardEnd());
  }
}

TEST_P(SessionTest, EndsTheConnectionBehindSoManyRequests) {
  settings_.keepAliveRequests = 3;
  answerWith(itsTarget);
  clientSays(get("/1") + get("/2") + get("/3") + get("/4") + get("/5"));
  runUntilOver();
  const auto all = answers();
  ASSERT_EQ(3U, all.size());
  EXPECT_FALSE(all[1].names("Connection"));
  EXPECT_TRUE(all[2].says("Connection: close"));
  EXPECT_EQ("/3", all[2].body);
  EXPECT_TRUE(client_.heardEnd());
  EXPECT_EQ(3U, handler_.count());
}

TEST_P(SessionTest, BorrowsNothingBetweenTwoRequests) {
  answerWith(hello);
  clientComes();
  for (std::size_t i = 1; i <= 3; ++i) {
    client_.say(kGet);
    runUntilAnswered(i);
    runTurns(1);
    EXPECT_EQ(0U, worker_.pools().buffers().lentBytes());
    EXPECT_TRUE(asked(i - 1).destroyed);
  }
}

TEST_P(SessionTest, WaitsSoLongForTheNextRequest) {
  settings_.keepAliveTimeout = kSoon;
  answerWith(hello);
  clientSays(kGet);
  runUntilOver();
  EXPECT_EQ(1U, answers().size());
  EXPECT_TRUE(client_.heardEnd());
}

TEST_P(SessionTest, LingersOnlySoLongForAClientWhoGoesOn) {
  answerWith(hello);
  clientSays("GET / HTTP/1.0\r\n\r\n");
  runUntilAnswered();
  // It never ends, but it says more than anybody listens to.
  client_.say(pattern(16 * kMega));
  runUntil([&] { return sessions_->size() == 0; });
  EXPECT_EQ("hello", answers()[0].body);
}

TEST_P(SessionTest, LingersOnlySoLongForAClientWhoStays) {
  answerWith(hello);
  clientSays("GET / HTTP/1.0\r\n\r\n");
  runUntil([&] { return client_.heardEnd(); });
  runUntil([&] { return sessions_->size() == 0; });
  EXPECT_EQ(1U, read(Metric::kSessionsDone));
}

TEST_P(SessionTest, DrainedItEndsAtOnceWhereNothingIsUnderWay) {
  clientComes();
  runTurns(2);
  sessions_->drain();
  runUntilOver();
  EXPECT_EQ("", client_.heard());
  EXPECT_TRUE(client_.heardEnd());

  answerWith(hello);
  clientSays(kGet);
  runUntilAnswered();
  sessions_->drain();
  runUntilOver();
  EXPECT_EQ(1U, answers().size());
  EXPECT_TRUE(client_.heardEnd());
}

TEST_P(SessionTest, DrainedItStillAnswersWhoHasBegun) {
  answerWith(hello);
  clientSays("GET / HTTP/1.1\r\n");
  runTurns(3);
  sessions_->drain();
  runTurns(3);
  EXPECT_EQ(1U, sessions_->size());
  client_.say("Host: h\r\n\r\n" + kGet);
  runUntilOver();
  ASSERT_EQ(1U, answers().size());
  EXPECT_TRUE(answers()[0].says("Connection: close"));
  EXPECT_EQ("hello", answers()[0].body);
  EXPECT_EQ(0, client_.error());
}

TEST_P(SessionTest, DrainedItEndsBehindItsAnswer) {
  clientSays(kGet + kGet);
  runUntilAsked();
  sessions_->drain();
  runTurns(3);
  EXPECT_EQ(1U, sessions_->size());
  asked().respond(200, "hello");
  runUntilOver();
  ASSERT_EQ(1U, answers().size());
  EXPECT_TRUE(answers()[0].says("Connection: close"));
  EXPECT_EQ(0, client_.error());
  EXPECT_EQ(1U, handler_.count());
}

TEST_P(SessionTest, DrainedItEndsBehindAnAnswerThatHadBegun) {
  clientSays(kGet + kGet);
  runUntilAsked();
  asked().body.reads("hello").pauses().reads("world");
  asked().respondWith(ChunkedBody{});
  runUntil([&] { return client_.heard().find("hello") != std::string::npos; });
  sessions_->drain();
  runTurns(3);
  EXPECT_EQ(1U, sessions_->size());
  asked().body.goOn();
  runUntilOver();
  ASSERT_EQ(1U, answers().size());
  EXPECT_TRUE(answers()[0].whole);
  EXPECT_EQ("helloworld", answers()[0].body);
  EXPECT_EQ(0, client_.error());
}

TEST_P(SessionTest, DrainedTwiceIsDrainedOnce) {
  answerWith(hello);
  clientSays("GET / HTTP/1.0\r\n\r\n");
  runUntil([&] { return client_.heardEnd(); });
  sessions_->drain();  // it lingers
  sessions_->drain();
  runUntilOver();
  EXPECT_EQ(1U, read(Metric::kSessionsDone));
  EXPECT_EQ(1U, worker_.sessionsEnded());
}

TEST_P(SessionTest, IsCutOffInEveryState) {
  const std::function<void()> states[] = {
      [&] { runTurns(2); },
      [&] {
        client_.say("GET");
        runTurns(3);
      },
      [&] {
        client_.say(kGet);
        runUntilAsked(handler_.count() + 1);
      },
      [&] {
        const std::size_t before = handler_.count();
        client_.say(post(10) + "part");
        runUntilAsked(before + 1);
        handler_.last().upload.begin(handler_.last().exchange->body());
        runTurns(3);
      },
      [&] {
        const std::size_t before = handler_.count();
        client_.say(kGet);
        runUntilAsked(before + 1);
        handler_.last().body.reads("hello").pauses();
        handler_.last().respondWith(ChunkedBody{});
        runTurns(3);
      },
      [&] {
        const std::size_t before = handler_.count();
        client_.say("GET / HTTP/1.0\r\n\r\n");
        runUntilAsked(before + 1);
        handler_.last().respond(200, "hello");
        runTurns(3);
      },
  };
  std::uint64_t ended = 0;
  for (const auto& reach : states) {
    SCOPED_TRACE(ended);
    clientComes();
    reach();
    EXPECT_EQ(1U, sessions_->size());
    sessions_->abort();
    EXPECT_EQ(0U, sessions_->size());
    runUntilOver();
    EXPECT_EQ(++ended, worker_.sessionsEnded());
  }
}

}  // namespace
}  // namespace proxy::http1
