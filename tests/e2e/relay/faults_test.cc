// The faults of these tests do befall the proxy, each of its kinds, in either lane.
#include "e2e/support/relay_fixture.h"
#include "e2e/support/stream.h"

namespace e2e {
namespace {

class FaultsTest : public RelayTest {
 protected:
  ProxyProcess::Ended relaySome() {
    Joined session = join();
    std::vector<Stream> streams = {
        Stream(session.client, session.upstream, 1, amount(std::size_t{32} << 20)),
        Stream(session.upstream, session.client, 2, amount(std::size_t{32} << 20))};
    drive(streams);
    return finish();
  }
};

class CutsTest : public FaultsTest {};

TEST_P(CutsTest, ReadsAndWritesAreCutShort) { EXPECT_GT(relaySome().faults.at("cuts"), 10U); }

INSTANTIATE_TEST_SUITE_P(Relay, CutsTest,
                         testing::ValuesIn(everyLaneUnder({kHalves, kOneByte, kRandom})),
                         settingName);

class ErrnosTest : public FaultsTest {};

TEST_P(ErrnosTest, CallsAreInterruptedAndToldToWait) {
  const auto ended = relaySome();
  EXPECT_GT(ended.faults.at("eintr"), 0U);
  EXPECT_GT(ended.faults.at("eagain"), 0U);
}

constexpr Faults kErrnos{"Errnos", "cut=random,eintr=200,eagain=300", 16};
INSTANTIATE_TEST_SUITE_P(Relay, ErrnosTest, testing::ValuesIn(everyLane(kErrnos)), settingName);

}  // namespace
}  // namespace e2e
