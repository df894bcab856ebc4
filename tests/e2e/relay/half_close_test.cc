// One side ends its writing, and still gets the whole answer.
#include "e2e/support/relay_fixture.h"
#include "e2e/support/stream.h"

namespace e2e {
namespace {

class HalfCloseTest : public RelayTest {
 protected:
  // `asker` asks and ends; `teller` sees the end and only then answers.
  void askAndTell(Peer& asker, Peer& teller) {
    asker.send("question");
    asker.endWriting();
    const auto question = teller.rest();
    EXPECT_EQ(question.bytes, "question");
    EXPECT_EQ(question.error, 0);
    std::vector<Stream> answer = {Stream(teller, asker, 1, answerSize_)};
    drive(answer);
    EXPECT_EQ(answer[0].received(), answerSize_);
  }

  std::uint64_t answerSize_ = amount(std::size_t{8} << 20);
};

TEST_P(HalfCloseTest, ClientStillGetsTheWholeAnswer) {
  Joined session = join();
  askAndTell(session.client, session.upstream);
  const auto ended = finish();
  EXPECT_EQ(ended["sessions_done"], 1U);
  EXPECT_EQ(ended["bytes_from_clients"], 8U);
  EXPECT_EQ(ended["bytes_from_upstreams"], answerSize_);
}

TEST_P(HalfCloseTest, UpstreamStillGetsTheWholeAnswer) {
  Joined session = join();
  askAndTell(session.upstream, session.client);
  const auto ended = finish();
  EXPECT_EQ(ended["sessions_done"], 1U);
  EXPECT_EQ(ended["bytes_from_clients"], answerSize_);
  EXPECT_EQ(ended["bytes_from_upstreams"], 8U);
}

TEST_P(HalfCloseTest, SessionWithoutAByteEndsInOrder) {
  Joined session = join();
  session.client.endWriting();
  EXPECT_EQ(session.upstream.rest().error, 0);
  EXPECT_TRUE(session.client.isSilentFor(milliseconds(20))) << "one direction is still open";
  session.upstream.endWriting();
  EXPECT_EQ(session.client.rest().error, 0);
  proxy_.waitUntilIdle();
  const auto ended = proxy_.stop();  // there was no byte for a fault to befall
  EXPECT_EQ(ended["sessions_done"], 1U);
  EXPECT_EQ(ended["bytes_from_clients"] + ended["bytes_from_upstreams"], 0U);
}

// What the client sent before its session was connected waits for it, its end included.
TEST_P(HalfCloseTest, ClientThatIsGoneBeforeTheUpstreamIsThereIsHeard) {
  Peer client = dial(proxy_.address());
  client.send("all there is");
  client.endWriting();
  Peer upstream = origin_.accept();
  EXPECT_EQ(upstream.rest().bytes, "all there is");
  upstream.send("thanks");
  upstream.close();
  EXPECT_EQ(client.rest().bytes, "thanks");
  EXPECT_EQ(finish()["sessions_done"], 1U);
}

INSTANTIATE_TEST_SUITE_P(Relay, HalfCloseTest, testing::ValuesIn(everySetting()), settingName);

}  // namespace
}  // namespace e2e
