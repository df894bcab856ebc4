#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http1/client_exchange.h"
#include "session_fixture.h"
#include "support/pattern.h"

namespace proxy::http1 {
namespace {

using http::SizedBody;
using support::pattern;

class ClientExchangePaceTest : public SessionFixture {};

INSTANTIATE_TEST_SUITE_P(Lanes, ClientExchangePaceTest, testing::ValuesIn(support::lanes()),
                         support::laneName);

TEST_P(ClientExchangePaceTest, WaitsAsLongAsTheHandlerLikes) {
  settings_.headTimeout = settings_.keepAliveTimeout = settings_.bodyTimeout = milliseconds(1);
  clientSays(kGet);
  runUntilAsked();
  runFor(milliseconds(50));
  ASSERT_NE(nullptr, asked().exchange);
  asked().respond(200, "hello");
  runUntilOver();
  EXPECT_EQ("hello", answers().at(0).body);
}

TEST_P(ClientExchangePaceTest, ABodyThatStopsComingIsRefused) {
  settings_.bodyTimeout = kSoon;
  answerWith(takeBody);
  clientSays(post(1000) + "part");
  runUntilOver();
  EXPECT_EQ(408, answers().at(0).status());
  EXPECT_GE(asked().cancels, 1);
}

TEST_P(ClientExchangePaceTest, ABodyThatTricklesIsRefusedAllTheSame) {
  settings_.bodyTimeout = milliseconds(60);
  settings_.bodyMinimum = 1U << 20;
  answerWith(takeBody);
  for (const bool chunked : {false, true}) {
    SCOPED_TRACE(chunked ? "chunked" : "sized");
    clientSays(chunked ? kPostChunks : post(kMega));
    runUntil([&] {
      if (!client_.over()) client_.say(chunked ? "1\r\nx\r\n" : "x");
      return client_.over();
    });
    runUntilOver();
    EXPECT_EQ(408, answers().at(0).status());
    EXPECT_GT(handler_.last().upload.got().size(), 1U);
    EXPECT_GE(handler_.last().cancels, 1);
  }
}

TEST_P(ClientExchangePaceTest, ABodyThatComesSlowlyButComesIsTaken) {
  settings_.bodyTimeout = milliseconds(200);
  settings_.bodyMinimum = 1;
  answerWith(takeBody);
  clientSays(kPostChunks);
  const milliseconds until = monotonicNow() + 3 * settings_.bodyTimeout;
  runUntil([&] {
    client_.say("1\r\nx\r\n");
    return monotonicNow() > until;
  });
  client_.say("0\r\n\r\n");
  runUntil([&] { return asked().upload.ended(); });
  ASSERT_NE(nullptr, asked().exchange) << "the exchange was ended by a deadline";
  asked().respond(200, "hello");
  runUntilAnswered();
  EXPECT_EQ("hello", answers()[0].body);
}

TEST_P(ClientExchangePaceTest, ABodyThatNobodyReadsHasNoTime) {
  settings_.bodyTimeout = kSoon;
  clientSays(post(1000) + "part");
  runUntilAsked();
  runFor(milliseconds(60));
  EXPECT_EQ("", client_.heard());
  ASSERT_NE(nullptr, asked().exchange);
  asked().respond(200, "hello");
  runUntilOver();
}

TEST_P(ClientExchangePaceTest, ABodyHasNoTimeWhileItsReaderIsWaitedFor) {
  settings_.bodyTimeout = milliseconds(100);
  answerWith([](Asked& it) {
    it.upload.stopAt(50);
    it.upload.begin(it.exchange->body());
  });
  clientSays(post(3000) + "part");
  runUntilAsked();  // the client is waited for ...
  client_.say(pattern(100));
  runUntil([&] { return asked().upload.got().size() > 50; });  // ... and is not any more
  runFor(2 * settings_.bodyTimeout);
  EXPECT_EQ("", client_.heard());
  ASSERT_NE(nullptr, asked().exchange) << "the exchange was ended by a deadline";
  asked().upload.goOn();
  runUntilOver();
  EXPECT_EQ(408, answers().at(0).status()) << "now it is the client again";
}

TEST_P(ClientExchangePaceTest, AClientWhoTakesNothingIsReset) {
  settings_.bodyTimeout = milliseconds(50);
  answerWith(large(8 * kMega));
  clientComes(kTiny);
  client_.listen(false);
  client_.say(kGet);
  runUntil([&] { return sessions_ && handler_.count() == 1 && sessions_->size() == 0; });
  client_.listen(true);
  runUntilOver();
  EXPECT_EQ(ECONNRESET, client_.error());
  EXPECT_FALSE(log_.entries.at(0).complete);
}

TEST_P(ClientExchangePaceTest, AClientWhoTakesTooLittleIsReset) {
  settings_.bodyTimeout = milliseconds(100);
  settings_.bodyMinimum = 1U << 30;
  answerWith(large(32 * kMega));
  clientComes(kTiny);
  client_.listen(false);
  client_.say(kGet);
  std::size_t heard = 0;
  runUntil([&] {
    char one;
    if (recv(client_.fd(), &one, 1, 0) == 1) ++heard;
    return handler_.count() == 1 && sessions_->size() == 0;
  });
  EXPECT_GT(heard, 1U);
  EXPECT_EQ(1U, read(Metric::kSessionsStalled));
  client_.listen(true);
  runUntilOver();
  EXPECT_EQ(ECONNRESET, client_.error());
}

TEST_P(ClientExchangePaceTest, AClientWhoTakesNothingIsResetThoughItsUploadHasEndedMeanwhile) {
  settings_.bodyTimeout = milliseconds(200);
  answerWith(takeBodyAnd(large(8 * kMega)));
  clientComes(kTiny);
  client_.listen(false);
  client_.say(post(10) + "hello");
  runUntilAsked();
  client_.say("world");
  runUntil([&] { return sessions_->size() == 0; });
  EXPECT_EQ("helloworld", asked().upload.got());
  client_.listen(true);
  runUntilOver();
  EXPECT_EQ(ECONNRESET, client_.error());
}

TEST_P(ClientExchangePaceTest, AClientWhoTakesNothingIsResetThoughItsUploadGoesOn) {
  settings_.bodyTimeout = milliseconds(200);
  settings_.bodyMinimum = 1;
  answerWith(takeBodyAnd(large(8 * kMega)));
  clientComes(kTiny);
  client_.listen(false);
  client_.say(kPostChunks);
  runUntil([&] {
    client_.say("1\r\nx\r\n");
    return handler_.count() == 1 && sessions_->size() == 0;
  });
  EXPECT_GT(asked().upload.got().size(), 1U);
  EXPECT_EQ(1U, read(Metric::kSessionsStalled));
  client_.listen(true);
  runUntilOver();
  EXPECT_EQ(ECONNRESET, client_.error());
}

#ifdef __linux__
// A third of a large buffer has to be free until the socket is writable again.
TEST_P(ClientExchangePaceTest, AClientWhoTakesLessThanItsSocketTellsOfIsOnlySlow) {
  settings_.bodyTimeout = milliseconds(250);
  answerWith(large(32 * kMega));
  clientComes(0, 1400);
  client_.listen(false);
  client_.say(kGet);
  runUntilAsked();
  milliseconds next = monotonicNow();
  const milliseconds until = next + 5 * settings_.bodyTimeout;
  runUntil([&] {
    if (monotonicNow() >= next) {
      client_.listen(true);
      client_.work(std::size_t{32} * 1024);
      client_.listen(false);
      next += settings_.bodyTimeout / 10;
    }
    return monotonicNow() > until;
  });
  ASSERT_NE(nullptr, asked().exchange) << "the exchange was ended by a deadline";
}
#endif

TEST_P(ClientExchangePaceTest, AClientWhoTookNewsLateOwesNothing) {
  settings_.bodyTimeout = milliseconds(100);
  // The first answer fills the socket, so that news of the second have to wait.
  const std::string large = pattern(2 * kMega);
  clientComes(kTiny);
  client_.say(kGet + kGet);
  runUntilAsked();
  asked().body.reads(large);
  asked().respondWith(SizedBody{large.size()});
  runUntilAsked(2);
  client_.listen(false);
  for (int i = 0; i < 500 && asked(1).exchange != nullptr; ++i) asked(1).inform();
  client_.listen(true);
  runTurns(5);
  runFor(milliseconds(250));
  ASSERT_NE(nullptr, asked(1).exchange) << "the exchange was ended by a deadline";
  asked(1).respond(200, "hello");
  runUntil([&] { return client_.heard().ends_with("hello"); });
}

}  // namespace
}  // namespace proxy::http1
