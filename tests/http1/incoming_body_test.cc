#include "http1/incoming_body.h"

#include <algorithm>
#include <cstdio>
#include <initializer_list>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "fed_input.h"
#include "support/eventually.h"
#include "support/lane.h"
#include "support/pattern.h"
#include "support/peer.h"
#include "support/signal_disposition.h"

namespace proxy::http1 {
namespace {

using http::BodyUntilEnd;
using http::ChunkedBody;
using http::SizedBody;
using support::nameOf;
using support::pattern;
using support::same;
using support::Transport;
using Wait = http::Body::Wait;

constexpr std::size_t kKilo = 1024;
constexpr std::size_t kMega = kKilo * kKilo;
// Of a kernel buffer: every write is cut short.
constexpr int kTiny = 16 * 1024;

std::string chunk(std::string_view payload) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", payload.size());
  return size + std::string(payload) + "\r\n";
}

// A body with the sockets on both sides of it; what it hands on, by reading or moving, is kept in
// order.
class Carriage final : private IncomingBody::Source, private http::Body::Reader {
 public:
  Carriage(std::tuple<support::Lane, Transport> way, const http::BodyLength& length,
           std::string_view early = {}, int bufferSize = 0)
      : pools_({.lane = std::get<0>(way)}),
        source_(support::pairOf(std::get<1>(way), bufferSize)),
        target_(support::pairOf(std::get<1>(way), bufferSize)),
        sender(std::move(source_.far)),
        receiver(std::move(target_.far)) {
    feed(input, early);
    IncomingBody::Source& source = *this;
    body.emplace(pools_, source, input, source_.near.get(), length);
    http::Body::Reader& reader = *this;
    body->attach(&reader);
  }

  /// Moves what can be moved and reads the rest, until it waits for its source or is over.
  Wait carry(std::size_t readSize = 16 * kKilo, std::size_t share = kMega) {
    std::vector<char> room(readSize);
    const support::Patience patience;
    while (!patience.isOver()) {
      const bool moving = body->movable() > 0;
      const auto done = moving ? body->move(target_.near.get(), share) : body->read(room);
      if (moving) {
        moved += done.bytes;
        hear(done.bytes);
      } else {
        got.append(room.data(), done.bytes);
      }
      if (done.wait == Wait::kTarget || done.wait == Wait::kNothing) continue;
      return done.wait;
    }
    ADD_FAILURE() << "it carries for ever";
    return Wait::kNothing;
  }

  /// The same while the sender speaks, until it is over.
  Wait carryAll(std::size_t readSize = 16 * kKilo, std::size_t share = kMega) {
    const support::Patience patience;
    while (!patience.isOver()) {
      sender.work();
      const Wait wait = carry(readSize, share);
      if (wait != Wait::kSource) return wait;
      patience.pause();
    }
    ADD_FAILURE() << "it never ends";
    return Wait::kNothing;
  }

  void speak(std::string_view bytes) {
    sender.sayNow(bytes);
    EXPECT_TRUE(support::eventually([&] {
      return static_cast<std::size_t>(support::unread(source_.near.get())) >= bytes.size();
    }));
  }
  /// What nobody has read, be it here or in the kernel.
  std::string behind() {
    input.release();
    std::string bytes(input.bytes());
    std::string room(kMega, '\0');
    const auto got_ = recv(source_.near.get(), room.data(), room.size(), 0);
    if (got_ > 0) bytes.append(room, 0, static_cast<std::size_t>(got_));
    return bytes;
  }
  int source() const { return source_.near.get(); }
  int target() const { return target_.near.get(); }
  std::size_t lentBytes() { return pools_.buffers().lentBytes(); }
  std::size_t lentPipes() { return pools_.pipes().lent(); }

 private:
  void hear(std::size_t count) {
    const std::size_t wanted = heard_ + count;
    EXPECT_TRUE(support::eventually([&] {
      receiver.work();
      return receiver.heard().size() >= wanted;
    }));
    got.append(receiver.heard(), heard_);
    heard_ = receiver.heard().size();
  }
  void bodyWaits() override { ++waits; }
  void bodyOver() override { ++over; }
  void bodyReady() override { ++ready; }

  const support::SignalDisposition ignored_{SIGPIPE, SIG_IGN};
  socksplice::Pools pools_;
  support::SocketPair source_;
  support::SocketPair target_;
  std::size_t heard_ = 0;

 public:
  support::Peer sender;
  support::Peer receiver;
  Input input{pools_.buffers(), 4096};
  std::optional<IncomingBody> body;
  std::string got;
  std::size_t moved = 0;  ///< of these
  int waits = 0;
  int over = 0;
  int ready = 0;
};

class IncomingBodyTest : public testing::TestWithParam<std::tuple<support::Lane, Transport>> {
 protected:
  static void expectComplete(Carriage& it, std::string_view payload) {
    EXPECT_TRUE(same(payload, it.got));
    EXPECT_TRUE(it.body->complete());
    EXPECT_TRUE(it.body->over());
    EXPECT_FALSE(it.body->failed());
    EXPECT_FALSE(it.body->waiting());
    EXPECT_EQ(payload.size(), it.body->taken());
    EXPECT_EQ(1, it.over);
    EXPECT_EQ(0U, it.body->movable());
    char room[10];
    EXPECT_EQ(Wait::kEnd, it.body->read(room).wait) << "it ended only once";
    EXPECT_EQ(1, it.over);
    EXPECT_EQ(0U, it.lentPipes());
  }
  static void expectFailed(Carriage& it) {
    EXPECT_TRUE(it.body->failed());
    EXPECT_TRUE(it.body->over());
    EXPECT_FALSE(it.body->complete());
    EXPECT_EQ(1, it.over);
    EXPECT_EQ(0U, it.body->movable());
    char room[10];
    EXPECT_EQ(Wait::kFailed, it.body->read(room).wait);
    EXPECT_EQ(1, it.over);
  }
};

INSTANTIATE_TEST_SUITE_P(Lanes, IncomingBodyTest,
                         testing::Combine(testing::ValuesIn(support::lanes()),
                                          testing::Values(Transport::kTcp, Transport::kUnix)),
                         [](const auto& it) {
                           return nameOf(std::get<0>(it.param)) + nameOf(std::get<1>(it.param));
                         });

// Sized

TEST_P(IncomingBodyTest, OfKnownSizeComesWhateverTheSizeIs) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{4096}, 64 * kKilo - 1, 64 * kKilo,
                                 64 * kKilo + 1, kMega, 3 * kMega + 1}) {
    SCOPED_TRACE(size);
    const std::string payload = pattern(size);
    Carriage it(GetParam(), SizedBody{size}, {}, kTiny);
    EXPECT_EQ(size, it.body->size());
    it.sender.say(payload);
    EXPECT_EQ(Wait::kEnd, it.carryAll());
    expectComplete(it, payload);
    EXPECT_EQ(size >= 64 * kKilo ? size : 0, it.moved);
  }
}

TEST_P(IncomingBodyTest, OfNoSizeIsCompleteFromTheStart) {
  Carriage it(GetParam(), SizedBody{0}, "next");
  EXPECT_EQ(0U, it.body->size());
  EXPECT_TRUE(it.body->complete());
  char room[10];
  EXPECT_EQ(Wait::kEnd, it.body->read(room).wait);
  EXPECT_EQ("next", it.behind());
}

TEST_P(IncomingBodyTest, BeginsWithWhatWasReadWithTheHead) {
  const std::string payload = pattern(200'000);
  for (const std::size_t early :
       {std::size_t{1}, std::size_t{4000}, std::size_t{199'999}, std::size_t{200'000}}) {
    SCOPED_TRACE(early);
    Carriage it(GetParam(), SizedBody{payload.size()}, payload.substr(0, early));
    EXPECT_EQ(0U, it.body->movable()) << "these have to be read";
    it.sender.say(payload.substr(early));
    EXPECT_EQ(Wait::kEnd, it.carryAll());
    expectComplete(it, payload);
  }
}

TEST_P(IncomingBodyTest, OfKnownSizeLeavesWhatStandsBehindIt) {
  const std::string next = "GET /next HTTP/1.1\r\n\r\n";
  for (const std::size_t size : {std::size_t{10}, 100 * kKilo}) {
    for (const bool early : {false, true}) {
      SCOPED_TRACE(testing::Message() << size << (early ? " early" : ""));
      const std::string payload = pattern(size);
      const std::string bytes = payload + next;
      Carriage it(GetParam(), SizedBody{size}, early ? bytes : "");
      if (!early) it.sender.say(bytes);
      EXPECT_EQ(Wait::kEnd, it.carryAll());
      expectComplete(it, payload);
      EXPECT_EQ(next, it.behind());
    }
  }
}

TEST_P(IncomingBodyTest, CutAtEveryByteItIsTheSame) {
  const std::string payload = "0123456789";
  for (std::size_t cut = 0; cut <= payload.size(); ++cut) {
    SCOPED_TRACE(cut);
    Carriage it(GetParam(), SizedBody{payload.size()});
    it.speak(payload.substr(0, cut));
    EXPECT_EQ(cut == payload.size() ? Wait::kEnd : Wait::kSource, it.carry());
    EXPECT_EQ(cut < payload.size(), it.body->waiting());
    EXPECT_EQ(payload.substr(0, cut), it.got);
    it.speak(payload.substr(cut));
    EXPECT_EQ(Wait::kEnd, it.carry());
    expectComplete(it, payload);
  }
}

TEST_P(IncomingBodyTest, ThatEndsTooEarlyFails) {
  for (const std::size_t size : {std::size_t{10}, 300 * kKilo}) {
    for (const std::size_t came : {std::size_t{0}, std::size_t{1}, size - 1}) {
      SCOPED_TRACE(testing::Message() << came << " of " << size);
      const std::string payload = pattern(size);
      Carriage it(GetParam(), SizedBody{size});
      it.sender.say(payload.substr(0, came)).thenEnd();
      EXPECT_EQ(Wait::kFailed, it.carryAll());
      EXPECT_TRUE(same(payload.substr(0, came), it.got));
      EXPECT_EQ(came, it.body->taken());
      expectFailed(it);
    }
  }
}

TEST_P(IncomingBodyTest, WhoseConnectionIsResetFails) {
  if (std::get<1>(GetParam()) == Transport::kUnix) GTEST_SKIP() << "there is no such thing";
  for (const std::size_t size : {std::size_t{10}, 300 * kKilo}) {
    for (const http::BodyLength& length :
         {http::BodyLength(SizedBody{size}), http::BodyLength(ChunkedBody{}),
          http::BodyLength(BodyUntilEnd{})}) {
      Carriage it(GetParam(), length);
      if (length.index() == 2) it.speak("4ffff\r\n");
      it.speak("12345");
      it.sender.reset();
      EXPECT_EQ(Wait::kFailed, it.carryAll());
      expectFailed(it);
    }
  }
}

TEST_P(IncomingBodyTest, MovesNoMoreThanItsShare) {
  Carriage it(GetParam(), SizedBody{kMega}, {}, kTiny);
  const std::string payload = pattern(kMega);
  it.sender.say(payload);
  EXPECT_EQ(Wait::kEnd, it.carryAll(16 * kKilo, 10 * kKilo));
  expectComplete(it, payload);
}

TEST_P(IncomingBodyTest, OnceMovingHasBegunReadingSaysSo) {
  Carriage it(GetParam(), SizedBody{100 * kKilo});
  it.speak(pattern(1000));
  EXPECT_EQ(100 * kKilo, it.body->movable());
  EXPECT_EQ(Wait::kSource, it.body->move(it.target(), kMega).wait);
  EXPECT_EQ(100 * kKilo - 1000, it.body->movable()) << "too small to begin with, but begun";
  char room[10];
  const auto read = it.body->read(room);
  EXPECT_EQ(0U, read.bytes);
  EXPECT_EQ(Wait::kNothing, read.wait);
}

TEST_P(IncomingBodyTest, SaysWhatTheTargetDoesNotTake) {
  Carriage it(GetParam(), SizedBody{4 * kMega}, {}, kTiny);
  it.sender.say(pattern(4 * kMega));
  it.receiver.listen(false);
  Wait wait = Wait::kSource;
  EXPECT_TRUE(support::eventually([&] {
    it.sender.work();
    wait = it.body->move(it.target(), kMega).wait;
    return wait == Wait::kTarget;
  }));
  it.receiver.close();
  EXPECT_TRUE(support::eventually([&] {
    it.sender.work();
    wait = it.body->move(it.target(), kMega).wait;
    return wait == Wait::kTargetFailed;
  }));
}

TEST_P(IncomingBodyTest, TellsItsSourceWhatItWaitsFor) {
  Carriage it(GetParam(), SizedBody{3});
  EXPECT_FALSE(it.body->waiting());
  EXPECT_EQ(Wait::kSource, it.carry());
  EXPECT_TRUE(it.body->waiting());
  EXPECT_EQ(1, it.waits);
  it.body->sourceReady();
  EXPECT_EQ(1, it.ready);
  it.body->attach(nullptr);
  it.body->sourceReady();
  EXPECT_EQ(1, it.ready);
  it.speak("abc");
  EXPECT_EQ(Wait::kEnd, it.carry());
  EXPECT_FALSE(it.body->waiting());
}

TEST_P(IncomingBodyTest, GivesTheInputBackAsSoonAsItIsEmpty) {
  Carriage kept(GetParam(), SizedBody{10}, "12345");
  EXPECT_EQ(Wait::kSource, kept.carry());
  EXPECT_GT(kept.lentBytes(), 0U) << "somebody may need the head";
  Carriage given(GetParam(), SizedBody{10}, "12345");
  given.body->releaseInput();
  EXPECT_EQ(Wait::kSource, given.carry());
  EXPECT_EQ(0U, given.lentBytes());
}

// Until the end

TEST_P(IncomingBodyTest, UntilTheEndIsWhatCame) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, 300 * kKilo}) {
    SCOPED_TRACE(size);
    const std::string payload = pattern(size);
    const std::string early = payload.substr(0, size / 3);
    Carriage it(GetParam(), BodyUntilEnd{}, early);
    EXPECT_FALSE(it.body->size());
    it.sender.say(payload.substr(early.size())).thenEnd();
    EXPECT_EQ(Wait::kEnd, it.carryAll());
    expectComplete(it, payload);
  }
}

TEST_P(IncomingBodyTest, UntilTheEndFailsWhereTheConnectionIsKnownToHaveFailed) {
  Carriage it(GetParam(), BodyUntilEnd{});
  it.speak("said before");
  it.body->sourceFailed(ECONNRESET);
  it.sender.endNow();
  EXPECT_EQ(Wait::kFailed, it.carryAll());
  EXPECT_EQ("said before", it.got);
  expectFailed(it);
}

TEST_P(IncomingBodyTest, OfKnownSizeIsCompleteEvenIfTheConnectionFailedBehindIt) {
  for (const std::size_t size : {std::size_t{11}, 100 * kKilo}) {
    const std::string payload = pattern(size);
    Carriage it(GetParam(), SizedBody{size});
    it.sender.say(payload).thenEnd();
    it.body->sourceFailed(EPIPE);
    EXPECT_EQ(Wait::kEnd, it.carryAll());
    expectComplete(it, payload);
  }
}

// Chunked

TEST_P(IncomingBodyTest, InChunksCutAtEveryByteItIsTheSame) {
  const std::string coded =
      "5;ext=\"a;b\"\r\nhello\r\n00001\r\n \r\nA\r\n0123456789\r\n0\r\nX-Sum: 7\r\n\r\n";
  const std::string next = "GET /next";
  const std::string bytes = coded + next;
  for (const bool early : {false, true}) {
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      SCOPED_TRACE(testing::Message() << cut << (early ? " early" : ""));
      Carriage it(GetParam(), ChunkedBody{}, early ? bytes.substr(0, cut) : "");
      EXPECT_FALSE(it.body->size());
      if (!early) it.speak(bytes.substr(0, cut));
      EXPECT_EQ(cut < coded.size() ? Wait::kSource : Wait::kEnd, it.carry());
      it.speak(bytes.substr(cut));
      EXPECT_EQ(Wait::kEnd, it.carry());
      expectComplete(it, "hello 0123456789");
      EXPECT_EQ(next, it.behind());
      ASSERT_EQ(1U, it.body->trailers().size());
      EXPECT_EQ("X-Sum", it.body->trailers()[0].name);
      EXPECT_EQ("7", it.body->trailers()[0].value);
    }
  }
}

TEST_P(IncomingBodyTest, InChunksByteForByteThroughRoomForOneByte) {
  const std::string bytes = chunk("hello") + chunk(pattern(300)) + "0\r\n\r\n";
  Carriage it(GetParam(), ChunkedBody{});
  for (const char byte : bytes) {
    it.speak({&byte, 1});
    it.carry(1);
  }
  expectComplete(it, "hello" + pattern(300));
  EXPECT_TRUE(it.body->trailers().empty());
  EXPECT_EQ("", it.behind());
}

TEST_P(IncomingBodyTest, InChunksOfEverySizeThroughRoomsOfEverySize) {
  std::string payload;
  std::string bytes;
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{15}, std::size_t{16}, std::size_t{17}, std::size_t{4095},
        64 * kKilo - 1, 64 * kKilo, std::size_t{1}, 300 * kKilo, std::size_t{100}, kMega}) {
    const std::string part = pattern(size, size);
    payload += part;
    bytes += chunk(part);
  }
  bytes += "0\r\n\r\n";
  for (const std::size_t room :
       {std::size_t{1}, std::size_t{7}, std::size_t{1000}, 16 * kKilo, 256 * kKilo}) {
    SCOPED_TRACE(room);
    Carriage it(GetParam(), ChunkedBody{}, {}, kTiny);
    it.sender.say(bytes + "next");
    EXPECT_EQ(Wait::kEnd, it.carryAll(room));
    expectComplete(it, payload);
    EXPECT_TRUE(support::eventually([&] {
      it.sender.work();
      return it.sender.saidAll();
    }));
    EXPECT_EQ("next", it.behind());
  }
}

TEST_P(IncomingBodyTest, LargeChunksAreMoved) {
  const std::string large = pattern(kMega);
  Carriage it(GetParam(), ChunkedBody{});
  it.sender.say(chunk("small") + chunk(large) + chunk(large) + "0\r\nA: b\r\n\r\n");
  EXPECT_EQ(Wait::kEnd, it.carryAll());
  expectComplete(it, "small" + large + large);
  EXPECT_GT(it.moved, kMega);
  EXPECT_EQ(1U, it.body->trailers().size());
}

TEST_P(IncomingBodyTest, InChunksOfWhichSomethingIsWrongFails) {
  for (const char* bytes :
       {"x\r\n", "5\nhello\r\n", "5\r\nhelloX\r\n", "5\r\nhello\r\n5x\r\n", "-1\r\n", " 5\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n", "ffffffffffffffff\r\n",
        "10000000000000000\r\n", "0\r\nno field\r\n\r\n", "0\r\nA: b\r\nC\r\n\r\n", "\r\n5\r\n"}) {
    for (const bool early : {false, true}) {
      SCOPED_TRACE(testing::Message() << bytes << (early ? " early" : ""));
      Carriage it(GetParam(), ChunkedBody{}, early ? bytes : "");
      if (!early) it.speak(bytes);
      EXPECT_EQ(Wait::kFailed, it.carryAll());
      expectFailed(it);
      EXPECT_TRUE(it.body->trailers().empty());
    }
  }
}

TEST_P(IncomingBodyTest, InChunksThatEndsTooEarlyFails) {
  const std::string bytes = "5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n";
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    SCOPED_TRACE(cut);
    Carriage it(GetParam(), ChunkedBody{});
    it.sender.say(bytes.substr(0, cut)).thenEnd();
    EXPECT_EQ(Wait::kFailed, it.carryAll());
    expectFailed(it);
  }
}

TEST_P(IncomingBodyTest, ALargeChunkThatEndsTooEarlyFails) {
  Carriage it(GetParam(), ChunkedBody{});
  const std::string part = pattern(100'000);
  it.sender.say("fffff\r\n" + part).thenEnd();
  EXPECT_EQ(Wait::kFailed, it.carryAll());
  EXPECT_TRUE(same(part, it.got));
  expectFailed(it);
}

// The limit

TEST_P(IncomingBodyTest, OfJustTheLimitIsTaken) {
  for (const std::size_t size : {std::size_t{1000}, 100 * kKilo}) {
    const std::string payload = pattern(size);
    Carriage it(GetParam(), ChunkedBody{});
    it.body->refuseBeyond(size);
    it.sender.say(chunk(payload.substr(0, size / 2)) + chunk(payload.substr(size / 2)) +
                  "0\r\n\r\n");
    EXPECT_EQ(Wait::kEnd, it.carryAll());
    EXPECT_FALSE(it.body->tooLarge());
    expectComplete(it, payload);
  }
}

TEST_P(IncomingBodyTest, BeyondTheLimitFails) {
  for (const std::size_t size : {std::size_t{1000}, 100 * kKilo}) {
    SCOPED_TRACE(size);
    Carriage it(GetParam(), ChunkedBody{});
    it.body->refuseBeyond(size);
    it.sender.say(chunk(pattern(size)) + chunk("x") + "0\r\n\r\n");
    EXPECT_EQ(Wait::kFailed, it.carryAll());
    EXPECT_TRUE(it.body->tooLarge());
    expectFailed(it);
  }
}

TEST_P(IncomingBodyTest, BeyondTheLimitFailsInTheMidstOfALargeChunkToo) {
  // The chunk says 1 TiB; who has taken much more than the limit has not refused it.
  Carriage it(GetParam(), ChunkedBody{});
  it.body->refuseBeyond(200 * kKilo);
  it.sender.say("10000000000\r\n" + pattern(8 * kMega));
  const support::Patience patience;
  Wait wait = Wait::kSource;
  while (wait == Wait::kSource && !it.sender.saidAll() && !patience.isOver()) {
    it.sender.work();
    wait = it.carry();
  }
  EXPECT_EQ(Wait::kFailed, wait);
  EXPECT_LE(it.body->taken(), 2 * kMega);
  EXPECT_TRUE(it.body->tooLarge());
}

TEST_P(IncomingBodyTest, WithoutALimitIsNeverTooLarge) {
  Carriage it(GetParam(), ChunkedBody{});
  it.sender.say(chunk(pattern(kMega)) + "0\r\n\r\n");
  EXPECT_EQ(Wait::kEnd, it.carryAll());
  EXPECT_FALSE(it.body->tooLarge());
}

}  // namespace
}  // namespace proxy::http1
