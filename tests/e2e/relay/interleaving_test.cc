// Random sessions against a model. Each side writes, reads, stalls, ends its writing and resets as
// a seed has it; what the other side sees must be what the model allows:
//
// - what arrives is the beginning of what was sent;
// - an end in order comes behind all of it, and only if the sender ended in order;
// - an error comes only if the other side reset, and behind all that its kernel had delivered
//   before;
// - if nobody reset, everything arrives and both directions end in order.
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <random>
#include <tuple>

#include "core/event_loop.h"
#include "e2e/support/relay_fixture.h"
#include "e2e/support/stream.h"

namespace e2e {
namespace {

using Random = std::mt19937_64;

std::size_t upTo(Random& random, std::size_t most) {
  return std::uniform_int_distribution<std::size_t>(0, most)(random);
}

bool happens(Random& random, unsigned percent) { return upTo(random, 99) < percent; }

// Small ones as often as large ones.
std::size_t someSize(Random& random, std::size_t most) {
  const double exponent =
      std::uniform_real_distribution<double>(0, std::log2(static_cast<double>(most)))(random);
  return static_cast<std::size_t>(std::exp2(exponent));
}

// One side of a session: what it will do, what it did, and what it saw.
class Actor {
 public:
  Actor(Peer peer, std::uint64_t seed, Random& random, std::size_t most, bool mayReset)
      : peer_(std::move(peer)), pattern_(seed), toSend_(someSize(random, most)) {
    if (happens(random, 20)) toSend_ = 0;
    if (mayReset && happens(random, 25)) resetAt_ = upTo(random, toSend_);
  }

  [[nodiscard]] bool isOver() const {
    return didReset_ || (sawEnd_ && endedWriting_) || error_ != 0;
  }
  [[nodiscard]] int fd() const { return peer_.fd(); }

  // What it waits for: nothing if it has something else to do.
  [[nodiscard]] short events() const {
    short events = 0;
    if (!sawEnd_ && stalledTurns_ == 0) events |= POLLIN;
    if (!endedWriting_) events |= POLLOUT;
    return events;
  }

  void act(Random& random, const Actor& other) {
    if (isOver()) return;
    if (resetAt_ && sent_ >= *resetAt_ && happens(random, 20)) return reset();
    if (stalledTurns_ > 0) {
      --stalledTurns_;
    } else if (happens(random, 4)) {
      stalledTurns_ = upTo(random, 40);
    } else if (!sawEnd_ && happens(random, 60)) {
      read(random, other);
    }
    if (!endedWriting_ && error_ == 0 && happens(random, 60)) write(random);
    if (isOver()) peer_.close();
  }

  [[nodiscard]] bool isStalled() const { return stalledTurns_ > 0; }
  [[nodiscard]] bool didReset() const { return didReset_; }
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::uint64_t received() const { return received_; }

  // What it saw, against what the other did.
  void judge(const Actor& other) const {
    EXPECT_LE(received_, other.sent_);
    if (didReset_) return;
    if (error_ != 0) {
      EXPECT_TRUE(other.didReset_) << "an error without a reset: " << std::strerror(error_);
    } else {
      EXPECT_TRUE(other.endedWriting_) << "an end in order that nobody sent";
      EXPECT_EQ(received_, other.sent_) << "an end in order before the last byte";
    }
    if (other.didReset_) {
      EXPECT_GE(received_, other.certain_) << "bytes in front of a reset were lost";
    }
  }

 private:
  void write(Random& random) {
    if (sent_ == toSend_) {
      endedWriting_ = ::shutdown(peer_.fd(), SHUT_WR) == 0;
      if (!endedWriting_) readLast(errno);
      return;
    }
    const std::size_t most = std::min<std::uint64_t>(someSize(random, 256 * 1024), toSend_ - sent_);
    const auto piece = pattern_.from(sent_).substr(0, most);
    const ssize_t taken = ::send(peer_.fd(), piece.data(), piece.size(), MSG_NOSIGNAL);
    if (taken > 0) sent_ += static_cast<std::uint64_t>(taken);
    if (taken < 0 && errno != EAGAIN) readLast(errno);
  }

  void read(Random& random, const Actor& other) {
    static std::vector<char> room(256 * 1024);
    const ssize_t got = ::recv(peer_.fd(), room.data(), someSize(random, room.size()), 0);
    if (got == 0) sawEnd_ = true;
    if (got > 0) take({room.data(), static_cast<std::size_t>(got)}, other);
    if (got < 0 && errno != EAGAIN) error_ = errno;
  }

  // Its writing failed; what came before that can still be read.
  void readLast(int error) {
    error_ = error;
    lastBytes_ = peer_.rest().bytes;
  }

 public:
  // Of readLast, as the pattern is the other's.
  void takeLast(const Actor& other) { take(lastBytes_, other); }

 private:
  void take(std::string_view bytes, const Actor& other) {
    const auto wrong = other.pattern_.firstWrong(received_, bytes);
    EXPECT_FALSE(wrong) << "byte " << *wrong << " is not the one that was sent";
    received_ += bytes.size();
  }

  void reset() {
    certain_ = sent_ - std::min<std::uint64_t>(sent_, peer_.unacknowledged());
    didReset_ = true;
    peer_.reset();
  }

  Peer peer_;
  Pattern pattern_;
  std::uint64_t toSend_;
  std::optional<std::uint64_t> resetAt_;  // it will reset some time after so many bytes
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t certain_ = 0;  // at its reset, bytes that the proxy's kernel had
  std::string lastBytes_;
  std::size_t stalledTurns_ = 0;
  bool endedWriting_ = false;
  bool didReset_ = false;
  bool sawEnd_ = false;
  int error_ = 0;
};

// Sessions of one seed, driven to their ends.
class Story {
 public:
  struct Sums {
    std::uint64_t sessions = 0;
    std::uint64_t withReset = 0;
    std::uint64_t fromClients = 0;  // received by upstreams
    std::uint64_t fromUpstreams = 0;
    std::uint64_t sentByClients = 0;
    std::uint64_t sentByUpstreams = 0;
  };

  Story(std::uint64_t seed, std::size_t sessions, std::size_t most, const ProxyProcess& proxy,
        Listener& origin)
      : random_(seed) {
    const bool mayReset = seed % 3 != 0;  // every third seed is to come through whole
    for (std::size_t i = 0; i < sessions; ++i) {
      Joined joined = join(proxy, origin, happens(random_, 30) ? 8 * 1024 : 0);
      actors_.emplace_back(std::move(joined.client), random_(), random_, most, mayReset);
      actors_.emplace_back(std::move(joined.upstream), random_(), random_, most, mayReset);
    }
  }

  void run() {
    const Deadline deadline;
    while (wait(deadline)) {
      for (std::size_t i = 0; i < actors_.size(); ++i) actors_[i].act(random_, actors_[i ^ 1]);
    }
  }

  Sums judge() {
    Sums sums;
    for (std::size_t i = 0; i < actors_.size(); i += 2) {
      SCOPED_TRACE("session " + std::to_string(i / 2));
      Actor& client = actors_[i];
      Actor& upstream = actors_[i + 1];
      client.takeLast(upstream);
      upstream.takeLast(client);
      {
        SCOPED_TRACE("the client");
        client.judge(upstream);
      }
      SCOPED_TRACE("the upstream");
      upstream.judge(client);
      ++sums.sessions;
      if (client.didReset() || upstream.didReset()) ++sums.withReset;
      sums.fromClients += upstream.received();
      sums.fromUpstreams += client.received();
      sums.sentByClients += client.sent();
      sums.sentByUpstreams += upstream.sent();
    }
    return sums;
  }

 private:
  // Until somebody can go on; false when all are over.
  bool wait(const Deadline& deadline) {
    std::vector<pollfd> waiting;
    bool stalled = false;
    for (const Actor& actor : actors_) {
      if (actor.isOver()) continue;
      stalled |= actor.isStalled();
      waiting.push_back({actor.fd(), actor.events(), 0});
    }
    if (waiting.empty()) return false;
    const bool ready = ::poll(waiting.data(), waiting.size(), stalled ? 1 : deadline.left()) > 0;
    if ((ready || stalled) && !deadline.passed()) return true;
    ADD_FAILURE() << waiting.size() << " ends of sessions hang";
    return false;
  }

  Random random_;
  std::vector<Actor> actors_;  // client, upstream, client, upstream, ...
};

struct Scale {
  std::size_t seeds;
  std::size_t sessions;
  std::size_t most;  // bytes of one direction
};

// Tells one story after the other, and then whether the counters add up.
void tell(const Setting& setting, const Scale& scale, const std::vector<std::string>& more) {
  const char* const only = std::getenv("PROXY_TEST_SEED");
  const std::uint64_t first = only != nullptr ? std::strtoull(only, nullptr, 10) : 1;
  const std::uint64_t last = only != nullptr ? first : scale.seeds;

  Listener origin;
  ProxyProcess proxy(setting.proxyTo(origin.address(), more));
  Story::Sums all;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE("PROXY_TEST_SEED=" + std::to_string(seed));
    Story story(seed, scale.sessions, scale.most, proxy, origin);
    story.run();
    const auto sums = story.judge();
    proxy.waitUntilIdle();
    EXPECT_LE(proxy.vitals().pipeEnds, 2U + 2U * 2U * 16U) << "more pipes than the pools keep";
    all.sessions += sums.sessions;
    all.withReset += sums.withReset;
    all.fromClients += sums.fromClients;
    all.fromUpstreams += sums.fromUpstreams;
    all.sentByClients += sums.sentByClients;
    all.sentByUpstreams += sums.sentByUpstreams;
    if (testing::Test::HasFailure()) break;
  }
  const auto ended = proxy.stop();
  expectSums(setting, ended);
  EXPECT_EQ(ended["sessions_accepted"], all.sessions);
  EXPECT_EQ(ended["sessions_done"] + ended["sessions_reset"], all.sessions);
  EXPECT_LE(ended["sessions_reset"], all.withReset);
  EXPECT_GE(ended["bytes_from_clients"], all.fromClients);
  EXPECT_LE(ended["bytes_from_clients"], all.sentByClients);
  EXPECT_GE(ended["bytes_from_upstreams"], all.fromUpstreams);
  EXPECT_LE(ended["bytes_from_upstreams"], all.sentByUpstreams);
}

Scale scaleOf(const Setting& setting) {
  const bool plain = setting.faults.spec.empty();
  return {.seeds = (plain ? 24U : 12U) / (support::kSanitized ? 2U : 1U),
          .sessions = 32,
          .most = setting.amount(std::size_t{4} << 20)};
}

class InterleavingTest : public testing::TestWithParam<Setting> {};

TEST_P(InterleavingTest, EverySideSeesWhatTheModelAllows) {
  tell(GetParam(), scaleOf(GetParam()), {});
}

INSTANTIATE_TEST_SUITE_P(Relay, InterleavingTest, testing::ValuesIn(everySetting()), settingName);

// Whatever way of waiting is asked for.
class PollMethodTest : public testing::TestWithParam<std::tuple<std::string, Setting>> {};

TEST_P(PollMethodTest, EverySideSeesWhatTheModelAllows) {
  const auto& [method, setting] = GetParam();
  Scale scale = scaleOf(setting);
  scale.seeds = 4;
  tell(setting, scale, {"--poll-method", method});
}

std::string methodAndSettingName(
    const testing::TestParamInfo<std::tuple<std::string, Setting>>& info) {
  const auto& method = std::get<0>(info.param);
  const auto& setting = std::get<1>(info.param);
  return method + settingName(testing::TestParamInfo<Setting>(setting, info.index));
}

INSTANTIATE_TEST_SUITE_P(Relay, PollMethodTest,
                         testing::Combine(testing::ValuesIn(proxy::EventLoop::methods()),
                                          testing::ValuesIn(everyLaneUnder({kPlain, kRandom}))),
                         methodAndSettingName);

}  // namespace
}  // namespace e2e
