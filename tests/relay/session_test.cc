#include "relay/session.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "relay/service.h"
#include "support/descriptor_limit.h"
#include "support/held_connect.h"
#include "support/kernel_refusal.h"
#include "support/lane.h"
#include "support/loop_run.h"
#include "support/pattern.h"
#include "support/peer.h"
#include "support/refused_watches.h"
#include "support/signal_disposition.h"
#include "support/standard_error.h"
#include "support/temporary_directory.h"
#include "support/upstream.h"

namespace proxy::relay {
namespace {

using support::beginsWith;
using support::pattern;
using support::Peer;
using support::same;
using testing::AnyOf;

constexpr std::size_t kMega = std::size_t{1024} * 1024;
constexpr int kTiny = 16 * 1024;

// One client, one service and one upstream; the loop is run by the test.
class SessionTest : public testing::TestWithParam<std::tuple<socksplice::Lane, std::string>> {
 protected:
  void serveWith(const Settings& settings) {
    service_ = std::make_unique<RelayService>(worker_, settings);
  }

  /// One remote with these addresses.
  void carryTo(std::vector<Address> addresses) {
    if (!service_) serveWith({});
    const RemoteList list = {{.name = "remote", .addresses = std::move(addresses)}};
    service_->update(std::make_shared<const RemoteList>(list));
  }

  /// Comes as from the acceptor. What `speaks` does is done before the session begins.
  void clientComes(const std::function<void(Peer&)>& speaks = {}, int bufferSize = 0) {
    auto [near, far] = support::tcpPair(bufferSize);
    client_ = Peer(std::move(far));
    if (speaks) speaks(client_);
    service_->serve({.socket = std::move(near), .peer = Address::boundTo(client_.fd())});
  }

  void runUntil(const std::function<bool()>& holds) {
    ASSERT_TRUE(support::runUntil(worker_.loop(), [&] {
      if (!upstream_) upstream_ = listening_.accept();
      client_.work();
      if (upstream_) upstream_->work();
      return holds();
    })) << "the session hangs";
  }
  void runUntilJoined() {
    runUntil([&] { return upstream_.has_value(); });
  }
  /// The session is over, and both peers know it.
  void runUntilOver() {
    runUntil([&] {
      return service_->size() == 0 && (client_.fd() < 0 || client_.over()) &&
             (!upstream_ || upstream_->fd() < 0 || upstream_->over());
    });
  }
  void runTurns(int count) {
    runUntil([&] { return --count < 0; });
  }

  std::uint64_t read(Metric metric) const { return worker_.metrics().read(metric); }
  void expectOver(Metric reason) {
    EXPECT_EQ(0U, service_->size());
    EXPECT_EQ(1U, read(reason));
    EXPECT_EQ(1U, worker_.sessionsEnded());
    EXPECT_EQ(0U, worker_.pools().pipes().lent());
    EXPECT_EQ(0U, worker_.pools().buffers().lentBytes());
  }

  const support::SignalDisposition ignored_{SIGPIPE, SIG_IGN};
  support::Upstream listening_;
  Worker worker_{0,
                 {.method = std::get<1>(GetParam()), .pools = {.lane = std::get<0>(GetParam())}}};
  std::unique_ptr<RelayService> service_;
  Peer client_;
  std::optional<Peer> upstream_;
  std::unique_ptr<support::DescriptorLimit> none_;
};

std::string sessionName(const testing::TestParamInfo<SessionTest::ParamType>& info) {
  return support::nameOf(std::get<0>(info.param)) + std::get<1>(info.param);
}

INSTANTIATE_TEST_SUITE_P(Lanes, SessionTest,
                         testing::Combine(testing::ValuesIn(support::lanes()),
                                          testing::ValuesIn(EventLoop::methods())),
                         sessionName);

TEST_P(SessionTest, CarriesBothWaysUntilBothHaveEnded) {
  carryTo({listening_.address()});
  const std::string up = pattern(3 * kMega, 1);
  const std::string down = pattern(3 * kMega + 1, 2);
  clientComes();
  client_.say(up).thenEnd();
  runUntilJoined();
  upstream_->say(down).thenEnd();
  runUntilOver();
  EXPECT_TRUE(same(up, upstream_->heard()));
  EXPECT_TRUE(same(down, client_.heard()));
  EXPECT_TRUE(client_.heardEnd());
  expectOver(Metric::kSessionsDone);
  EXPECT_EQ(up.size(), read(Metric::kBytesFromClients));
  EXPECT_EQ(down.size(), read(Metric::kBytesFromUpstreams));
  const bool splices = socksplice::kZeroCopy && std::get<0>(GetParam()) != socksplice::Lane::kCopy;
  EXPECT_EQ(splices, read(Metric::kBytesSpliced) > 0);
  EXPECT_EQ(1U, read(Metric::kConnectsTried));
  EXPECT_EQ(0U, read(Metric::kConnectsFailed));
}

TEST_P(SessionTest, CarriesStreamsThroughTinyBuffers) {
  carryTo({listening_.address()});
  const std::string up = pattern(kMega, 1);
  const std::string down = pattern(kMega, 2);
  clientComes({}, kTiny);
  client_.say(up).thenEnd();
  runUntilJoined();
  upstream_->say(down).thenEnd();
  runUntilOver();
  EXPECT_TRUE(same(up, upstream_->heard()));
  EXPECT_TRUE(same(down, client_.heard()));
}

TEST_P(SessionTest, PassesHalfClosesOn) {
  carryTo({listening_.address()});
  clientComes();
  client_.say("question").thenEnd();
  runUntil([&] { return upstream_ && upstream_->heardEnd(); });
  EXPECT_EQ("question", upstream_->heard());
  EXPECT_EQ(1U, service_->size());
  upstream_->say("answer").thenEnd();
  runUntilOver();
  EXPECT_EQ("answer", client_.heard());
  expectOver(Metric::kSessionsDone);
}

TEST_P(SessionTest, KeepsWhatTheClientSaidAndHowItEndedBeforeThereWasAnUpstream) {
  carryTo({listening_.address()});
  clientComes([](Peer& client) {
    client.sayNow("early");
    client.endNow();
  });
  runUntil([&] { return upstream_ && upstream_->heardEnd(); });
  EXPECT_EQ("early", upstream_->heard());
  upstream_->thenEnd();
  runUntilOver();
  expectOver(Metric::kSessionsDone);
}

TEST_P(SessionTest, HoldsOnlySoMuchForAnUpstreamThatDoesNotListen) {
  carryTo({listening_.address()});
  clientComes();
  runUntilJoined();
  upstream_->listen(false);
  const std::string up = pattern(32 * kMega);
  client_.say(up);
  // The client is stuck: it can send no more for many turns.
  std::size_t said = 0;
  int still = 0;
  runUntil([&] {
    still = client_.said() == said ? still + 1 : 0;
    said = client_.said();
    return still == 200;
  });
  EXPECT_LT(said, up.size());
  upstream_->listen(true);
  client_.thenEnd();
  runUntil([&] { return upstream_->heardEnd(); });
  EXPECT_TRUE(same(up, upstream_->heard()));
}

TEST_P(SessionTest, GoesOnToTheNextAddressWhenOneRefuses) {
  const support::RefusingPort refusing;
  const support::TemporaryDirectory directory;
  carryTo({refusing.address(), *Address::atPath(directory.at("nobody")), listening_.address()});
  clientComes();
  client_.say("hello").thenEnd();
  runUntil([&] { return upstream_ && upstream_->heardEnd(); });
  EXPECT_EQ("hello", upstream_->heard());
  EXPECT_EQ(3U, read(Metric::kConnectsTried));
  EXPECT_EQ(2U, read(Metric::kConnectsFailed));
}

TEST_P(SessionTest, GoesOnToTheNextAddressWhenOneDoesNotAnswer) {
  const support::FullBacklog silent(*Address::literal("127.0.0.1", 0));
  serveWith({.socket = {}, .connectTimeout = milliseconds(20)});
  carryTo({silent.address(), listening_.address()});
  clientComes();
  client_.say("hello").thenEnd();
  runUntil([&] { return upstream_ && upstream_->heardEnd(); });
  EXPECT_EQ("hello", upstream_->heard());
  EXPECT_EQ(1U, read(Metric::kConnectsFailed));
}

TEST_P(SessionTest, ResetsAClientForWhomThereIsNoUpstream) {
  const support::RefusingPort one;
  const support::RefusingPort two;
  carryTo({one.address(), two.address()});
  clientComes();
  runUntilOver();
  EXPECT_EQ(ECONNRESET, client_.error());
  expectOver(Metric::kSessionsRefused);
  EXPECT_EQ(2U, read(Metric::kConnectsTried));
  EXPECT_EQ(2U, read(Metric::kConnectsFailed));
}

TEST_P(SessionTest, ResetsAClientWhoseUpstreamsDoNotAnswer) {
  const support::FullBacklog silent(*Address::literal("127.0.0.1", 0));
  serveWith({.socket = {}, .connectTimeout = milliseconds(20)});
  carryTo({silent.address()});
  clientComes();
  runUntilOver();
  EXPECT_EQ(ECONNRESET, client_.error());
  expectOver(Metric::kSessionsRefused);
}

TEST_P(SessionTest, TriesAPathAgainWhoseBacklogIsFull) {
  const support::TemporaryDirectory directory;
  support::FullBacklog busy(*Address::atPath(directory.at("busy")));
  carryTo({busy.address()});
  clientComes();
  client_.say("hello").thenEnd();
  runTurns(10);
  EXPECT_EQ(1U, service_->size());
  const auto first = busy.accept();
  runUntil([&] { return read(Metric::kBytesFromClients) == 5; });
  Peer peer(busy.accept());
  peer.work();
  EXPECT_EQ("hello", peer.heard());
  EXPECT_EQ(1U, read(Metric::kConnectsTried));
  EXPECT_EQ(0U, read(Metric::kConnectsFailed));
}

TEST_P(SessionTest, TriesAgainWhileDescriptorsHaveRunOut) {
  carryTo({listening_.address()});
  clientComes([&](Peer&) { none_ = std::make_unique<support::DescriptorLimit>(); });
  client_.say("hello").thenEnd();
  runTurns(10);
  EXPECT_EQ(1U, service_->size());
  EXPECT_EQ(0U, read(Metric::kConnectsTried));
  EXPECT_GT(read(Metric::kConnectsDelayed), 0U);
  none_->lift();
  runUntil([&] { return upstream_ && upstream_->heardEnd(); });
  EXPECT_EQ("hello", upstream_->heard());
}

TEST_P(SessionTest, GivesUpWhenDescriptorsHaveRunOutForTooLong) {
  serveWith({.socket = {}, .connectTimeout = milliseconds(20)});
  carryTo({listening_.address()});
  clientComes([&](Peer&) { none_ = std::make_unique<support::DescriptorLimit>(); });
  runUntilOver();
  none_->lift();
  EXPECT_EQ(ECONNRESET, client_.error());
  expectOver(Metric::kSessionsRefused);
}

TEST_P(SessionTest, ResetsBothWhenNothingMovesForTooLong) {
  serveWith({.socket = {}, .idleTimeout = milliseconds(30)});
  carryTo({listening_.address()});
  clientComes();
  runUntilJoined();
  runUntilOver();
  EXPECT_EQ(ECONNRESET, client_.error());
  EXPECT_EQ(ECONNRESET, upstream_->error());
  expectOver(Metric::kSessionsIdle);
}

TEST_P(SessionTest, PassesAResetOfTheClientOnAfterItsBytes) {
  carryTo({listening_.address()});
  clientComes();
  runUntilJoined();
  const std::string bytes = pattern(50'000);
  client_.sayNow(bytes);
  client_.reset();
  runUntilOver();
  EXPECT_TRUE(same(bytes, upstream_->heard()));
  EXPECT_EQ(ECONNRESET, upstream_->error());
  expectOver(Metric::kSessionsReset);
}

TEST_P(SessionTest, PassesAResetOfTheUpstreamOnAfterItsBytes) {
  carryTo({listening_.address()});
  clientComes();
  runUntilJoined();
  const std::string bytes = pattern(50'000);
  upstream_->sayNow(bytes);
  upstream_->reset();
  runUntilOver();
  EXPECT_TRUE(same(bytes, client_.heard()));
  EXPECT_EQ(ECONNRESET, client_.error());
  expectOver(Metric::kSessionsReset);
}

TEST_P(SessionTest, PassesAResetOnThatCameBeforeThereWasAnUpstream) {
  carryTo({listening_.address()});
  clientComes([](Peer& client) {
    client.sayNow("early");
    client.reset();
  });
  runUntilOver();
  ASSERT_TRUE(upstream_);
  EXPECT_EQ("early", upstream_->heard());
  EXPECT_EQ(ECONNRESET, upstream_->error());
  expectOver(Metric::kSessionsReset);
}

TEST_P(SessionTest, DeliversWhatAnUpstreamSaidThatResetBeforeWeNoticedThatItStood) {
  const std::string bytes = pattern(50'000);
  const auto speakAndReset = [&] {
    upstream_ = listening_.accept();
    ASSERT_TRUE(upstream_);
    upstream_->sayNow(bytes);
    upstream_->reset();
  };
  std::optional<support::HeldConnect> held;
  carryTo({listening_.address()});
  clientComes([&](Peer&) { held.emplace(speakAndReset); });
  runUntilOver();
  EXPECT_TRUE(same(bytes, client_.heard()));
  EXPECT_EQ(ECONNRESET, client_.error());
  expectOver(Metric::kSessionsReset);
  EXPECT_EQ(0U, read(Metric::kConnectsFailed));
}

TEST_P(SessionTest, HoldsAResetBackUntilASlowClientHasTheLastBytes) {
  carryTo({listening_.address()});
  clientComes({}, kTiny);
  client_.listen(false);
  runUntilJoined();
  const std::string bytes = pattern(300'000);
  upstream_->say(bytes);
  runUntil([&] { return upstream_->saidAll(); });
  runTurns(20);
  upstream_->reset();
  runTurns(20);
  EXPECT_EQ(1U, service_->size());
  client_.listen(true);
  runUntilOver();
  EXPECT_TRUE(beginsWith(bytes, client_.heard()));
  EXPECT_EQ(read(Metric::kBytesFromUpstreams), client_.heard().size());
  EXPECT_EQ(ECONNRESET, client_.error());
  expectOver(Metric::kSessionsReset);
}

TEST_P(SessionTest, NoticesAClientThatResetsAfterItsHalfClose) {
  carryTo({listening_.address()});
  clientComes();
  client_.say("question").thenEnd();
  runUntil([&] { return upstream_ && upstream_->heardEnd(); });
  client_.reset();
  runUntil([&] { return service_->size() == 0; });
  expectOver(Metric::kSessionsReset);
}

TEST_P(SessionTest, IsCutOffInEveryState) {
  const support::FullBacklog silent(*Address::literal("127.0.0.1", 0));
  carryTo({silent.address()});
  clientComes();
  runTurns(3);
  service_->abort();
  runUntilOver();
  EXPECT_EQ(ECONNRESET, client_.error());
  expectOver(Metric::kSessionsStopped);

  carryTo({listening_.address()});
  clientComes();
  runUntilJoined();
  service_->abort();
  runUntilOver();
  EXPECT_EQ(ECONNRESET, client_.error());
  EXPECT_EQ(ECONNRESET, upstream_->error());
  EXPECT_EQ(2U, read(Metric::kSessionsStopped));
  EXPECT_EQ(2U, worker_.sessionsEnded());
}

TEST_P(SessionTest, CarriesTheUrgentByteInLine) {
  carryTo({listening_.address()});
  clientComes([](Peer& client) { support::setOption(client.fd(), SOL_SOCKET, SO_OOBINLINE, 1); });
  runUntilJoined();
  upstream_->sayNow("before");
  upstream_->sayUrgent('!');
  upstream_->sayNow("behind");
  // The accepted side is in line by its listener's setting, this one by beginConnect's.
  runUntil([&] { return client_.heard().size() == 13; });
  EXPECT_EQ("before!behind", client_.heard());
}

TEST_P(SessionTest, JoinsConnectionsThatStandAfterWhatWasReadTooEarly) {
  for (const std::size_t early : {std::size_t{0}, std::size_t{5}, std::size_t{100'000}}) {
    for (const bool ended : {false, true}) {
      SCOPED_TRACE(testing::Message() << early << (ended ? " ended" : ""));
      if (!service_) serveWith({});
      const std::uint64_t before = worker_.sessionsEnded();
      const std::string up = pattern(early + kMega, 1);
      const std::string down = pattern(early + kMega, 2);
      auto [clientNear, clientFar] = support::tcpPair(kTiny);
      auto [upstreamNear, upstreamFar] = support::tcpPair(kTiny);
      client_ = Peer(std::move(clientFar));
      upstream_.emplace(std::move(upstreamFar));
      if (!ended) {
        client_.say(up.substr(early));
        upstream_->say(down.substr(early));
      }
      client_.thenEnd();
      upstream_->thenEnd();
      if (ended) {
        client_.work();
        upstream_->work();
      }
      service_->join({.socket = std::move(clientNear), .peer = Address::boundTo(client_.fd())},
                     up.substr(0, early), std::move(upstreamNear), down.substr(0, early), {});
      runUntil([&] { return client_.over() && upstream_->over() && service_->size() == 0; });
      EXPECT_TRUE(same(ended ? up.substr(0, early) : up, upstream_->heard()));
      EXPECT_TRUE(same(ended ? down.substr(0, early) : down, client_.heard()));
      EXPECT_TRUE(client_.heardEnd() && upstream_->heardEnd());
      EXPECT_EQ(before + 1, worker_.sessionsEnded());
      EXPECT_EQ(0U, worker_.pools().buffers().lentBytes());
    }
  }
  EXPECT_EQ(0U, read(Metric::kConnectsTried));
}

TEST_P(SessionTest, JoinedItPassesAResetOnAndEndsWhenNothingMoves) {
  serveWith({.socket = {}, .idleTimeout = milliseconds(30)});
  for (const bool resets : {true, false}) {
    auto [clientNear, clientFar] = support::tcpPair();
    auto [upstreamNear, upstreamFar] = support::tcpPair();
    client_ = Peer(std::move(clientFar));
    upstream_.emplace(std::move(upstreamFar));
    service_->join({.socket = std::move(clientNear), .peer = {}}, "early", std::move(upstreamNear),
                   "", {});
    if (resets) client_.reset();
    runUntil([&] { return service_->size() == 0 && upstream_->over(); });
    EXPECT_EQ("early", upstream_->heard());
    EXPECT_EQ(ECONNRESET, upstream_->error());
  }
  EXPECT_EQ(1U, read(Metric::kSessionsReset));
  EXPECT_EQ(1U, read(Metric::kSessionsIdle));
}

TEST(Session, ThatCannotBeWatchedIsWarnedOfAFewTimesASecond) {
  constexpr int kClients = 100;
  support::StandardError captured;
  log::start(log::Level::kWarning);
  {
    const support::Upstream upstream;
    Worker worker{0, {}};
    RelayService service(worker, {});
    service.update(std::make_shared<const RemoteList>(
        RemoteList{{.name = "remote", .addresses = {upstream.address()}}}));
    const support::RefusedWatches none;
    for (int i = 0; i < kClients; ++i)
      service.serve({.socket = support::tcpPair().near, .peer = {}});
    EXPECT_EQ(0U, service.size());
  }
  EXPECT_TRUE(log::stop());
  captured.restore();
  const std::string text = captured.read();
  int lines = 0;
  for (std::size_t at = 0; (at = text.find("the kernel watches no more sockets", at)) != text.npos;
       ++at) {
    ++lines;
  }
  EXPECT_GE(lines, 5) << text;
  EXPECT_LT(lines, kClients) << text;
}

}  // namespace
}  // namespace proxy::relay
