// A client that does not read stops its upstream, however the answer is framed; the proxy holds
// little of it, and gives all of it when the client reads on.
#include <poll.h>
#include <sys/socket.h>

#include "e2e/support/gateway_fixture.h"

namespace e2e {
namespace {

constexpr std::size_t kClients = 4;
constexpr std::size_t kHoldKiB = 128;  // of each of them

// Longer than a sender's kernel waits before it asks a full receiver again.
constexpr int kStuck = 300;

/// An answer whose body repeats the same bytes for as long as somebody takes them.
class EndlessAnswer {
 public:
  EndlessAnswer(HttpClient client, UpstreamConnection upstream, std::string_view head,
                const std::string& piece)
      : client_(std::move(client)), upstream_(std::move(upstream)), piece_(piece) {
    const int small = 64 * 1024;
    setsockopt(upstream_.peer().fd(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    upstream_.send(head);
    answer_ = client_.answerHead();
  }

  [[nodiscard]] int fd() { return upstream_.peer().fd(); }

  void sendSome() {
    const std::size_t sent = upstream_.peer().sendSome(std::string_view(piece_).substr(at_));
    pieces_ += (at_ + sent) / piece_.size();
    at_ = (at_ + sent) % piece_.size();
  }

  /// The client reads all, up to an end behind the next whole piece.
  void finish(std::string_view end, std::string_view payload) {
    const std::string rest = piece_.substr(at_) + std::string(end);
    std::thread sender([&] {
      upstream_.send(rest);
      upstream_.close();
    });
    client_.readBody(answer_);
    sender.join();
    EXPECT_EQ(answer_.flaw, "");
    ASSERT_EQ(answer_.body.size(), (pieces_ + 1) * payload.size());
    for (std::size_t i = 0; i <= pieces_; ++i) {
      ASSERT_EQ(answer_.body.compare(i * payload.size(), payload.size(), payload), 0) << i;
    }
    client_.close();
  }

 private:
  HttpClient client_;
  UpstreamConnection upstream_;
  HttpAnswer answer_;
  const std::string& piece_;
  std::size_t at_ = 0;  // within a piece
  std::size_t pieces_ = 0;
};

class GatewayBackPressureTest : public GatewayTest {
 protected:
  void begin(std::string_view version, std::string_view head, const std::string& piece) {
    HttpClient client = this->client(64 * 1024);
    client.send("GET / HTTP/" + std::string(version) + "\r\nHost: a\r\n\r\n");
    UpstreamConnection upstream = upstream_.accept();
    expectRequest(upstream);
    answers_.emplace_back(std::move(client), std::move(upstream), head, piece);
  }

  /// Until nothing has gone on for a while: every buffer on the way is full.
  void fill() {
    for (;;) {
      std::vector<pollfd> waiting;
      for (EndlessAnswer& answer : answers_) waiting.push_back({answer.fd(), POLLOUT, 0});
      if (::poll(waiting.data(), waiting.size(), kStuck) <= 0) return;
      for (std::size_t i = 0; i < answers_.size(); ++i) {
        if (waiting[i].revents != 0) answers_[i].sendSome();
      }
    }
  }

  void expectLittleHeld() {
    const std::size_t before = proxy_.vitals().residentKiB;
    fill();
    const std::size_t after = proxy_.vitals().residentKiB;
    const std::size_t growth = after > before ? after - before : 0;
    RecordProperty("growth_kib", static_cast<int>(growth));
    if (!support::kSanitized) {
      EXPECT_LT(growth, kClients * kHoldKiB);
    }
  }

  std::vector<EndlessAnswer> answers_;
};

TEST_P(GatewayBackPressureTest, AnswersUntilTheirEnd) {
  const std::string piece = bytes(100'000);
  for (std::size_t i = 0; i < kClients; ++i) {
    begin(i % 2 == 0 ? "1.1" : "1.0", "HTTP/1.1 200 OK\r\n\r\n", piece);
  }
  expectLittleHeld();
  for (EndlessAnswer& answer : answers_) answer.finish("", piece);
  waitUntilIdle();
  EXPECT_EQ(stop()["sessions_done"], kClients);
}

TEST_P(GatewayBackPressureTest, AnswersInTinyChunks) {
  const std::string payload = bytes(20'000);
  std::string piece = chunked(payload, 1);
  piece.resize(piece.size() - std::string_view("0\r\n\r\n").size());
  for (std::size_t i = 0; i < kClients; ++i) {
    begin(i % 2 == 0 ? "1.1" : "1.0", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
          piece);
  }
  expectLittleHeld();
  for (EndlessAnswer& answer : answers_) answer.finish("0\r\n\r\n", payload);
  waitUntilIdle();
  EXPECT_EQ(stop()["sessions_done"], kClients);
}

INSTANTIATE_TEST_SUITE_P(Gateway, GatewayBackPressureTest,
                         testing::ValuesIn(everyLaneUnder({kPlain, kRandom})), settingName);

}  // namespace
}  // namespace e2e
