// A receiver that does not read stops its sender; the proxy holds no more than -b of what is
// between them, and gives all of it when the receiver reads on.
#include <cstdio>
#include <fstream>
#include <sstream>

#include "e2e/support/relay_fixture.h"
#include "e2e/support/stream.h"

namespace e2e {
namespace {

constexpr std::size_t kHold = std::size_t{64} * 1024;

// Bytes in the queues of one socket, in hexadecimal in /proc/net/tcp.
struct Queues {
  std::size_t sending = 0;
  std::size_t received = 0;
};

// Of the sockets for which `wanted(local port, remote port)`.
template <class Wanted>
Queues queuesOf(const Wanted& wanted) {
  Queues sum;
  std::ifstream table("/proc/net/tcp");
  std::string line;
  std::getline(table, line);  // the heading
  while (std::getline(table, line)) {
    unsigned local = 0;
    unsigned remote = 0;
    unsigned long sending = 0;
    unsigned long received = 0;
    if (std::sscanf(line.c_str(), "%*s %*x:%x %*x:%x %*x %lx:%lx", &local, &remote, &sending,
                    &received) == 4 &&
        wanted(local, remote)) {
      sum.sending += sending;
      sum.received += received;
    }
  }
  return sum;
}

class BackPressureTest : public RelayTest {
 protected:
  BackPressureTest() : RelayTest({"-b", "64K"}, 64 * 1024) {}

  // What is neither in a kernel's queue nor with a peer is with the proxy. Looked at in the order
  // in which bytes go: those on their way meanwhile are counted twice, and never missed.
  [[nodiscard]] std::size_t heldByProxy(const Stream& stream) const {
    const unsigned clientPort = Address::boundTo(stream.from().fd()).port();
    const unsigned proxyPort = proxy_.port();
    const unsigned originPort = origin_.port();
    const std::size_t from = stream.from().unacknowledged();
    const Queues near = queuesOf([&](unsigned local, unsigned remote) {
      return local == proxyPort && remote == clientPort;
    });
    const Queues far = queuesOf([&](unsigned, unsigned remote) { return remote == originPort; });
    const std::size_t elsewhere = from + near.received + far.sending + stream.to().waiting();
    return stream.sent() > elsewhere ? stream.sent() - elsewhere : 0;
  }
};

TEST_P(BackPressureTest, ProxyHoldsNoMoreThanItsBuffer) {
  Joined session = join();
  std::vector<Stream> streams = {
      Stream(session.client, session.upstream, 1, std::uint64_t{1} << 40)};
  fill(streams);
  EXPECT_LE(heldByProxy(streams[0]), kHold);

  // Then all of it, and what comes behind.
  std::uint64_t sent = streams[0].sent();
  streams[0].endAfter(sent + amount(std::size_t{16} << 20));
  drive(streams);
  session.upstream.close();
  EXPECT_EQ(session.client.rest().error, 0);
  const auto ended = finish();
  EXPECT_EQ(ended["sessions_done"], 1U);
  EXPECT_EQ(ended["bytes_from_clients"], streams[0].received());
}

TEST_P(BackPressureTest, MemoryOfManyStalledSessionsStaysBounded) {
  // What the kernel holds of them, 11 MB each, must stay below what it allows TCP in all.
  constexpr std::size_t kSessions = 16;
  std::vector<Joined> sessions;
  std::vector<Stream> streams;
  for (std::size_t i = 0; i < kSessions; ++i) sessions.push_back(join());
  const std::size_t before = proxy_.vitals().residentKiB;
  for (std::size_t i = 0; i < kSessions; ++i) {
    streams.emplace_back(sessions[i].client, sessions[i].upstream, i, std::uint64_t{1} << 40);
  }
  fill(streams);
  const std::size_t after = proxy_.vitals().residentKiB;
  const std::size_t growth = after > before ? after - before : 0;
  RecordProperty("growth_kib", static_cast<int>(growth));
  if (!support::kSanitized) {
    EXPECT_LT(growth, 2 * kSessions * kHold / 1024);
  }
  for (Stream& stream : streams) stream.endAfter(stream.sent());
  drive(streams);
  for (Joined& session : sessions) session.upstream.close();
  EXPECT_EQ(finish()["sessions_done"], kSessions);
}

INSTANTIATE_TEST_SUITE_P(Relay, BackPressureTest, testing::ValuesIn(settingsForStreams()),
                         settingName);

}  // namespace
}  // namespace e2e
