#include <cstddef>
#include <cstdio>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http1/client_exchange.h"
#include "session_fixture.h"
#include "support/pattern.h"

namespace proxy::http1 {
namespace {

using http::Problem;
using http::SizedBody;
using support::pattern;
using support::same;

class ClientExchangeBodyTest : public SessionFixture {};

INSTANTIATE_TEST_SUITE_P(Lanes, ClientExchangeBodyTest, testing::ValuesIn(support::lanes()),
                         support::laneName);

TEST_P(ClientExchangeBodyTest, HandsBodiesOverAndFindsTheNextRequestBehindThem) {
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{5000}, std::size_t{100'000}, 2 * kMega}) {
    for (const bool chunked : {false, true}) {
      SCOPED_TRACE(testing::Message() << size << (chunked ? " chunked" : ""));
      const std::size_t before = handler_.count();
      const std::string payload = pattern(size);
      answerWith(takeBody);
      clientComes();
      char line[20];
      std::snprintf(line, sizeof line, "%zx\r\n", size);
      client_.say(chunked ? kPostChunks + line + payload + "\r\n0\r\nX-A: b\r\n\r\n"
                          : post(size) + payload);
      client_.say(kGet);
      runUntil([&] { return handler_.count() > before && handler_.at(before).upload.ended(); });
      EXPECT_TRUE(same(payload, handler_.at(before).upload.got()));
      runTurns(2);
      EXPECT_EQ(before + 1, handler_.count());
      handler_.at(before).respond(200, "first");
      runUntilAsked(before + 2);
      EXPECT_EQ("GET", handler_.last().method);
      EXPECT_EQ(nullptr, handler_.last().exchange->body());
      handler_.last().respond(200, "second");
      runUntilAnswered(2);
      EXPECT_EQ("second", answers()[1].body);
      clientLeaves();
      EXPECT_EQ(size, log_.entries.at(log_.entries.size() - 2).received);
    }
  }
}

TEST_P(ClientExchangeBodyTest, TheHeadStaysReadableWhileTheBodyAndWhatIsBehindItCome) {
  // The head fills its buffer to nearly the end; what is read behind the last chunk is large.
  answerWith(takeBody);
  clientComes();
  const std::string fields = "X-Long: " + std::string(3900, 'l') + "\r\n";
  client_.say("POST /path HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n" + fields + "\r\n");
  runUntilAsked();
  std::string next;
  for (int i = 0; i < 300; ++i) next += get(std::string("/").append(std::to_string(i)));
  client_.say("5\r\nhello\r\n0\r\n\r\n" + next);
  runUntil([&] { return asked().upload.ended(); });
  runTurns(3);
  EXPECT_EQ("POST", asked().exchange->request().method);
  EXPECT_EQ("/path", asked().exchange->request().target);
  EXPECT_EQ("/path", asked().exchange->target().path);
  EXPECT_EQ(std::string(3900, 'l'), asked().exchange->request().fields[2].value);
  answerWith(itsTarget);
  asked().respond(200, "first");
  runUntilAnswered(301);
  EXPECT_EQ("/299", answers()[300].body);
  EXPECT_EQ("/path", log_.entries.at(0).target);
}

TEST_P(ClientExchangeBodyTest, AnAnswerInFrontOfTheWholeBodyEndsTheConnectionWithoutLoss) {
  const std::string large = pattern(kMega);
  for (const std::size_t pulled : {std::size_t{0}, std::size_t{100'000}}) {
    answerWith([&](Asked& it) {
      it.upload.stopAt(pulled);
      it.upload.begin(it.exchange->body());
      it.body.reads(large);
      it.respondWith(SizedBody{large.size()});
    });
    clientSays(post(900'000) + pattern(900'000));
    runUntilOver();
    EXPECT_EQ(0, client_.error());
    EXPECT_TRUE(client_.heardEnd());
    ASSERT_EQ(1U, answers().size());
    EXPECT_TRUE(answers()[0].says("Connection: close"));
    EXPECT_TRUE(same(large, answers()[0].body));
  }
}

TEST_P(ClientExchangeBodyTest, BodyAndAnswerMayMoveAtTheSameTime) {
  const std::string up = pattern(3 * kMega, 1);
  const std::string down = pattern(3 * kMega, 2);
  answerWith([&](Asked& it) {
    it.upload.begin(it.exchange->body());
    it.body.reads(down);
    it.respondWith(SizedBody{down.size()});
  });
  clientComes(kTiny);
  client_.say(post(up.size()) + up);
  runUntilAnswered();
  runUntil([&] { return asked().upload.ended() || asked().exchange == nullptr; });
  EXPECT_TRUE(same(down, answers()[0].body));
}

TEST_P(ClientExchangeBodyTest, RefusesBodiesThatAreTooLarge) {
  settings_.maxBody = 1000;
  answerWith([](Asked& it) {
    it.upload.begin(it.exchange->body());
    if (it.upload.ended()) it.respond(200, "taken");
  });
  clientSays(post(1000) + pattern(1000));
  runUntilAsked();
  runUntil([&] { return asked().upload.ended(); });
  if (asked().exchange != nullptr && answers().empty()) asked().respond(200, "taken");
  runUntilAnswered();
  EXPECT_EQ("taken", answers()[0].body);
  clientLeaves();

  clientSays(post(1001) + pattern(1001));
  runUntilOver();
  EXPECT_EQ(413, answers().at(0).status());
  EXPECT_TRUE(answers()[0].whole);
  EXPECT_EQ(1U, handler_.count()) << "the handler was asked all the same";

  answerWith(takeBody);
  clientSays(kPostChunks + "3e9\r\n" + pattern(1001) + "\r\n0\r\n\r\n");
  runUntil([&] { return handler_.count() == 2 && handler_.last().upload.failed(); });
  handler_.last().fail(Problem::kBadRequest);
  runUntilOver();
  EXPECT_EQ(413, answers().at(0).status());
}

TEST_P(ClientExchangeBodyTest, CancelsWhenTheClientLeavesDuringItsUpload) {
  for (const bool resets : {false, true}) {
    const std::size_t before = handler_.count();
    answerWith(takeBody);
    clientSays(post(1000) + "part");
    runUntilAsked(before + 1);
    resets ? client_.reset() : client_.endNow();
    runUntil([&] { return handler_.last().upload.failed(); });
    ASSERT_NE(nullptr, handler_.last().exchange);
    handler_.last().fail(Problem::kBadRequest);
    runUntilOver();
    if (!resets) {
      EXPECT_EQ(400, answers().at(0).status());
    }
  }
}

}  // namespace
}  // namespace proxy::http1
