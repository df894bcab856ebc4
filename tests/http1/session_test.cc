#include "http1/session.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
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

constexpr std::size_t kMega = std::size_t{1024} * 1024;
constexpr int kTiny = 16 * 1024;
// A time that comes soon, and one that does not come in a test.
constexpr milliseconds kSoon{20};
constexpr milliseconds kNever{3'600'000};

const std::string kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

std::string get(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}
std::string post(std::size_t size) {
  return "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
}
const std::string kPostChunks = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

// An entry of the access log, kept.
struct Logged {
  std::string method;
  std::string target;
  int status;
  std::uint64_t sent;
  std::uint64_t received;
  bool complete;
  bool reused;
};

class Log final : public AccessLog {
 public:
  void write(const AccessEntry& it) override {
    entries.push_back({std::string(it.method), std::string(it.target), it.status, it.sent,
                       it.received, it.complete, it.reused});
  }
  std::vector<Logged> entries;
};

// A client, its session, and a handler that the test plays; the loop is run by the test.
class SessionTest : public testing::TestWithParam<support::Lane> {
 protected:
  SessionTest() {
    settings_.headTimeout = settings_.keepAliveTimeout = settings_.bodyTimeout = kNever;
  }
  ~SessionTest() override {
    if (!sessions_) return;
    sessions_->abort();
    runTurns(1);
  }

  /// Comes as from the acceptor.
  void clientComes(int bufferSize = 0, int segment = 0) {
    if (!sessions_) sessions_ = std::make_unique<Sessions>(worker_, settings_, handler_, &log_);
    auto [near, far] = support::tcpPair(bufferSize, segment);
    client_ = Peer(std::move(far));
    sessions_->serve({.socket = std::move(near), .peer = Address::boundTo(client_.fd())});
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
  Peer client_;
};

INSTANTIATE_TEST_SUITE_P(Lanes, SessionTest, testing::ValuesIn(support::lanes()),
                         support::laneName);

// One request

TEST_P(SessionTest, AnswersWithinTheCallOrLater) {
  for (const bool later : {false, true}) {
    SCOPED_TRACE(later ? "later" : "within");
    const std::size_t before = handler_.count();
    if (!later) answerWith([](Asked& it) { it.respond(200, "hello"); });
    if (later) answerWith({});
    clientComes();
    client_.say(get("/a?b"));
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
    client_.thenEnd();
    runUntilOver();
  }
  EXPECT_EQ(2U, read(Metric::kRequests));
  EXPECT_EQ(2U, read(Metric::kSessionsDone));
  EXPECT_EQ(2U, worker_.sessionsEnded());
}

TEST_P(SessionTest, TellsTheHandlerWhoAsks) {
  clientComes();
  client_.say(get("http://example.org:8080/x?y"));
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

TEST_P(SessionTest, TakesAHeadThatComesByteForByte) {
  answerWith([](Asked& it) { it.respond(200, "hello"); });
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
    clientComes();
    client_.say(row.request + kGet);
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

TEST_P(SessionTest, SendsLargeAnswersThroughTinyBuffers) {
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

TEST_P(SessionTest, ChunksWhatHasNoSizeAndEndsTheConnectionForOldClients) {
  for (const http::BodyLength& length :
       {http::BodyLength(ChunkedBody{}), http::BodyLength(BodyUntilEnd{})}) {
    answerWith([&](Asked& it) {
      it.body.reads("hello ").moves("world").trails("X-Sum", "7");
      it.respondWith(length);
    });
    clientComes();
    client_.say(kGet);
    runUntilAnswered();
    EXPECT_THAT(client_.heard(), HasSubstr("Transfer-Encoding: chunked\r\n"));
    EXPECT_THAT(client_.heard(), testing::EndsWith("0\r\nX-Sum: 7\r\n\r\n"));
    EXPECT_EQ("hello world", answers()[0].body);
    client_.thenEnd();
    runUntilOver();

    clientComes();
    client_.say("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    runUntilOver();
    EXPECT_TRUE(client_.heardEnd());
    EXPECT_FALSE(answers()[0].names("Transfer-Encoding"));
    EXPECT_TRUE(answers()[0].says("Connection: close"));
    EXPECT_EQ("hello world", answers()[0].body);
  }
}

TEST_P(SessionTest, SendsWhatComesLaterWhenItComes) {
  clientComes();
  client_.say(kGet);
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

TEST_P(SessionTest, InformsClientsWhoUnderstandIt) {
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
      clientComes();
      client_.say("GET / HTTP/" + version + "\r\nHost: h\r\n\r\n");
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
      client_.thenEnd();
      runUntilOver();
    }
  }
}

// One after the other

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
  answerWith([](Asked& it) { it.respond(200, it.target); });
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

TEST_P(SessionTest, BorrowsNothingBetweenTwoRequests) {
  answerWith([](Asked& it) { it.respond(200, "hello"); });
  clientComes();
  for (std::size_t i = 1; i <= 3; ++i) {
    client_.say(kGet);
    runUntilAnswered(i);
    runTurns(1);
    EXPECT_EQ(0U, worker_.pools().buffers().lentBytes());
    EXPECT_TRUE(asked(i - 1).destroyed);
  }
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
  answerWith([](Asked& it) { it.respond(200, "hello"); });
  for (const Row& row : rows) {
    SCOPED_TRACE(row.head);
    clientComes();
    client_.say(row.head);
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
  answerWith([](Asked& it) { it.respond(200, it.target); });
  clientComes();
  client_.say(get("/1") + get("/2") + get("/3") + get("/4") + get("/5"));
  runUntilOver();
  const auto all = answers();
  ASSERT_EQ(3U, all.size());
  EXPECT_FALSE(all[1].names("Connection"));
  EXPECT_TRUE(all[2].says("Connection: close"));
  EXPECT_EQ("/3", all[2].body);
  EXPECT_TRUE(client_.heardEnd());
  EXPECT_EQ(3U, handler_.count());
}

// Bodies of requests

TEST_P(SessionTest, HandsBodiesOverAndFindsTheNextRequestBehindThem) {
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{5000}, std::size_t{100'000}, 2 * kMega}) {
    for (const bool chunked : {false, true}) {
      SCOPED_TRACE(testing::Message() << size << (chunked ? " chunked" : ""));
      const std::size_t before = handler_.count();
      const std::string payload = pattern(size);
      answerWith([](Asked& it) { it.upload.begin(it.exchange->body()); });
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
      client_.thenEnd();
      runUntilOver();
      EXPECT_EQ(size, log_.entries.at(log_.entries.size() - 2).received);
    }
  }
}

TEST_P(SessionTest, TheHeadStaysReadableWhileTheBodyAndWhatIsBehindItCome) {
  // The head fills its buffer to nearly the end; what is read behind the last chunk is large.
  answerWith([](Asked& it) { it.upload.begin(it.exchange->body()); });
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
  answerWith([](Asked& it) { it.respond(200, it.target); });
  asked().respond(200, "first");
  runUntilAnswered(301);
  EXPECT_EQ("/299", answers()[300].body);
  EXPECT_EQ("/path", log_.entries.at(0).target);
}

TEST_P(SessionTest, AnAnswerInFrontOfTheWholeBodyEndsTheConnectionWithoutLoss) {
  const std::string large = pattern(kMega);
  for (const std::size_t pulled : {std::size_t{0}, std::size_t{100'000}}) {
    answerWith([&](Asked& it) {
      it.upload.stopAt(pulled);
      it.upload.begin(it.exchange->body());
      it.body.reads(large);
      it.respondWith(SizedBody{large.size()});
    });
    clientComes();
    client_.say(post(900'000) + pattern(900'000));
    runUntilOver();
    EXPECT_EQ(0, client_.error());
    EXPECT_TRUE(client_.heardEnd());
    ASSERT_EQ(1U, answers().size());
    EXPECT_TRUE(answers()[0].says("Connection: close"));
    EXPECT_TRUE(same(large, answers()[0].body));
  }
}

TEST_P(SessionTest, BodyAndAnswerMayMoveAtTheSameTime) {
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

TEST_P(SessionTest, RefusesBodiesThatAreTooLarge) {
  settings_.maxBody = 1000;
  answerWith([](Asked& it) {
    it.upload.begin(it.exchange->body());
    if (it.upload.ended()) it.respond(200, "taken");
  });
  clientComes();
  client_.say(post(1000) + pattern(1000));
  runUntilAsked();
  runUntil([&] { return asked().upload.ended(); });
  if (asked().exchange != nullptr && answers().empty()) asked().respond(200, "taken");
  runUntilAnswered();
  EXPECT_EQ("taken", answers()[0].body);
  client_.thenEnd();
  runUntilOver();

  clientComes();
  client_.say(post(1001) + pattern(1001));
  runUntilOver();
  EXPECT_EQ(413, answers().at(0).status());
  EXPECT_TRUE(answers()[0].whole);
  EXPECT_EQ(1U, handler_.count()) << "the handler was asked all the same";

  answerWith([](Asked& it) { it.upload.begin(it.exchange->body()); });
  clientComes();
  client_.say(kPostChunks + "3e9\r\n" + pattern(1001) + "\r\n0\r\n\r\n");
  runUntil([&] { return handler_.count() == 2 && handler_.last().upload.failed(); });
  handler_.last().fail(Problem::kBadRequest);
  runUntilOver();
  EXPECT_EQ(413, answers().at(0).status());
}

// When it goes wrong

TEST_P(SessionTest, SaysWhyThereIsNoAnswer) {
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
      clientComes();
      client_.say(kGet + (row.keeps ? "" : kGet));
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

TEST_P(SessionTest, AnAnswerThatCannotBeFinishedDoesNotLookWhole) {
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
      clientComes();
      client_.say("GET / HTTP/" + row.version + "\r\nHost: h\r\n\r\n");
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

TEST_P(SessionTest, CancelsWhenTheClientResetsBeforeItsAnswer) {
  clientComes();
  client_.say(kGet);
  runUntilAsked();
  client_.reset();
  runUntilOver();
  EXPECT_GE(asked().cancels, 1);
  EXPECT_EQ(1U, read(Metric::kSessionsReset));
  ASSERT_EQ(1U, log_.entries.size()) << "who left before there was an answer is written down too";
  EXPECT_EQ(0, log_.entries[0].status);
  EXPECT_FALSE(log_.entries[0].complete);
}

TEST_P(SessionTest, CancelsWhenTheClientResetsDuringItsAnswer) {
  clientComes();
  client_.say(kGet);
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

TEST_P(SessionTest, CancelsWhenTheClientLeavesDuringItsUpload) {
  for (const bool resets : {false, true}) {
    const std::size_t before = handler_.count();
    answerWith([](Asked& it) { it.upload.begin(it.exchange->body()); });
    clientComes();
    client_.say(post(1000) + "part");
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

TEST_P(SessionTest, CancelsWhenTheClientHadResetBeforeItWasInformed) {
  answerWith([&](Asked& it) {
    client_.reset();
    it.inform();
    it.inform();
    it.inform();
  });
  clientComes();
  client_.say(kGet);
  runUntilAsked();
  runUntilOver();
  EXPECT_GE(asked().cancels, 1);
}

TEST_P(SessionTest, AnswersAClientWhoHasSaidAllBeforeItEnds) {
  for (const bool soon : {false, true}) {
    const std::size_t before = handler_.count();
    answerWith([&](Asked& it) {
      if (soon) it.respond(200, "hello");
    });
    clientComes();
    client_.say(kGet).thenEnd();
    runUntilAsked(before + 1);
    runTurns(5);
    if (!soon) handler_.last().respond(200, "hello");
    runUntilOver();
    EXPECT_EQ("hello", answers().at(0).body);
    EXPECT_TRUE(client_.heardEnd());
    EXPECT_EQ(0, client_.error());
  }
}

TEST_P(SessionTest, DoesNotWaitForTheRestOfAHeadBehindTheClientsEnd) {
  clientComes();
  client_.say(kGet + "GET /rest").thenEnd();
  runUntilAsked();
  runTurns(5);
  asked().respond(200, "hello");
  runUntilOver();
  EXPECT_EQ(1U, answers().size());
}

TEST_P(SessionTest, EndsQuietlyWhenTheClientLeavesBetweenRequestsOrInAHead) {
  for (const char* said : {"", "GET", "GET / HTTP/1.1\r\nHost:"}) {
    clientComes();
    client_.say(said).thenEnd();
    runUntilOver();
    EXPECT_EQ("", client_.heard());
    EXPECT_TRUE(client_.heardEnd());
  }
}

// Time

TEST_P(SessionTest, AHeadThatDoesNotComeInTimeIsRefused) {
  settings_.headTimeout = kSoon;
  clientComes();
  client_.say("GET / HT");
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
  client_.thenEnd();
  runUntilOver();
}

TEST_P(SessionTest, AClientWhoSaysNothingLeavesQuietly) {
  settings_.headTimeout = kSoon;
  clientComes();
  runUntilOver();
  EXPECT_EQ("", client_.heard());
  EXPECT_TRUE(client_.heardEnd());
}

TEST_P(SessionTest, WaitsSoLongForTheNextRequest) {
  settings_.keepAliveTimeout = kSoon;
  answerWith([](Asked& it) { it.respond(200, "hello"); });
  clientComes();
  client_.say(kGet);
  runUntilOver();
  EXPECT_EQ(1U, answers().size());
  EXPECT_TRUE(client_.heardEnd());
}

TEST_P(SessionTest, WaitsAsLongAsTheHandlerLikes) {
  settings_.headTimeout = settings_.keepAliveTimeout = settings_.bodyTimeout = milliseconds(1);
  clientComes();
  client_.say(kGet);
  runUntilAsked();
  const milliseconds until = monotonicNow() + milliseconds(50);
  runUntil([&] { return monotonicNow() > until; });
  ASSERT_NE(nullptr, asked().exchange);
  asked().respond(200, "hello");
  runUntilOver();
  EXPECT_EQ("hello", answers().at(0).body);
}

TEST_P(SessionTest, ABodyThatStopsComingIsRefused) {
  settings_.bodyTimeout = kSoon;
  answerWith([](Asked& it) { it.upload.begin(it.exchange->body()); });
  clientComes();
  client_.say(post(1000) + "part");
  runUntilOver();
  EXPECT_EQ(408, answers().at(0).status());
  EXPECT_GE(asked().cancels, 1);
}

TEST_P(SessionTest, ABodyThatNobodyReadsHasNoTime) {
  settings_.bodyTimeout = kSoon;
  clientComes();
  client_.say(post(1000) + "part");
  runUntilAsked();
  const milliseconds until = monotonicNow() + milliseconds(60);
  runUntil([&] { return monotonicNow() > until; });
  EXPECT_EQ("", client_.heard());
  ASSERT_NE(nullptr, asked().exchange);
  asked().respond(200, "hello");
  runUntilOver();
}

TEST_P(SessionTest, AClientWhoTakesNothingIsReset) {
  settings_.bodyTimeout = milliseconds(50);
  answerWith([](Asked& it) {
    it.body.reads(pattern(8 * kMega));
    it.respondWith(SizedBody{8 * kMega});
  });
  clientComes(kTiny);
  client_.listen(false);
  client_.say(kGet);
  runUntil([&] { return sessions_ && handler_.count() == 1 && sessions_->size() == 0; });
  client_.listen(true);
  runUntilOver();
  EXPECT_EQ(ECONNRESET, client_.error());
  EXPECT_FALSE(log_.entries.at(0).complete);
}

TEST_P(SessionTest, AClientWhoTakesNothingIsResetThoughItsUploadHasEndedMeanwhile) {
  settings_.bodyTimeout = milliseconds(100);
  answerWith([](Asked& it) {
    it.upload.begin(it.exchange->body());
    it.body.reads(pattern(8 * kMega));
    it.respondWith(SizedBody{8 * kMega});
  });
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

TEST_P(SessionTest, ABodyThatTricklesIsRefusedAllTheSame) {
  settings_.bodyTimeout = milliseconds(60);
  settings_.bodyMinimum = 1U << 20;
  answerWith([](Asked& it) { it.upload.begin(it.exchange->body()); });
  for (const bool chunked : {false, true}) {
    SCOPED_TRACE(chunked ? "chunked" : "sized");
    clientComes();
    client_.say(chunked ? kPostChunks : post(kMega));
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

TEST_P(SessionTest, ABodyThatComesSlowlyButComesIsTaken) {
  settings_.bodyTimeout = milliseconds(200);
  settings_.bodyMinimum = 1;
  answerWith([](Asked& it) { it.upload.begin(it.exchange->body()); });
  clientComes();
  client_.say(kPostChunks);
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

TEST_P(SessionTest, ABodyHasNoTimeWhileItsReaderIsWaitedFor) {
  settings_.bodyTimeout = milliseconds(100);
  answerWith([](Asked& it) {
    it.upload.stopAt(50);
    it.upload.begin(it.exchange->body());
  });
  clientComes();
  client_.say(post(3000) + "part");
  runUntilAsked();  // the client is waited for ...
  client_.say(pattern(100));
  runUntil([&] { return asked().upload.got().size() > 50; });  // ... and is not any more
  const milliseconds until = monotonicNow() + 2 * settings_.bodyTimeout;
  runUntil([&] { return monotonicNow() > until; });
  EXPECT_EQ("", client_.heard());
  ASSERT_NE(nullptr, asked().exchange) << "the exchange was ended by a deadline";
  asked().upload.goOn();
  runUntilOver();
  EXPECT_EQ(408, answers().at(0).status()) << "now it is the client again";
}

TEST_P(SessionTest, AClientWhoTakesTooLittleIsReset) {
  settings_.bodyTimeout = milliseconds(100);
  settings_.bodyMinimum = 1U << 30;
  answerWith([](Asked& it) {
    it.body.reads(pattern(32 * kMega));
    it.respondWith(SizedBody{32 * kMega});
  });
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

TEST_P(SessionTest, AClientWhoTakesNothingIsResetThoughItsUploadGoesOn) {
  settings_.bodyTimeout = milliseconds(100);
  settings_.bodyMinimum = 1;
  answerWith([](Asked& it) {
    it.upload.begin(it.exchange->body());
    it.body.reads(pattern(8 * kMega));
    it.respondWith(SizedBody{8 * kMega});
  });
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
TEST_P(SessionTest, AClientWhoTakesLessThanItsSocketTellsOfIsOnlySlow) {
  settings_.bodyTimeout = milliseconds(250);
  answerWith([](Asked& it) {
    it.body.reads(pattern(32 * kMega));
    it.respondWith(SizedBody{32 * kMega});
  });
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

TEST_P(SessionTest, AClientWhoTookNewsLateOwesNothing) {
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
  const milliseconds until = monotonicNow() + milliseconds(250);
  runUntil([&] { return monotonicNow() > until; });
  ASSERT_NE(nullptr, asked(1).exchange) << "the exchange was ended by a deadline";
  asked(1).respond(200, "hello");
  runUntil([&] { return client_.heard().ends_with("hello"); });
}

TEST_P(SessionTest, NewsThatAClientDoesNotTakeDoNotPileUp) {
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

TEST_P(SessionTest, LingersOnlySoLongForAClientWhoGoesOn) {
  answerWith([](Asked& it) { it.respond(200, "hello"); });
  clientComes();
  client_.say("GET / HTTP/1.0\r\n\r\n");
  runUntilAnswered();
  // It never ends, but it says more than anybody listens to.
  client_.say(pattern(16 * kMega));
  runUntil([&] { return sessions_->size() == 0; });
  EXPECT_EQ("hello", answers()[0].body);
}

TEST_P(SessionTest, LingersOnlySoLongForAClientWhoStays) {
  answerWith([](Asked& it) { it.respond(200, "hello"); });
  clientComes();
  client_.say("GET / HTTP/1.0\r\n\r\n");
  runUntil([&] { return client_.heardEnd(); });
  runUntil([&] { return sessions_->size() == 0; });
  EXPECT_EQ(1U, read(Metric::kSessionsDone));
}

// Upgrades

TEST_P(SessionTest, HandsTheConnectionOverWithWhatCameTooEarly) {
  for (const bool within : {false, true}) {
    for (const std::string early : {"", "early bytes"}) {
      SCOPED_TRACE(testing::Message() << within << early);
      const std::size_t before = handler_.count();
      const std::uint64_t ended = worker_.sessionsEnded();
      answerWith([&](Asked& it) {
        if (within) it.upgrade();
      });
      clientComes();
      client_.say(get("/", "Connection: Upgrade\r\nUpgrade: x\r\n") + early);
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

TEST_P(SessionTest, ATunnelIsHandedOverToo) {
  clientComes();
  client_.say("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n\x16\x03");
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

// Stopping

TEST_P(SessionTest, DrainedItEndsAtOnceWhereNothingIsUnderWay) {
  clientComes();
  runTurns(2);
  sessions_->drain();
  runUntilOver();
  EXPECT_EQ("", client_.heard());
  EXPECT_TRUE(client_.heardEnd());

  answerWith([](Asked& it) { it.respond(200, "hello"); });
  clientComes();
  client_.say(kGet);
  runUntilAnswered();
  sessions_->drain();
  runUntilOver();
  EXPECT_EQ(1U, answers().size());
  EXPECT_TRUE(client_.heardEnd());
}

TEST_P(SessionTest, DrainedItStillAnswersWhoHasBegun) {
  answerWith([](Asked& it) { it.respond(200, "hello"); });
  clientComes();
  client_.say("GET / HTTP/1.1\r\n");
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
  clientComes();
  client_.say(kGet + kGet);
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
  clientComes();
  client_.say(kGet + kGet);
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
  answerWith([](Asked& it) { it.respond(200, "hello"); });
  clientComes();
  client_.say("GET / HTTP/1.0\r\n\r\n");
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

// The access log

TEST_P(SessionTest, WritesDownWhatWasAskedAndAnswered) {
  answerWith([](Asked& it) {
    if (it.method == "POST") it.upload.begin(it.exchange->body());
    if (it.method == "GET") it.respond(404, "not here");
  });
  clientComes();
  client_.say(get("/a"));
  runUntilAnswered();
  const std::size_t first = client_.heard().size();
  client_.say(post(4) + "body");
  runUntilAsked(2);
  runUntil([&] { return asked(1).upload.ended(); });
  asked(1).respond(200, "");
  runUntilAnswered(2);
  ASSERT_EQ(2U, log_.entries.size());
  const Logged& one = log_.entries[0];
  EXPECT_EQ("GET", one.method);
  EXPECT_EQ("/a", one.target);
  EXPECT_EQ(404, one.status);
  EXPECT_EQ(first, one.sent);
  EXPECT_EQ(0U, one.received);
  EXPECT_TRUE(one.complete);
  EXPECT_FALSE(one.reused);
  const Logged& two = log_.entries[1];
  EXPECT_EQ("POST", two.method);
  EXPECT_EQ(client_.heard().size() - first, two.sent);
  EXPECT_EQ(4U, two.received);
  EXPECT_TRUE(two.reused);
}

TEST_P(SessionTest, WritesDownRequestsThatAreNone) {
  clientComes();
  client_.say("nonsense\r\n\r\n");
  runUntilOver();
  ASSERT_EQ(1U, log_.entries.size());
  EXPECT_EQ("", log_.entries[0].method);
  EXPECT_EQ(501, log_.entries[0].status);
  EXPECT_EQ(client_.heard().size(), log_.entries[0].sent);
}

}  // namespace
}  // namespace proxy::http1
