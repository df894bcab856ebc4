#include "http1/client_exchange.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "session_fixture.h"
#include "support/pattern.h"
#include "support/peer.h"

namespace proxy::http1 {
namespace {

using http::BodyUntilEnd;
using http::ChunkedBody;
using http::Problem;
using http::SizedBody;
using support::pattern;
using support::Peer;
using support::same;
using testing::HasSubstr;
using testing::StartsWith;

class ClientExchangeTest : public SessionFixture {};

INSTANTIATE_TEST_SUITE_P(Lanes, ClientExchangeTest, testing::ValuesIn(support::lanes()),
                         support::laneName);

TEST_P(ClientExchangeTest, AnswersWithinTheCallOrLater) {
  for (const bool later : {false, true}) {
    SCOPED_TRACE(later ? "later" : "within");
    const std::size_t before = handler_.count();
    if (!later) answerWith(hello);
    if (later) answerWith({});
    clientSays(get("/a?b"));
    runUntilAsked(before + 1);
    if (later) {
      runTurns(3);
      EXPECT_EQ("", client_.heard());
      handler_.last().respond(200, "hello");
    }
    runUntilAnswered();
    EXPECT_EQ("GET", handler_.last().method);
    EXPECT_EQ("/a?b", handler_.last().target);
    const Message answer = answers().at(0);
    EXPECT_THAT(answer.head, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_TRUE(answer.names("Date"));
    EXPECT_TRUE(answer.says("Via: 1.1 proxy"));
    EXPECT_FALSE(answer.names("Connection"));
    EXPECT_EQ("hello", answer.body);
    clientLeaves();
  }
  EXPECT_EQ(2U, read(Metric::kRequests));
  EXPECT_EQ(2U, read(Metric::kSessionsDone));
  EXPECT_EQ(2U, worker_.sessionsEnded());
}

TEST_P(ClientExchangeTest, TellsTheHandlerWhoAsks) {
  clientSays(get("http://example.org:8080/x?y"));
  runUntilAsked();
  http::Exchange& it = *asked().exchange;
  EXPECT_EQ("127.0.0.1", it.client().address);
  EXPECT_FALSE(it.client().isV6);
  EXPECT_EQ("http", it.client().scheme);
  EXPECT_EQ(http::TargetForm::kAbsolute, it.target().form);
  EXPECT_EQ("example.org:8080", it.target().authority);
  EXPECT_EQ("/x?y", it.target().path);
  EXPECT_EQ(nullptr, it.body());
  EXPECT_TRUE(it.framing().keepAlive);
}

TEST_P(ClientExchangeTest, SendsLargeAnswersThroughTinyBuffers) {
  const std::string large = pattern(3 * kMega);
  for (const bool moved : {false, true}) {
    answerWith([&](Asked& it) {
      moved ? it.body.moves(large) : it.body.reads(large);
      it.respondWith(SizedBody{large.size()});
    });
    clientComes(kTiny);
    client_.say(kGet).thenEnd();
    runUntilOver();
    EXPECT_TRUE(same(large, answers().at(0).body));
  }
}

TEST_P(ClientExchangeTest, ChunksWhatHasNoSizeAndEndsTheConnectionForOldClients) {
  for (const http::BodyLength& length :
       {http::BodyLength(ChunkedBody{}), http::BodyLength(BodyUntilEnd{})}) {
    answerWith([&](Asked& it) {
      it.body.reads("hello ").moves("world").trails("X-Sum", "7");
      it.respondWith(length);
    });
    clientSays(kGet);
    runUntilAnswered();
    EXPECT_THAT(client_.heard(), HasSubstr("Transfer-Encoding: chunked\r\n"));
    EXPECT_THAT(client_.heard(), testing::EndsWith("0\r\nX-Sum: 7\r\n\r\n"));
    EXPECT_EQ("hello world", answers()[0].body);
    clientLeaves();

    clientSays("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    runUntilOver();
    EXPECT_TRUE(client_.heardEnd());
    EXPECT_FALSE(answers()[0].names("Transfer-Encoding"));
    EXPECT_TRUE(answers()[0].says("Connection: close"));
    EXPECT_EQ("hello world", answers()[0].body);
  }
}

TEST_P(ClientExchangeTest, SendsWhatComesLaterWhenItComes) {
  clientSays(kGet);
  runUntilAsked();
  asked().body.pauses().reads("hello").pauses().reads("world");
  asked().respondWith(ChunkedBody{});
  EXPECT_TRUE(asked().body.attached());
  runUntil([&] { return client_.heard().ends_with("\r\n\r\n"); });
  asked().body.goOn();
  runUntil([&] { return client_.heard().ends_with("5\r\nhello\r\n"); });
  asked().body.goOn();
  runUntilAnswered();
  EXPECT_EQ("helloworld", answers()[0].body);
}

TEST_P(ClientExchangeTest, InformsClientsWhoUnderstandIt) {
  for (const std::string version : {"1.1", "1.0"}) {
    for (const bool within : {false, true}) {
      SCOPED_TRACE(version + (within ? " within" : " later"));
      const std::size_t before = handler_.count();
      const auto react = [](Asked& it) {
        it.inform(100);
        it.inform(103);
        it.respond(200, "hello");
      };
      within ? answerWith(react) : answerWith({});
      clientSays("GET / HTTP/" + version + "\r\nHost: h\r\n\r\n");
      runUntilAsked(before + 1);
      if (!within) react(handler_.last());
      runUntilAnswered(version == "1.1" ? 3 : 1);
      const auto all = answers();
      EXPECT_EQ(200, all.back().status());
      EXPECT_EQ("hello", all.back().body);
      if (version == "1.1") {
        EXPECT_EQ(100, all[0].status());
        EXPECT_EQ(103, all[1].status());
        EXPECT_FALSE(all[1].names("Connection"));
        EXPECT_FALSE(all[1].names("Content-Length"));
      }
      clientLeaves();
    }
  }
}

TEST_P(ClientExchangeTest, NewsThatAClientDoesNotTakeDoNotPileUp) {
  clientComes(kTiny);
  client_.listen(false);
  client_.say(kGet);
  runUntilAsked();
  const std::string value(10'000, 'v');
  const http::Field field{.name = "Link", .value = value, .known = http::Name::kOther};
  http::ResponseHead head = Asked::head(103);
  head.fields = {&field, 1};
  for (int i = 0; i < 1000; ++i) asked().exchange->inform(head);
  EXPECT_LT(worker_.pools().buffers().lentBytes(), kMega);
  asked().respond(200, "hello");
  client_.listen(true);
  runUntil([&] { return client_.heard().ends_with("\r\n\r\nhello"); });
  EXPECT_EQ(200, answers().back().status());
}

TEST_P(ClientExchangeTest, SaysWhyThereIsNoAnswer) {
  struct Row {
    Problem problem;
    int status;
    bool keeps;
  };
  for (const Row& row :
       {Row{Problem::kConnectionRefused, 502, true}, Row{Problem::kResponseTimeout, 504, true},
        Row{Problem::kUnavailable, 503, true}, Row{Problem::kConnectRefused, 403, false}}) {
    for (const bool within : {false, true}) {
      SCOPED_TRACE(testing::Message() << row.status << (within ? " within" : " later"));
      const std::size_t before = handler_.count();
      answerWith([&](Asked& it) {
        if (within) it.fail(row.problem);
      });
      clientSays(kGet + (row.keeps ? "" : kGet));
      runUntilAsked(before + 1);
      if (!within) handler_.last().fail(row.problem);
      runUntilAnswered();
      EXPECT_EQ(row.status, answers()[0].status());
      EXPECT_EQ(row.keeps ? "" : "close", answers()[0].value("Connection"));
      EXPECT_TRUE(answers()[0].names("Proxy-Status"));
      if (row.keeps) {
        answerWith([](Asked& it) { it.respond(200, "again"); });
        client_.say(kGet);
        runUntilAnswered(2);
        EXPECT_EQ("again", answers()[1].body);
        client_.thenEnd();
      }
      runUntil([&] { return client_.over(); });
      client_.thenEnd();
      runUntil([&] { return sessions_->size() == 0; });
      EXPECT_EQ(row.keeps ? 2U : 1U, answers().size());
    }
  }
}

TEST_P(ClientExchangeTest, AnAnswerThatCannotBeFinishedDoesNotLookWhole) {
  struct Row {
    std::string version;
    http::BodyLength length;
  };
  const Row rows[] = {{"1.1", SizedBody{100}},
                      {"1.1", ChunkedBody{}},
                      {"1.1", BodyUntilEnd{}},
                      {"1.0", BodyUntilEnd{}},
                      {"1.0", SizedBody{100}}};
  for (const Row& row : rows) {
    for (const bool bodyFails : {false, true}) {
      SCOPED_TRACE(testing::Message() << row.version << " " << row.length.index()
                                      << (bodyFails ? " body" : " fail()"));
      const std::size_t before = handler_.count();
      clientSays("GET / HTTP/" + row.version + "\r\nHost: h\r\n\r\n");
      runUntilAsked(before + 1);
      Asked& it = handler_.last();
      it.body.reads("hello").pauses();
      if (bodyFails) it.body.fails();
      it.respondWith(row.length);
      runUntil([&] { return client_.heard().find("hello") != std::string::npos; });
      bodyFails ? it.body.goOn() : it.fail(Problem::kResponseTimeout);
      runUntilOver();
      EXPECT_FALSE(client_.heard().ends_with("\r\n0\r\n\r\n"));
      EXPECT_THAT(client_.heard(), Not(HasSubstr("504")));
      const bool untilEnd = row.version == "1.0" && row.length.index() == 3;
      EXPECT_EQ(untilEnd ? ECONNRESET : 0, client_.error());
      EXPECT_FALSE(log_.entries.back().complete);
    }
  }
}

TEST_P(ClientExchangeTest, CancelsWhenTheClientResetsBeforeItsAnswer) {
  clientSays(kGet);
  runUntilAsked();
  client_.reset();
  runUntilOver();
  EXPECT_GE(asked().cancels, 1);
  EXPECT_EQ(1U, read(Metric::kSessionsReset));
  ASSERT_EQ(1U, log_.entries.size()) << "who left before there was an answer is written down too";
  EXPECT_EQ(0, log_.entries[0].status);
  EXPECT_FALSE(log_.entries[0].complete);
}

TEST_P(ClientExchangeTest, CancelsWhenTheClientResetsDuringItsAnswer) {
  clientSays(kGet);
  runUntilAsked();
  asked().body.reads("hello").pauses();
  asked().respondWith(SizedBody{100});
  runUntil([&] { return client_.heard().ends_with("hello"); });
  client_.reset();
  runUntilOver();
  EXPECT_GE(asked().cancels, 1);
  ASSERT_EQ(1U, log_.entries.size());
  EXPECT_EQ(200, log_.entries[0].status);
  EXPECT_FALSE(log_.entries[0].complete);
}

TEST_P(ClientExchangeTest, CancelsWhenTheClientHadResetBeforeItWasInformed) {
  answerWith([&](Asked& it) {
    client_.reset();
    it.inform();
    it.inform();
    it.inform();
  });
  clientSays(kGet);
  runUntilAsked();
  runUntilOver();
  EXPECT_GE(asked().cancels, 1);
}

TEST_P(ClientExchangeTest, AnswersAClientWhoHasSaidAllBeforeItEnds) {
  for (const bool soon : {false, true}) {
    const std::size_t before = handler_.count();
    answerWith([&](Asked& it) {
      if (soon) it.respond(200, "hello");
    });
    clientSays(kGet).thenEnd();
    runUntilAsked(before + 1);
    runTurns(5);
    if (!soon) handler_.last().respond(200, "hello");
    runUntilOver();
    EXPECT_EQ("hello", answers().at(0).body);
    EXPECT_TRUE(client_.heardEnd());
    EXPECT_EQ(0, client_.error());
  }
}

TEST_P(ClientExchangeTest, HandsTheConnectionOverWithWhatCameTooEarly) {
  for (const bool within : {false, true}) {
    for (const std::string early : {"", "early bytes"}) {
      SCOPED_TRACE(testing::Message() << within << early);
      const std::size_t before = handler_.count();
      const std::uint64_t ended = worker_.sessionsEnded();
      answerWith([&](Asked& it) {
        if (within) it.upgrade();
      });
      clientSays(get("/", "Connection: Upgrade\r\nUpgrade: x\r\n") + early);
      runUntilAsked(before + 1);
      if (!within) handler_.last().upgrade();
      runUntil([&] { return sessions_->size() == 0; });
      Asked& it = handler_.last();
      ASSERT_TRUE(it.client);
      EXPECT_EQ(early, it.early);
      EXPECT_EQ(ended, worker_.sessionsEnded()) << "it goes on elsewhere";
      runUntil([&] { return client_.heard().ends_with("\r\n\r\n"); });
      EXPECT_EQ(101, answers().at(0).status());
      EXPECT_TRUE(answers()[0].says("Connection: Upgrade"));
      // It is the handler's now: nobody else reads it.
      client_.sayNow("more");
      runTurns(3);
      Peer taken(std::move(it.client));
      taken.work();
      EXPECT_EQ("more", taken.heard());
      EXPECT_TRUE(it.destroyed);
      EXPECT_EQ(0U, worker_.pools().buffers().lentBytes());
    }
  }
}

TEST_P(ClientExchangeTest, ATunnelIsHandedOverToo) {
  clientSays("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n\x16\x03");
  runUntilAsked();
  EXPECT_EQ("example.org:443", asked().exchange->target().authority);
  asked().upgrade(200);
  runUntil([&] { return static_cast<bool>(asked().client); });
  EXPECT_EQ("\x16\x03", asked().early);
  runUntil([&] { return client_.heard().ends_with("\r\n\r\n"); });
  EXPECT_EQ(200, answers().at(0).status());
  EXPECT_FALSE(answers()[0].names("Content-Length"));
  EXPECT_FALSE(answers()[0].names("Transfer-Encoding"));
  EXPECT_FALSE(answers()[0].says("Connection: close"));
}

TEST_P(ClientExchangeTest, WritesDownWhatWasAskedAndAnswered) {
  answerWith([](Asked& it) {
    if (it.method == "POST") it.upload.begin(it.exchange->body());
    if (it.method == "GET") it.respond(404, "not here");
  });
  clientSays(get("/a"));
  runUntilAnswered();
  const std::size_t first = client_.heard().size();
  client_.say(post(4) + "body");
  runUntilAsked(2);
  runUntil([&] { return asked(1).upload.ended(); });
  asked(1).respond(200, "");
  runUntilAnswered(2);
  ASSERT_EQ(2U, log_.entries.size());
  const Log::Entry& one = log_.entries[0];
  EXPECT_EQ("GET", one.method);
  EXPECT_EQ("/a", one.target);
  EXPECT_EQ(404, one.status);
  EXPECT_EQ(first, one.sent);
  EXPECT_EQ(std::string_view("not here").size(), one.bodySent);
  EXPECT_EQ("", one.error);
  EXPECT_EQ(0U, one.received);
  EXPECT_TRUE(one.complete);
  EXPECT_FALSE(one.reused);
  const Log::Entry& two = log_.entries[1];
  EXPECT_EQ("POST", two.method);
  EXPECT_EQ(client_.heard().size() - first, two.sent);
  EXPECT_EQ(4U, two.received);
  EXPECT_TRUE(two.reused);
}

TEST_P(ClientExchangeTest, WritesDownNoMoreThanTheBeginningOfWhatIsNoRequest) {
  clientSays("GET /" + std::string(9000, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n");
  runUntilOver();
  ASSERT_EQ(1U, log_.entries.size());
  EXPECT_EQ("GET /" + std::string(251, 'x'), log_.entries[0].target);
}

TEST_P(ClientExchangeTest, WritesDownRequestsThatAreNone) {
  clientSays("nonsense\r\n\r\n");
  runUntilOver();
  ASSERT_EQ(1U, log_.entries.size());
  EXPECT_EQ("", log_.entries[0].method);
  EXPECT_EQ("nonsense", log_.entries[0].target);
  EXPECT_EQ(501, log_.entries[0].status);
  EXPECT_EQ(client_.heard().size(), log_.entries[0].sent);
  const std::string sentence = "The request's method is not known here.";
  EXPECT_EQ(sentence, log_.entries[0].error);
  EXPECT_EQ(sentence.size() + 1, log_.entries[0].bodySent);
}

}  // namespace
}  // namespace proxy::http1
