// Real clients, and nginx as the upstream. tools/setup installs them.
#include <csignal>
#include <fstream>

#include "e2e/support/gateway_fixture.h"
#include "e2e/support/http_origin.h"
#include "support/build.h"
#include "support/eventually.h"

namespace e2e {
namespace {

Finished runProgram(std::vector<std::string> words) {
  auto finished = run({.words = std::move(words)}, Deadline(milliseconds(60'000)));
  EXPECT_NE(finished.status, 127) << "the program is missing: run tools/setup test";
  return finished;
}

std::string fileText(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

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

class GatewayCurlTest : public GatewayClientTest {};

TEST_P(GatewayCurlTest, Uploads) {
  // A file with a hole is a GiB for nothing, but it is not the pattern.
  const bool plain =
      GetParam().lane == "auto" && GetParam().faults.spec.empty() && !support::kSanitized;
  const std::size_t size = GetParam().amount(std::size_t{64} << 20);
  const auto file = directory_.file("upload");
  std::ofstream(file, std::ios::binary) << HttpOrigin::pattern().bytes(0, size);
  auto out = curl({"-T", file.string(), "-H", "Expect:", url("/upload")}).out;
  EXPECT_EQ(out, std::to_string(size) + " right\n");
  if (!plain) return;
  const std::size_t gib = std::size_t{1} << 30;
  std::filesystem::resize_file(file, gib);
  out = curl({"-T", file.string(), "-H", "Expect:", url("/upload")}).out;
  EXPECT_EQ(out, std::to_string(gib) + " wrong\n");
  EXPECT_EQ(finish()["requests"], 2U);
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

class GatewayWrkTest : public GatewayClientTest {
 protected:
  void expectRequestsWithoutErrors(const std::string& header, const std::string& target) {
    const auto wrk =
        runProgram({"wrk", "-t", "1", "-c", "16", "-d", "1", "-H", header, url(target)});
    EXPECT_EQ(wrk.status, 0) << wrk.err;
    EXPECT_EQ(wrk.out.find("Socket errors"), std::string::npos) << wrk.out;
    EXPECT_EQ(wrk.out.find("Non-2xx"), std::string::npos) << wrk.out;
    const std::size_t count = wrk.out.find(" requests in ");
    ASSERT_NE(count, std::string::npos) << wrk.out;
    requests_ = std::stoul(wrk.out.substr(wrk.out.rfind('\n', count) + 1));
    EXPECT_GT(requests_, 10U) << wrk.out;
  }

  std::uint64_t requests_ = 0;
};

TEST_P(GatewayWrkTest, KeepsConnectionsAlive) {
  expectRequestsWithoutErrors("Connection: keep-alive", "/1000");
  const auto ended = finish();
  EXPECT_LE(ended["sessions_accepted"], 17U);  // it begins with one more, to look
  EXPECT_GE(ended["requests"], requests_);
  EXPECT_LE(ended["connects_tried"], 17U);
}

TEST_P(GatewayWrkTest, OpensAConnectionForEveryRequest) {
  expectRequestsWithoutErrors("Connection: close", "/100000");
  const auto ended = finish();
  EXPECT_GE(ended["sessions_accepted"], requests_);
}

INSTANTIATE_TEST_SUITE_P(Gateway, GatewayWrkTest,
                         testing::Values(Setting{.lane = "auto", .faults = kPlain},
                                         Setting{.lane = "auto", .faults = kRandom}),
                         settingName);

/// nginx with a directory of its own. It knows no port 0.
class Nginx {
 public:
  explicit Nginx(const TemporaryDirectory& directory) : port_(Listener().port()) {
    const std::string prefix = directory.file("").string();
    std::filesystem::create_directory(directory.file("html"));
    std::ofstream(directory.file("nginx.conf"))
        << "daemon off; master_process off; worker_processes 1; pid nginx.pid;\n"
           "error_log stderr warn;\nevents { worker_connections 512; }\n"
           "http {\n  access_log off; client_body_temp_path body; proxy_temp_path p;\n"
           "  fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;\n"
           "  default_type text/plain; gzip off; client_max_body_size 0;\n"
           "  server {\n    listen 127.0.0.1:"
        << port_
        << ";\n    root html;\n    location = /hello { return 200 \"hello\\n\"; }\n"
           "    location = /old { return 301 http://elsewhere.example/new; }\n"
           "    location /ssi/ { ssi on; ssi_types *; }\n  }\n}\n";
    child_.emplace(Command{
        .words = {"/usr/sbin/nginx", "-p", prefix, "-c", prefix + "nginx.conf", "-e", "stderr"}});
    EXPECT_TRUE(support::eventually([&] { return dialError(address()) == 0; })) << child_->err();
  }
  ~Nginx() {
    child_->signal(SIGQUIT);
    child_->wait();
  }

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  std::uint16_t port_;
  std::optional<Child> child_;
};

class NginxTest : public testing::TestWithParam<Setting> {
 protected:
  [[nodiscard]] std::string url(const std::string& target) const {
    return "http://" + proxy_.address() + target;
  }

  TemporaryDirectory directory_;
  Nginx nginx_{directory_};
  ProxyProcess proxy_{gatewayTo(GetParam(), {nginx_.address()})};
};

TEST_P(NginxTest, ServesFilesAndRanges) {
  const std::string body = Pattern(5).bytes(0, GetParam().amount(4 << 20));
  std::ofstream(directory_.file("html") / "file", std::ios::binary) << body;
  const auto out = directory_.file("out");
  auto done = runProgram({"curl", "-sS", "-f", "-o", out.string(), url("/file")});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_TRUE(fileText(out) == body);
  done = runProgram({"curl", "-sS", "-f", "-r", "100-299", "-o", out.string(), "-w", "%{http_code}",
                     url("/file")});
  EXPECT_EQ(done.out, "206");
  EXPECT_TRUE(fileText(out) == body.substr(100, 200));
  done = runProgram({"curl", "-sS", "-I", url("/file")});
  EXPECT_NE(done.out.find("Content-Length: " + std::to_string(body.size())), std::string::npos)
      << done.out;
  done = runProgram(
      {"curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-r", "99999999-", url("/file")});
  EXPECT_EQ(done.out, "416");
  const auto ended = proxy_.stop();
  expectGatewaySums(ended);
  EXPECT_EQ(ended["requests"], 4U);
  EXPECT_EQ(ended["connects_tried"], 1U);
}

TEST_P(NginxTest, AnswersFromItsConfiguration) {
  HttpClient client(proxy_.address());
  EXPECT_EQ(client.ask(get("/hello")).body, "hello\n");
  const auto moved = client.ask(get("/old"));
  EXPECT_EQ(moved.status, 301);
  EXPECT_EQ(moved.value("Location"), "http://elsewhere.example/new");
  EXPECT_EQ(client.ask(get("/nothing")).status, 404);
  EXPECT_EQ(client.ask("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n").value("Content-Length"), "6");
  HttpClient poster(proxy_.address());  // it may be answered before its body was read
  EXPECT_GE(poster.ask(withBody("POST", "/nothing", std::string(100'000, 'x'))).status, 404);
  EXPECT_EQ(client.ask("GET /hello HTTP/1.0\r\n\r\n").body, "hello\n");
}

// Chunked, for nginx does not know the length beforehand.
TEST_P(NginxTest, ChunkedAnswers) {
  std::filesystem::create_directory(directory_.file("html") / "ssi");
  std::ofstream(directory_.file("html") / "ssi/page")
      << std::string(GetParam().amount(1'000'000), 'x') << "<!--# echo var=\"uri\" -->end\n";
  HttpClient client(proxy_.address());
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.ask(get("/ssi/page"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.framing, HttpFraming::kChunked);
    EXPECT_EQ(answer.flaw, "");
    EXPECT_TRUE(answer.body.ends_with("x/ssi/pageend\n"));
  }
}

INSTANTIATE_TEST_SUITE_P(Gateway, NginxTest, testing::ValuesIn(everyFault()), settingName);

}  // namespace
}  // namespace e2e
