#include "http/chunk_reader.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace proxy::http {
namespace {

using State = ChunkReader::State;
using namespace std::string_view_literals;

/// What a chunked body comes to.
struct Outcome {
  State state = State::kFraming;
  std::string payload;
  std::size_t used = 0;
};

/// Gives the reader `bytes`, at most `step` at a time, and collects the payload beside it.
Outcome readAll(ChunkReader& reader, std::string_view bytes, std::size_t step) {
  Outcome outcome;
  std::string_view rest = bytes;
  const auto undecided = [&] { return reader.state() < State::kEnd && !rest.empty(); };
  while (undecided()) {
    std::size_t taken = 0;
    if (reader.state() == State::kPayload) {
      taken = std::min<std::size_t>({rest.size(), step, reader.payload()});
      outcome.payload.append(rest.substr(0, taken));
      reader.skip(taken);
    } else {
      const std::vector<char> copy(
          rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(std::min(step, rest.size())));
      taken = reader.read({copy.data(), copy.size()});
      EXPECT_TRUE(taken > 0 || reader.state() == State::kBad);
    }
    rest.remove_prefix(taken);
  }
  outcome.state = reader.state();
  outcome.used = bytes.size() - rest.size();
  return outcome;
}

TEST(ChunkReader, FindsThePayload) {
  struct Row {
    std::string_view bytes;
    std::string_view payload;
  };
  constexpr Row kRows[] = {
      {"0\r\n\r\n", ""},
      {"5\r\nhello\r\n0\r\n\r\n", "hello"},
      {"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world"},
      {"1\r\n\r\r\n1\r\n\n\r\n0\r\n\r\n", "\r\n"},
      {"5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n"},
      {"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"},
      {"00005\r\nhello\r\n000\r\n\r\n", "hello"},
      {"5;a\r\nhello\r\n0\r\n\r\n", "hello"},
      {"5;a=b;c=\"d e\"\r\nhello\r\n0;f\r\n\r\n", "hello"},
      {"5\r\nhello\r\n0\r\nA: b\r\nC:\r\n\r\n", "hello"},
  };
  for (const Row& row : kRows) {
    const std::string followed = std::string(row.bytes) + "GET / HTTP/1.1\r\n";
    for (const std::size_t step : {followed.size(), std::size_t{1}, std::size_t{3}}) {
      SCOPED_TRACE(row.bytes);
      ChunkReader reader;
      const Outcome outcome = readAll(reader, followed, step);
      EXPECT_EQ(State::kEnd, outcome.state);
      EXPECT_EQ(row.payload, outcome.payload);
      EXPECT_EQ(row.bytes.size(), outcome.used) << "what comes next is left";
      EXPECT_EQ(0U, reader.payload());
    }
  }
}

TEST(ChunkReader, WaitsForTheRest) {
  constexpr std::string_view kBytes = "5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n";
  for (std::size_t size = 0; size < kBytes.size(); ++size) {
    ChunkReader reader;
    EXPECT_LT(readAll(reader, kBytes.substr(0, size), size + 1).state, State::kEnd) << size;
    EXPECT_EQ(size < 7 || size >= 12, reader.payload() == 0) << size;
  }
}

TEST(ChunkReader, SkipsPayloadAsItIsMoved) {
  ChunkReader reader;
  EXPECT_EQ(18U, reader.read("7fffffffffffffff\r\n"));
  EXPECT_EQ(State::kPayload, reader.state());
  EXPECT_EQ(0x7fffffffffffffffU, reader.payload());
  EXPECT_EQ(0U, reader.read("payload")) << "does not go through it";
  reader.skip(0);
  reader.skip(0x7ffffffffffffffe);
  EXPECT_EQ(1U, reader.payload());
  reader.skip(1);
  EXPECT_EQ(State::kFraming, reader.state());
  EXPECT_EQ(0U, reader.payload());
  EXPECT_EQ(7U, reader.read("\r\n0\r\n\r\n"));
  EXPECT_EQ(State::kEnd, reader.state());
  EXPECT_EQ(0U, reader.read("0\r\n"));
}

TEST(ChunkReader, KeepsTheTrailer) {
  ChunkReader reader;
  const Outcome outcome = readAll(reader, "0\r\nA: b\r\nContent-MD5: \t x= \r\nHost: c\r\n\r\n", 1);
  ASSERT_EQ(State::kEnd, outcome.state);
  const Fields trailers = reader.trailers();
  ASSERT_EQ(3U, trailers.size());
  EXPECT_EQ("A", trailers[0].name);
  EXPECT_EQ("b", trailers[0].value);
  EXPECT_EQ("x=", trailers[1].value);
  EXPECT_EQ(Name::kHost, trailers[2].known);
}

TEST(ChunkReader, RefusesWhatIsMalformed) {
  constexpr std::string_view kBodies[] = {
      "\r\n"sv,
      "x\r\n"sv,
      "g\r\nhello\r\n0\r\n\r\n"sv,
      "0x5\r\nhello\r\n0\r\n\r\n"sv,
      "+5\r\nhello\r\n0\r\n\r\n"sv,
      "-5\r\nhello\r\n0\r\n\r\n"sv,
      " 5\r\nhello\r\n0\r\n\r\n"sv,
      "5 \r\nhello\r\n0\r\n\r\n"sv,
      "5\t\r\nhello\r\n0\r\n\r\n"sv,
      "5 ;a\r\nhello\r\n0\r\n\r\n"sv,
      "5,5\r\nhello\r\n0\r\n\r\n"sv,
      "5_0\r\nhello\r\n0\r\n\r\n"sv,
      "5.0\r\nhello\r\n0\r\n\r\n"sv,
      "5\0\r\nhello\r\n0\r\n\r\n"sv,
      ";a\r\nhello\r\n0\r\n\r\n"sv,
      "5\nhello\r\n0\r\n\r\n"sv,
      "5\rhello\r\n0\r\n\r\n"sv,
      "5\r\r\nhello\r\n0\r\n\r\n"sv,
      "5;a\nhello\r\n0\r\n\r\n"sv,
      "5;a\rb\r\nhello\r\n0\r\n\r\n"sv,
      "5;a=\"b\r\nhello\r\n0\r\n\r\n"sv,
      "5;a=\"b\nc\"\r\nhello\r\n0\r\n\r\n"sv,
      "5;\001\r\nhello\r\n0\r\n\r\n"sv,
      "5\r\nhello\n0\r\n\r\n"sv,
      "5\r\nhello\r0\r\n\r\n"sv,
      "5\r\nhello!\r\n0\r\n\r\n"sv,
      "5\r\nhello0\r\n\r\n"sv,
      "5\r\nhello\r\n\r\n0\r\n\r\n"sv,
      "8000000000000000\r\n"sv,
      "ffffffffffffffff\r\n"sv,
      "10000000000000000\r\n"sv,
      "10000000000000005\r\nhello\r\n0\r\n\r\n"sv,
      "0\r\n\n"sv,
      "0\n\r\n"sv,
      "0\r\nA\r\n\r\n"sv,
      "0\r\nA : b\r\n\r\n"sv,
      "0\r\n A: b\r\n\r\n"sv,
      "0\r\n: b\r\n\r\n"sv,
      "0\r\nA: b\n\r\n"sv,
      "0\r\nA: b\rC: d\r\n\r\n"sv,
      "0\r\nA: b\r\n c\r\n\r\n"sv,
      "0\r\nA: \001\r\n\r\n"sv,
      "0\r\nA: \0\r\n\r\n"sv,
      "0\r\nA\200: b\r\n\r\n"sv,
  };
  for (const std::string_view bytes : kBodies) {
    for (const std::size_t step : {bytes.size(), std::size_t{1}, std::size_t{3}}) {
      ChunkReader reader;
      EXPECT_EQ(State::kBad, readAll(reader, bytes, step).state) << bytes << ", step " << step;
      EXPECT_EQ(0U, reader.payload());
      EXPECT_TRUE(reader.trailers().empty());
      EXPECT_EQ(0U, reader.read("0\r\n\r\n")) << "it stays so";
    }
  }
}

TEST(ChunkReader, LimitsWhatIsNoPayload) {
  const std::string zeros(20000, '0');
  std::string fields = "0\r\n";
  for (int i = 0; i < 101; ++i) fields += "A: b\r\n";
  for (const std::string& bytes : {zeros, "5;" + std::string(20000, 'a'),
                                   "0\r\nA: " + std::string(20000, 'a'), fields + "\r\n"}) {
    for (const std::size_t step : {bytes.size(), std::size_t{1}}) {
      ChunkReader reader;
      EXPECT_EQ(State::kBad, readAll(reader, bytes, step).state) << bytes.substr(0, 9);
    }
  }
  fields.resize(fields.size() - 6);
  ChunkReader reader;
  EXPECT_EQ(State::kEnd, readAll(reader, fields + "\r\n", 1).state) << "a hundred are enough";
  EXPECT_EQ(100U, reader.trailers().size());
}

TEST(ChunkReader, CountsAnewForEachChunk) {
  std::string bytes;
  for (int i = 0; i < 5000; ++i) bytes += "1;extension\r\nx\r\n";
  ChunkReader reader;
  const Outcome outcome = readAll(reader, bytes + "0\r\n\r\n", 4096);
  EXPECT_EQ(State::kEnd, outcome.state);
  EXPECT_EQ(std::string(5000, 'x'), outcome.payload);
}

}  // namespace
}  // namespace proxy::http
