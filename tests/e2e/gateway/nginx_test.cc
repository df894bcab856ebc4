// nginx as the upstream.
#include <csignal>
#include <fstream>

#include "e2e/support/gateway_fixture.h"
#include "e2e/support/program.h"
#include "support/eventually.h"

namespace e2e {
namespace {

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
           "    location /ssi/ { ssi on; ssi_types *; }\n"
           "    location /put/ { dav_methods PUT; create_full_put_path on; }\n"
           "    location /small/ { dav_methods PUT; client_max_body_size 1; }\n"
           "    location = /few { keepalive_requests 3; return 200 \"few\\n\"; }\n"
           "    location = /brief { keepalive_timeout 1ms; return 200 \"brief\\n\"; }\n"
           "    location /slow/ { limit_rate 8k; }\n"
           "    location /slow-ssi/ { limit_rate 8k; ssi on; ssi_types *; }\n  }\n}\n";
    child_.emplace(Command{
        .words = {"/usr/sbin/nginx", "-p", prefix, "-c", prefix + "nginx.conf", "-e", "stderr"}});
    EXPECT_TRUE(support::eventually([&] { return dialError(address()) == 0; })) << child_->err();
  }
  ~Nginx() {
    child_->signal(SIGQUIT);
    child_->wait();
  }

  /// It dies without a word.
  void kill() {
    child_->signal(SIGKILL);
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

TEST_P(NginxTest, TakesUploads) {
  const std::string body = Pattern(6).bytes(0, GetParam().amount(8 << 20));
  const std::string file = directory_.file("upload").string();
  std::ofstream(file, std::ios::binary) << body;
  const auto put = [&](const std::string& source, const std::string& target) {
    const auto done = runProgram({"sh", "-c",
                                  "exec curl -sS --max-time 50 -w '%{http_code}' -o \"$1\" -T "
                                  "\"$2\" \"$3\" <\"$4\"",
                                  "sh", "/dev/null", source, url(target), file});
    EXPECT_EQ(done.status, 0) << done.err;
    return done.out;
  };
  EXPECT_EQ(put(file, "/put/sized"), "201");
  EXPECT_TRUE(fileText(directory_.file("html/put/sized")) == body);
  EXPECT_EQ(put("-", "/put/chunked"), "201");
  EXPECT_TRUE(fileText(directory_.file("html/put/chunked")) == body);
  EXPECT_EQ(put(file, "/put/sized"), "204");  // another time
  EXPECT_EQ(put(file, "/small/sized"), "413");
  EXPECT_FALSE(std::filesystem::exists(directory_.file("html/small/sized")));
  const auto ended = proxy_.stop();
  expectGatewaySums(ended);
  EXPECT_EQ(ended["requests"], 4U);
  EXPECT_GE(ended["bytes_from_clients"], 3 * body.size());
}

// Of each length known and not, and of each version; the last one's end is its connection's.
TEST_P(NginxTest, AnswerIsCutOffWhenNginxDies) {
  const std::string body = Pattern(7).bytes(0, 8 << 20);
  for (const char* folder : {"html/slow", "html/slow-ssi"}) {
    std::filesystem::create_directory(directory_.file(folder));
    std::ofstream(directory_.file(folder) / "file", std::ios::binary) << body;
  }
  std::vector<HttpClient> clients;
  std::vector<HttpAnswer> answers;
  for (const std::string target : {"/slow/file", "/slow-ssi/file"}) {
    for (const std::string version : {"1.1", "1.0"}) {
      clients.emplace_back(proxy_.address());
      clients.back().send("GET " + target + " HTTP/" + version + "\r\nHost: a\r\n\r\n");
      answers.push_back(clients.back().answerHead());
      EXPECT_EQ(answers.back().status, 200);
    }
  }
  EXPECT_EQ(answers.at(1).framing, HttpFraming::kSized);
  EXPECT_EQ(answers.at(2).framing, HttpFraming::kChunked);
  EXPECT_EQ(answers.at(3).framing, HttpFraming::kUntilEnd);
  nginx_.kill();
  for (std::size_t i = 0; i < clients.size(); ++i) {
    clients[i].readBody(answers[i]);
    EXPECT_FALSE(answers[i].complete()) << answers[i].head;
    EXPECT_TRUE(body.starts_with(answers[i].body)) << answers[i].head;
  }
  clients.clear();
  EXPECT_EQ(HttpClient(proxy_.address()).ask(get("/hello")).status, 502);
  const auto ended = proxy_.stop();
  expectGatewaySums(ended);
  EXPECT_EQ(ended["requests"], 5U);
}

INSTANTIATE_TEST_SUITE_P(Gateway, NginxTest, testing::ValuesIn(everyFault()), settingName);

// Connections that nginx closes are no error of anybody's, however many requests there are.
class NginxLoadTest : public NginxTest {};

TEST_P(NginxLoadTest, ConnectionsThatEndAfterThreeRequests) {
  const auto requests = runWrk({"-t", "1", "-c", "16", url("/few")});
  const auto ended = proxy_.stop();
  expectGatewaySums(ended);
  EXPECT_GE(ended["connects_tried"], requests / 3);
  EXPECT_EQ(ended["connects_failed"], 0U);
}

TEST_P(NginxLoadTest, ConnectionsThatEndAsTheyAreUsed) {
  const auto requests = runWrk({"-t", "1", "-c", "16", url("/brief")});
  const auto ended = proxy_.stop();
  expectGatewaySums(ended);
  EXPECT_GE(ended["requests"], requests);
  EXPECT_EQ(ended["connects_failed"], 0U);
}

INSTANTIATE_TEST_SUITE_P(Gateway, NginxLoadTest, testing::ValuesIn(anyLane()), settingName);

}  // namespace
}  // namespace e2e
