// A lot of bytes, both ways, over many sessions: each arrives once, in its place.
#include "e2e/support/relay_fixture.h"
#include "e2e/support/stream.h"

namespace e2e {
namespace {

constexpr std::size_t kSessions = 64;

class BulkTest : public RelayTest {};

TEST_P(BulkTest, OneGibibyteEachWayArrivesAsItWasSent) {
  const std::uint64_t each = amount(std::size_t{1} << 30) / kSessions;
  std::vector<Joined> sessions;
  for (std::size_t i = 0; i < kSessions; ++i) sessions.push_back(join());
  std::vector<Stream> streams;
  for (std::size_t i = 0; i < kSessions; ++i) {
    streams.emplace_back(sessions[i].client, sessions[i].upstream, 2 * i, each);
    streams.emplace_back(sessions[i].upstream, sessions[i].client, 2 * i + 1, each);
  }
  drive(streams, Deadline(milliseconds(240'000)));
  const auto ended = finish();
  EXPECT_EQ(ended["sessions_done"], kSessions);
  EXPECT_EQ(ended["bytes_from_clients"], kSessions * each);
  EXPECT_EQ(ended["bytes_from_upstreams"], kSessions * each);
  if (GetParam().lane == "splice") {
    EXPECT_GT(ended["bytes_spliced"], kSessions * each);
  }
}

INSTANTIATE_TEST_SUITE_P(Relay, BulkTest, testing::ValuesIn(everySetting()), settingName);

}  // namespace
}  // namespace e2e
