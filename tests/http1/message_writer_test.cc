#include "http1/message_writer.h"

#include <poll.h>

#include <cerrno>
#include <cstdio>
#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http1/incoming_body.h"
#include "scripted_body.h"
#include "support/eventually.h"
#include "support/lane.h"
#include "support/pattern.h"
#include "support/peer.h"
#include "support/signal_disposition.h"

namespace proxy::http1 {
namespace {

using support::pattern;
using support::same;
using testing::AnyOf;
using Wait = http::Body::Wait;

constexpr std::size_t kKilo = 1024;
constexpr std::size_t kMega = kKilo * kKilo;
constexpr int kTiny = 16 * 1024;

// What comes out of chunks, written by somebody else than the code under test.
struct Unchunked {
  std::string payload;
  std::string trailer;
  std::string behind;
  bool whole = false;
};

Unchunked unchunk(std::string_view text) {
  Unchunked result;
  for (;;) {
    const std::size_t line = text.find("\r\n");
    if (line == text.npos || line == 0) return result;
    const std::size_t size = std::stoull(std::string(text.substr(0, line)), nullptr, 16);
    text.remove_prefix(line + 2);
    if (size == 0) break;
    result.payload += text.substr(0, size);
    if (text.size() < size + 2) return result;
    EXPECT_EQ("\r\n", text.substr(size, 2));
    text.remove_prefix(size + 2);
  }
  const std::size_t end = text.starts_with("\r\n") ? 0 : text.find("\r\n\r\n") + 2;
  if (end == 1) return result;
  result.trailer = text.substr(0, end);
  result.behind = text.substr(end + 2);
  result.whole = true;
  return result;
}

class MessageWriterTest : public testing::TestWithParam<support::Lane> {
 protected:
  MessageWriterTest() { connect(); }

  void connect(int bufferSize = 0) {
    auto [near, far] = support::tcpPair(bufferSize);
    socket_ = std::move(near);
    client_ = support::Peer(std::move(far));
  }

  Wait advance(std::size_t share = kMega) { return writer_.advance(socket_.get(), share); }

  /// Advances while the client listens, until the message is over or waits for its body.
  Wait write(std::size_t share = kMega) {
    const support::Patience patience;
    while (!patience.isOver()) {
      const Wait wait = advance(share);
      client_.work();
      if (wait != Wait::kNothing && wait != Wait::kTarget) return wait;
    }
    ADD_FAILURE() << "it writes for ever";
    return Wait::kNothing;
  }

  /// Until the client has all that the socket took.
  const std::string& heard() {
    EXPECT_TRUE(support::eventually([&] {
      client_.work();
      return client_.heard().size() >= writer_.sent() || client_.over();
    }));
    EXPECT_EQ(writer_.sent(), client_.heard().size());
    return client_.heard();
  }

  /// Fills the socket, as far as the writer is concerned with what `answer` is in front of.
  std::string fillSocket() {
    std::string filler;
    const std::string piece = pattern(64 * kKilo);
    for (int still = 0; still < 20;) {
      const auto sent = ::send(socket_.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
      if (sent > 0) filler.append(piece, 0, static_cast<std::size_t>(sent));
      still = sent > 0 ? 0 : still + 1;
      if (sent < 0) ::poll(nullptr, 0, 1);
    }
    return filler;
  }

  const support::SignalDisposition ignored_{SIGPIPE, SIG_IGN};
  socksplice::Pools pools_{{.lane = GetParam()}};
  Workspace workspace_;
  support::UniqueFd socket_;
  support::Peer client_;
  MessageWriter writer_{pools_, workspace_};
};

INSTANTIATE_TEST_SUITE_P(Lanes, MessageWriterTest, testing::ValuesIn(support::lanes()),
                         support::laneName);

TEST_P(MessageWriterTest, WithoutAMessageIsOver) {
  EXPECT_TRUE(writer_.over());
  EXPECT_EQ(Wait::kEnd, writer_.waits());
  EXPECT_EQ(Wait::kEnd, advance());
  EXPECT_EQ(0U, writer_.sent());
}

TEST_P(MessageWriterTest, WritesAHeadAlone) {
  writer_.begin("HTTP/1.1 204 No Content\r\n\r\n", nullptr, false);
  EXPECT_FALSE(writer_.over());
  EXPECT_EQ(Wait::kEnd, advance());
  EXPECT_TRUE(writer_.over());
  EXPECT_EQ("HTTP/1.1 204 No Content\r\n\r\n", heard());
  EXPECT_EQ(0U, pools_.buffers().lentBytes());
}

TEST_P(MessageWriterTest, WritesSeveralHeadsInARow) {
  ScriptedBody body;
  body.reads("hello");
  writer_.begin("100\r\n\r\n", nullptr, false);
  writer_.begin("103\r\n\r\n", nullptr, false);
  EXPECT_EQ(Wait::kEnd, advance());
  EXPECT_EQ(14U, writer_.sent());
  writer_.begin("103\r\n\r\n", nullptr, false);
  writer_.begin("200\r\n\r\n", &body, false);
  EXPECT_EQ(Wait::kEnd, write());
  EXPECT_EQ("100\r\n\r\n103\r\n\r\n103\r\n\r\n200\r\n\r\nhello", heard());
}

TEST_P(MessageWriterTest, WritesABodyThatIsReadOrMovedOrBoth) {
  const std::string head = "HTTP/1.1 200 OK\r\n\r\n";
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, 16 * kKilo - 1, 16 * kKilo,
                                 16 * kKilo + 1, 256 * kKilo, 257 * kKilo, 3 * kMega}) {
    for (const int bufferSize : {0, kTiny}) {
      for (const char* order : {"r", "m", "rm", "mr", "rmrm", "mrmr", "rmmr"}) {
        SCOPED_TRACE(testing::Message() << size << " " << order << " " << bufferSize);
        if (size == 0 && std::string_view(order).find('m') != std::string_view::npos) continue;
        connect(bufferSize);
        writer_.clear();
        ScriptedBody body;
        std::string wanted = head;
        for (std::uint64_t i = 0; order[i] != 0; ++i) {
          const std::string part = pattern(size, i + 1);
          order[i] == 'r' ? body.reads(part) : body.moves(part);
          wanted += part;
        }
        writer_.begin(head, &body, false);
        EXPECT_EQ(Wait::kEnd, write());
        EXPECT_TRUE(same(wanted, heard()));
        EXPECT_EQ(wanted.size(), writer_.sent());
        EXPECT_EQ(0U, pools_.buffers().lentBytes());
      }
    }
  }
}

TEST_P(MessageWriterTest, FramesChunksAroundWhatIsReadOrMoved) {
  const std::string head = "HTTP/1.1 200 OK\r\n\r\n";
  for (const std::size_t size : {std::size_t{1}, 16 * kKilo, 257 * kKilo, 2 * kMega}) {
    for (const int bufferSize : {0, kTiny}) {
      for (const char* order : {"r", "m", "rm", "mr", "mm", "rmrm", "mrmr"}) {
        SCOPED_TRACE(testing::Message() << size << " " << order << " " << bufferSize);
        connect(bufferSize);
        writer_.clear();
        ScriptedBody body;
        std::string wanted;
        for (std::uint64_t i = 0; order[i] != 0; ++i) {
          const std::string part = pattern(size, i + 1);
          order[i] == 'r' ? body.reads(part) : body.moves(part);
          wanted += part;
        }
        writer_.begin(head, &body, true);
        EXPECT_EQ(Wait::kEnd, write(100 * kKilo));
        const std::string& text = heard();
        ASSERT_TRUE(text.starts_with(head));
        const Unchunked got = unchunk(std::string_view(text).substr(head.size()));
        EXPECT_TRUE(got.whole);
        EXPECT_TRUE(same(wanted, got.payload));
        EXPECT_EQ("", got.trailer);
        EXPECT_EQ("", got.behind);
        EXPECT_EQ(0U, pools_.buffers().lentBytes());
      }
    }
  }
}

TEST_P(MessageWriterTest, WritesAnEmptyChunkedBody) {
  ScriptedBody body;
  writer_.begin("H\r\n\r\n", &body, true);
  EXPECT_EQ(Wait::kEnd, advance());
  EXPECT_EQ("H\r\n\r\n0\r\n\r\n", heard());
}

TEST_P(MessageWriterTest, WritesOnlyTheTrailersThatMayGoOn) {
  for (const bool moved : {false, true}) {
    connect();
    writer_.clear();
    ScriptedBody body;
    moved ? body.moves("hello") : body.reads("hello");
    body.trails("X-Sum", "7")
        .trails("Content-Length", "9")
        .trails("Set-Cookie", "a")
        .trails("Expires-In", "");
    writer_.begin("H\r\n\r\n", &body, true);
    EXPECT_EQ(Wait::kEnd, write());
    EXPECT_EQ("H\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\nExpires-In: \r\n\r\n", heard());
  }
}

TEST_P(MessageWriterTest, TrailersAreForChunksOnly) {
  ScriptedBody body;
  body.reads("hello").trails("X-Sum", "7");
  writer_.begin("H\r\n\r\n", &body, false);
  EXPECT_EQ(Wait::kEnd, write());
  EXPECT_EQ("H\r\n\r\nhello", heard());
}

TEST_P(MessageWriterTest, SendsTheHeadThoughTheBodyIsNotThereYet) {
  for (const bool chunked : {false, true}) {
    connect();
    writer_.clear();
    ScriptedBody body;
    body.pauses().reads("hello").pauses().moves("world");
    writer_.begin("H\r\n\r\n", &body, chunked);
    EXPECT_EQ(Wait::kSource, advance());
    EXPECT_EQ("H\r\n\r\n", heard());
    EXPECT_EQ(Wait::kSource, advance()) << "nothing has come";
    EXPECT_EQ("H\r\n\r\n", heard());
    body.goOn();
    EXPECT_EQ(Wait::kSource, advance());
    EXPECT_EQ(chunked ? "H\r\n\r\n5\r\nhello\r\n" : "H\r\n\r\nhello", heard());
    EXPECT_EQ(Wait::kSource, writer_.waits());
    body.goOn();
    EXPECT_EQ(Wait::kEnd, write());
    EXPECT_EQ(chunked ? "H\r\n\r\n5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n" : "H\r\n\r\nhelloworld",
              heard());
  }
}

TEST_P(MessageWriterTest, PullsNothingWhileTheSocketTakesNothing) {
  connect(kTiny);
  ScriptedBody body;
  body.reads(pattern(4 * kMega));
  writer_.begin("H\r\n\r\n", &body, false);
  Wait wait = Wait::kNothing;
  while (wait == Wait::kNothing) wait = advance();
  EXPECT_EQ(Wait::kTarget, wait);
  EXPECT_GT(pools_.buffers().lentBytes(), 0U);
  ::poll(nullptr, 0, 0);
  const std::size_t left = body.left();
  for (int i = 0; i < 5; ++i) {
    if (advance() == Wait::kTarget && body.left() == left) continue;
    // The kernel had taken more meanwhile.
    break;
  }
  EXPECT_GT(body.left(), kMega);
  EXPECT_EQ(Wait::kEnd, write());
  EXPECT_TRUE(same("H\r\n\r\n" + pattern(4 * kMega), heard()));
}

TEST_P(MessageWriterTest, WritesAboutItsShare) {
  for (const bool moved : {false, true}) {
    connect();
    writer_.clear();
    ScriptedBody body;
    moved ? body.moves(pattern(2 * kMega)) : body.reads(pattern(2 * kMega));
    writer_.begin("H\r\n\r\n", &body, false);
    const Wait wait = advance(10'000);
    EXPECT_EQ(Wait::kNothing, wait);
    EXPECT_GE(writer_.sent(), 10'000U);
    if (!moved) {
      EXPECT_LT(writer_.sent(), kMega);
    }
    EXPECT_EQ(Wait::kEnd, write(10'000));
    EXPECT_TRUE(same("H\r\n\r\n" + pattern(2 * kMega), heard()));
  }
}

TEST_P(MessageWriterTest, ABodyThatFailsIsNotMadeLookWhole) {
  for (const bool chunked : {false, true}) {
    for (const bool moved : {false, true}) {
      connect();
      writer_.clear();
      ScriptedBody body;
      moved ? body.moves("hello") : body.reads("hello");
      body.fails();
      writer_.begin("H\r\n\r\n", &body, chunked);
      EXPECT_EQ(Wait::kFailed, write());
      EXPECT_TRUE(writer_.over());
      const std::string& text = heard();
      EXPECT_THAT(text, testing::StartsWith(chunked ? "H\r\n\r\n5\r\nhello" : "H\r\n\r\nhello"));
      EXPECT_EQ(std::string::npos, text.find("0\r\n\r\n"));
      EXPECT_EQ(Wait::kFailed, advance()) << "it stays over";
      EXPECT_TRUE(same(text, heard()));
    }
  }
}

TEST_P(MessageWriterTest, ABodyThatFailsAtOnceLeavesTheHead) {
  ScriptedBody body;
  body.fails();
  writer_.begin("H\r\n\r\n", &body, true);
  EXPECT_EQ(Wait::kFailed, write());
  EXPECT_EQ("H\r\n\r\n", heard());
}

TEST_P(MessageWriterTest, SaysWhyTheSocketFailed) {
  struct Row {
    const char* what;
    std::function<void(ScriptedBody&)> fill;
  };
  const Row rows[] = {
      {"no body", [](ScriptedBody&) {}},
      {"read", [](ScriptedBody& it) { it.reads(pattern(kMega)); }},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    connect();
    writer_.clear();
    client_.reset();
    ScriptedBody body;
    row.fill(body);
    writer_.begin("H\r\n\r\n", &body, false);
    Wait wait = Wait::kNothing;
    while (!writer_.over()) wait = advance();
    EXPECT_EQ(Wait::kTargetFailed, wait);
    EXPECT_THAT(writer_.error(), AnyOf(EPIPE, ECONNRESET));
    EXPECT_EQ(Wait::kTargetFailed, advance());
    EXPECT_EQ(0U, writer_.sent());
    writer_.clear();
    EXPECT_EQ(0, writer_.error());
  }
}

TEST_P(MessageWriterTest, SaysWhyTheSocketFailedThatAPayloadWasMovedTo) {
  auto [near, far] = support::tcpPair();
  support::Peer source(std::move(far));
  struct Nobody final : IncomingBody::Source {
    void bodyWaits() override {}
    void bodyOver() override {}
  } nobody;
  Input input(pools_.buffers(), 4096);
  IncomingBody body(pools_, nobody, input, near.get(), http::SizedBody{kMega});
  writer_.begin("H\r\n\r\n", &body, false);
  EXPECT_EQ(Wait::kSource, advance());
  client_.reset();
  source.say(pattern(kMega));
  EXPECT_TRUE(support::eventually([&] {
    source.work();
    advance();
    return writer_.over();
  }));
  EXPECT_EQ(Wait::kTargetFailed, writer_.waits());
  EXPECT_THAT(writer_.error(), AnyOf(EPIPE, ECONNRESET));
}

TEST_P(MessageWriterTest, SaysWhyTheSocketFailedWhileSomethingWasHeld) {
  connect(kTiny);
  ScriptedBody body;
  body.reads(pattern(kMega));
  writer_.begin("H\r\n\r\n", &body, false);
  while (advance() != Wait::kTarget) {
  }
  client_.reset();
  while (!writer_.over()) advance();
  EXPECT_EQ(Wait::kTargetFailed, writer_.waits());
  EXPECT_THAT(writer_.error(), AnyOf(EPIPE, ECONNRESET));
  writer_.clear();
  EXPECT_EQ(0U, pools_.buffers().lentBytes());
}

TEST_P(MessageWriterTest, ClearedItMayBeginAnother) {
  ScriptedBody body;
  body.pauses();
  writer_.begin("first\r\n\r\n", &body, true);
  EXPECT_EQ(Wait::kSource, advance());
  writer_.clear();
  EXPECT_TRUE(writer_.over());
  EXPECT_EQ(0U, writer_.sent());
  writer_.begin("second\r\n\r\n", nullptr, false);
  EXPECT_EQ(Wait::kEnd, advance());
  EXPECT_EQ(10U, writer_.sent());
  EXPECT_TRUE(support::eventually([&] {
    client_.work();
    return client_.heard() == "first\r\n\r\nsecond\r\n\r\n";
  }));
}

TEST_P(MessageWriterTest, HoldsWhatIsLeftOfAHeadOfTheLargestSize) {
  connect(kTiny);
  const std::string filler = fillSocket();
  ScriptedBody body;
  const std::string head = pattern(Workspace::kFrame / 2);
  body.reads(pattern(kMega));
  writer_.begin(head, &body, true);
  EXPECT_EQ(Wait::kTarget, advance());
  EXPECT_EQ(Wait::kEnd, write());
  EXPECT_TRUE(support::eventually([&] {
    client_.work();
    return client_.heard().size() == filler.size() + writer_.sent();
  }));
  const std::string_view text = std::string_view(client_.heard()).substr(filler.size());
  EXPECT_TRUE(same(head, text.substr(0, head.size())));
  const Unchunked got = unchunk(text.substr(head.size()));
  EXPECT_TRUE(got.whole);
  EXPECT_TRUE(same(pattern(kMega), got.payload));
}

// A large body of which nothing has come yet, and perhaps never will.
class PromisedBody final : public http::Body {
 public:
  [[nodiscard]] std::optional<std::uint64_t> size() const noexcept override { return kMega; }
  [[nodiscard]] std::uint64_t movable() const noexcept override { return kMega; }
  Progress move(int /*socket*/, std::size_t /*share*/) override { return {0, moves}; }
  Progress read(std::span<char> /*into*/) override { return {0, Wait::kSource}; }

  Wait moves = Wait::kSource;
};

TEST_P(MessageWriterTest, AHeadDoesNotWaitForItsBody) {
  PromisedBody body;
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n";
  writer_.begin(head, &body, false);
  EXPECT_EQ(Wait::kSource, advance());
  client_.work();  // it is there at once, and not 200 ms later
  EXPECT_EQ(head, client_.heard());
}

TEST_P(MessageWriterTest, FailsWhereWhatWasPromisedCannotBeMoved) {
  PromisedBody body;
  writer_.begin("HTTP/1.1 200 OK\r\n\r\n", &body, true);
  EXPECT_EQ(Wait::kSource, advance());
  EXPECT_EQ(Wait::kSource, advance());
  body.moves = Wait::kNothing;
  EXPECT_EQ(Wait::kFailed, advance()) << "and does not try for ever";
}

}  // namespace
}  // namespace proxy::http1
