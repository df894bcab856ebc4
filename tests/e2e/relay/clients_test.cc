// Real clients: curl, wrk and iperf3 through the proxy. tools/setup installs them.
#include <fstream>

#include "e2e/support/http_origin.h"
#include "e2e/support/relay_fixture.h"

namespace e2e {
namespace {

Finished runProgram(std::vector<std::string> words) {
  auto finished = run({.words = std::move(words)}, Deadline(milliseconds(60'000)));
  EXPECT_NE(finished.status, 127) << "the program is missing: run tools/setup test";
  return finished;
}

class HttpClientTest : public testing::TestWithParam<Setting> {
 protected:
  [[nodiscard]] std::string url(const std::string& path) const {
    return "http://" + proxy_.address() + path;
  }

  ProxyProcess::Ended finish() {
    proxy_.waitUntilIdle();
    const auto ended = proxy_.stop();
    expectSums(GetParam(), ended);
    return ended;
  }

  HttpOrigin origin_;
  ProxyProcess proxy_{GetParam().proxyTo(origin_.address())};
};

class CurlTest : public HttpClientTest {
 protected:
  TemporaryDirectory directory_;
  std::size_t size_ = GetParam().amount(std::size_t{64} << 20);
};

TEST_P(CurlTest, Uploads) {
  const auto file = directory_.file("upload");
  std::ofstream(file, std::ios::binary) << HttpOrigin::pattern().bytes(0, size_);
  const auto curl =
      runProgram({"curl", "-sS", "-f", "-H", "Expect:", "-T", file.string(), url("/upload")});
  EXPECT_EQ(curl.status, 0) << curl.err;
  EXPECT_EQ(curl.out, std::to_string(size_) + " right\n");
  const auto ended = finish();
  EXPECT_EQ(ended["sessions_done"], 1U);
  EXPECT_GT(ended["bytes_from_clients"], size_);
}

TEST_P(CurlTest, Downloads) {
  const auto file = directory_.file("download");
  const auto curl =
      runProgram({"curl", "-sS", "-f", "-o", file.string(), url("/" + std::to_string(size_))});
  EXPECT_EQ(curl.status, 0) << curl.err;
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  EXPECT_EQ(bytes.size(), size_);
  EXPECT_FALSE(HttpOrigin::pattern().firstWrong(0, bytes));
  const auto ended = finish();
  EXPECT_EQ(ended["sessions_done"], 1U);
  EXPECT_GT(ended["bytes_from_upstreams"], size_);
}

INSTANTIATE_TEST_SUITE_P(Relay, CurlTest, testing::ValuesIn(everySetting()), settingName);

class WrkTest : public HttpClientTest {
 protected:
  void expectRequestsWithoutErrors(const std::string& header) {
    const auto wrk =
        runProgram({"wrk", "-t", "1", "-c", "16", "-d", "1", "-H", header, url("/1000")});
    EXPECT_EQ(wrk.status, 0) << wrk.err;
    EXPECT_EQ(wrk.out.find("Socket errors"), std::string::npos) << wrk.out;
    EXPECT_EQ(wrk.out.find("Non-2xx"), std::string::npos) << wrk.out;
    const std::size_t count = wrk.out.find(" requests in ");
    ASSERT_NE(count, std::string::npos) << wrk.out;
    const std::size_t line = wrk.out.rfind('\n', count) + 1;
    requests_ = std::stoul(wrk.out.substr(line));
    EXPECT_GT(requests_, 10U) << wrk.out;
  }

  std::uint64_t requests_ = 0;
};

TEST_P(WrkTest, KeepsConnectionsAlive) {
  expectRequestsWithoutErrors("Connection: keep-alive");
  const auto ended = finish();
  EXPECT_LE(ended["sessions_accepted"], 17U);  // it begins with one more, to look
  EXPECT_GE(ended["bytes_from_upstreams"], 1000 * requests_);
}

TEST_P(WrkTest, OpensAConnectionForEveryRequest) {
  expectRequestsWithoutErrors("Connection: close");
  const auto ended = finish();
  EXPECT_GE(ended["sessions_accepted"], requests_);
  // When its second is over, wrk drops what is under way.
  EXPECT_GE(ended["sessions_done"] + 16, requests_);
  EXPECT_GE(ended["bytes_from_upstreams"], 1000 * requests_);
}

INSTANTIATE_TEST_SUITE_P(Relay, WrkTest, testing::ValuesIn(settingsForStreams()), settingName);

class IperfTest : public testing::TestWithParam<Setting> {
 protected:
  // iperf3 knows no port 0.
  static std::uint16_t freePort() { return Listener().port(); }

  void expectThroughput(const std::vector<std::string>& direction, std::string_view total) {
    const std::string port = std::to_string(freePort());
    Child server({.words = {"iperf3", "-s", "-1", "-p", port, "--forceflush"}});
    ASSERT_TRUE(server.readUntil([&] {
      return server.out().find("Server listening") != std::string::npos;
    })) << server.err()
        << server.out();
    ProxyProcess proxy(GetParam().proxyTo("127.0.0.1:" + port));
    std::vector<std::string> words = {
        "iperf3", "-c", "127.0.0.1", "-p", std::to_string(proxy.port()), "-P", "8", "-t", "1"};
    words.insert(words.end(), direction.begin(), direction.end());
    const auto client = runProgram(words);
    EXPECT_EQ(client.status, 0) << client.out << client.err;
    EXPECT_EQ(server.wait(), 0) << server.out() << server.err();
    proxy.waitUntilIdle();
    const auto ended = proxy.stop();
    expectSums(GetParam(), ended);
    EXPECT_EQ(ended["sessions_accepted"], 9U);  // eight streams, and what controls them
    EXPECT_GT(ended[total], 1'000'000U);
  }
};

TEST_P(IperfTest, EightStreamsToTheOrigin) { expectThroughput({}, "bytes_from_clients"); }

TEST_P(IperfTest, EightStreamsFromTheOrigin) { expectThroughput({"-R"}, "bytes_from_upstreams"); }

INSTANTIATE_TEST_SUITE_P(Relay, IperfTest, testing::ValuesIn(settingsForStreams()), settingName);

}  // namespace
}  // namespace e2e
