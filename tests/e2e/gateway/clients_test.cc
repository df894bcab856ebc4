// Real clients: curl and wrk through the gateway.
#include <filesystem>
#include <fstream>
#include <memory>

#include "e2e/support/gateway_fixture.h"
#include "e2e/support/http_origin.h"
#include "e2e/support/program.h"
#include "support/build.h"

namespace e2e {
namespace {

// HttpOrigin compares no more than bytes; what comes to it is written by the gateway.
class GatewayClientTest : public testing::TestWithParam<Setting> {
 protected:
  [[nodiscard]] std::string url(const std::string& target) const {
    return "http://" + proxy_.address() + target;
  }

  Finished curl(std::vector<std::string> words) {
    words.insert(words.begin(), {"curl", "-sS", "-f", "--max-time", "50"});
    auto finished = runProgram(words);
    EXPECT_EQ(finished.status, 0) << finished.err;
    return finished;
  }

  ProxyProcess::Ended finish() {
    auto ended = proxy_.stop();
    expectGatewaySums(ended);
    return ended;
  }

  HttpOrigin origin_;
  ProxyProcess proxy_{gatewayTo(GetParam(), {origin_.address()})};
  TemporaryDirectory directory_;
};

/// A file of the origin's pattern, which has no hole and repeats itself at no round number.
void writePattern(const std::filesystem::path& file, std::size_t size) {
  std::ofstream stream(file, std::ios::binary);
  for (std::size_t done = 0; done < size;) {
    const auto block = HttpOrigin::pattern().from(done).substr(0, size - done);
    stream.write(block.data(), static_cast<std::streamsize>(block.size()));
    done += block.size();
  }
  ASSERT_TRUE(stream.flush()) << "cannot write " << file;
}

class GatewayCurlTest : public GatewayClientTest {};

TEST_P(GatewayCurlTest, Uploads) {
  const std::size_t size = GetParam().amount(std::size_t{64} << 20);
  const auto file = directory_.file("upload");
  writePattern(file, size);
  const auto out = curl({"-T", file.string(), "-H", "Expect:", url("/upload")}).out;
  EXPECT_EQ(out, std::to_string(size) + " right\n");
  EXPECT_EQ(finish()["requests"], 1U);
}

TEST_P(GatewayCurlTest, Downloads) {
  const std::size_t size = GetParam().amount(std::size_t{64} << 20);
  const auto file = directory_.file("download");
  for (const std::string version : {"--http1.1", "--http1.0"}) {
    curl({version, "-o", file.string(), url(path(size))});
    const std::string got = fileText(file);
    EXPECT_EQ(got.size(), size);
    EXPECT_FALSE(HttpOrigin::pattern().firstWrong(0, got));
  }
  const auto ended = finish();
  EXPECT_EQ(ended["requests"], 2U);
  EXPECT_EQ(ended["sessions_done"], 2U);
  EXPECT_EQ(ended["connects_tried"], 1U);
}

TEST_P(GatewayCurlTest, ReusesItsConnection) {
  std::vector<std::string> words = {"-o", "/dev/null", "-w", "%{num_connects} %{http_code}\n"};
  for (int i = 0; i < 5; ++i) {
    if (i > 0) words.insert(words.end(), {"-o", "/dev/null"});
    words.push_back(url("/1000"));
  }
  EXPECT_EQ(curl(words).out, "1 200\n0 200\n0 200\n0 200\n0 200\n");
  const auto ended = finish();
  EXPECT_EQ(ended["sessions_accepted"], 1U);
  EXPECT_EQ(ended["requests"], 5U);
  EXPECT_EQ(ended["connects_tried"], 1U);
}

INSTANTIATE_TEST_SUITE_P(Gateway, GatewayCurlTest, testing::ValuesIn(settingsForStreams()),
                         settingName);

/// The file is written once, and every lane's curl sends it.
class LargeUploadTest : public GatewayClientTest {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryDirectory>();
    writePattern(file(), kSize);
  }

  static void TearDownTestSuite() { folder_.reset(); }

  static std::filesystem::path file() { return folder_->file("upload"); }

  static constexpr std::size_t kSize = (std::size_t{1} << 30) / support::kSlowness;

 private:
  inline static std::unique_ptr<TemporaryDirectory> folder_;
};

TEST_P(LargeUploadTest, ArrivesByteForByte) {
  const auto out = curl({"-T", file().string(), "-H", "Expect:", url("/upload")}).out;
  EXPECT_EQ(out, std::to_string(kSize) + " right\n");
  const auto ended = finish();
  EXPECT_EQ(ended["requests"], 1U);
  EXPECT_GE(ended["bytes_from_clients"], kSize);
}

INSTANTIATE_TEST_SUITE_P(Gateway, LargeUploadTest, testing::ValuesIn(everyLane()), settingName);

/// What a curl asks is seen as it reaches the upstream.
class CurlRequestTest : public GatewayTest {
 protected:
  [[nodiscard]] Finished curl(const std::vector<std::string>& words, const std::string& target) {
    return runProgram(std::vector<std::string>{"curl", "-sS", "-f", "--max-time", "50"} + words +
                      std::vector<std::string>{"http://" + proxy_.address() + target});
  }

  /// The only request so far.
  [[nodiscard]] HttpRequest request() const {
    const auto all = upstream_.requests();
    if (all.size() != 1) throw std::runtime_error(std::to_string(all.size()) + " requests");
    return all.front();
  }

  TemporaryDirectory directory_;
};

TEST_P(CurlRequestTest, TargetsThatAreSaidAsTheyAre) {
  upstream_.answerEach([](const HttpRequest& request) {
    return ok(request.start + ", " + request.value("Host") + "\n");
  });
  const std::vector<std::pair<std::string, std::string>> targets = {
      {"http://b.example:8/x?y", "/x?y HTTP/1.1, b.example:8\n"},
      {"http://b.example?y", "/?y HTTP/1.1, b.example\n"},
      {"/a/../b//%2e;c?d=e%20f", "/a/../b//%2e;c?d=e%20f HTTP/1.1, " + proxy_.address() + "\n"},
      {"*", "* HTTP/1.1, " + proxy_.address() + "\n"}};
  for (const auto& [target, expected] : targets) {
    const std::string method = target == "*" ? "OPTIONS" : "GET";
    EXPECT_EQ(curl({"-X", method, "--request-target", target}, "/").out, method + " " + expected);
  }
  EXPECT_EQ(stop()["requests"], targets.size());
}

TEST_P(CurlRequestTest, Range) {
  upstream_.answerEach([](const HttpRequest&) {
    return "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5-9/10\r\n"
           "Content-Length: 5\r\n\r\n56789";
  });
  const auto done = curl({"-r", "5-9", "-D", "-"}, "/digits");
  EXPECT_TRUE(done.out.starts_with("HTTP/1.1 206 Partial Content\r\n")) << done.out;
  EXPECT_NE(done.out.find("\r\nContent-Range: bytes 5-9/10\r\n"), std::string::npos) << done.out;
  EXPECT_TRUE(done.out.ends_with("\r\n\r\n56789")) << done.out;
  EXPECT_EQ(request().value("Range"), "bytes=5-9");
}

INSTANTIATE_TEST_SUITE_P(Gateway, CurlRequestTest, testing::ValuesIn(anyLane()), settingName);

class CurlUploadTest : public CurlRequestTest {
 protected:
  CurlUploadTest() {
    std::ofstream(file_, std::ios::binary) << body_;
    upstream_.welcomeEach(
        [](const HttpRequest& request) { return ok(std::to_string(request.body.size())); });
  }

  void expectUploaded(const Finished& done) {
    EXPECT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(done.out, std::to_string(body_.size()));
    EXPECT_EQ(request().method, "PUT");
    EXPECT_EQ(request().flaw, "");
    EXPECT_TRUE(request().body == body_);
  }

  const std::string body_ = bytes(amount(std::size_t{16} << 20));
  const std::string file_ = directory_.file("upload").string();
};

TEST_P(CurlUploadTest, FileThatWaitsForItsWelcome) {
  const auto done = curl({"-v", "-T", file_}, "/upload");
  expectUploaded(done);
  EXPECT_EQ(request().framing, HttpFraming::kSized);
  const bool waits = request().has("Expect");  // for less than a MiB, some curls do not
  EXPECT_TRUE(waits || body_.size() <= (std::size_t{1} << 20));
  EXPECT_EQ(done.err.find("< HTTP/1.1 100 Continue") != std::string::npos, waits) << done.err;
  EXPECT_EQ(stop()["requests"], 1U);
}

TEST_P(CurlUploadTest, FileOfAClientOf10) {
  expectUploaded(curl({"--http1.0", "-T", file_}, "/upload"));
  EXPECT_EQ(request().framing, HttpFraming::kSized);
  EXPECT_FALSE(request().has("Expect"));
}

TEST_P(CurlUploadTest, StreamOfUnknownLength) {
  const auto done = runProgram({"sh", "-c", "exec curl -sS -f --max-time 50 -T - \"$1\" <\"$2\"",
                                "sh", "http://" + proxy_.address() + "/upload", file_});
  expectUploaded(done);
  EXPECT_EQ(request().framing, HttpFraming::kChunked);
}

INSTANTIATE_TEST_SUITE_P(Gateway, CurlUploadTest,
                         testing::ValuesIn(everyLaneUnder({kPlain, kRandom})), settingName);

class GatewayWrkTest : public GatewayClientTest {};

TEST_P(GatewayWrkTest, KeepsConnectionsAlive) {
  const auto requests = runWrk({"-t", "1", "-c", "16", url("/1000")});
  const auto ended = finish();
  EXPECT_LE(ended["sessions_accepted"], 17U);  // it begins with one more, to look
  EXPECT_GE(ended["requests"], requests);
  EXPECT_LE(ended["connects_tried"], 17U);
}

TEST_P(GatewayWrkTest, OpensAConnectionForEveryRequest) {
  const auto requests = runWrk({"-t", "1", "-c", "16", "-H", "Connection: close", url("/100000")});
  EXPECT_GE(finish()["sessions_accepted"], requests);
}

// A connection for each thread of wrk, so that a thread sees the order of its answers.
TEST_P(GatewayWrkTest, PipelinesSixteenRequests) {
  const auto script = directory_.file("pipeline.lua");
  std::ofstream(script) << R"(
    local batch = {}
    local answered = 0
    init = function()
      for i = 1, 16 do batch[i] = wrk.format("GET", "/" .. i * 37) end
      batch = table.concat(batch)
    end
    request = function() return batch end
    response = function(status, headers, body)
      local size = (answered % 16 + 1) * 37
      if status ~= 200 or #body ~= size then error(#body .. " bytes instead of " .. size) end
      answered = answered + 1
    end
  )";
  const auto requests = runWrk({"-t", "2", "-c", "2", "-s", script.string(), url("/")});
  const auto ended = finish();
  EXPECT_LE(ended["sessions_accepted"], 3U);
  EXPECT_GE(ended["requests"], requests);
}

INSTANTIATE_TEST_SUITE_P(Gateway, GatewayWrkTest,
                         testing::Values(Setting{.lane = "auto", .faults = kPlain},
                                         Setting{.lane = "auto", .faults = kRandom}),
                         settingName);

}  // namespace
}  // namespace e2e
