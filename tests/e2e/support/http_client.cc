#include "e2e/support/http_client.h"

#include <charconv>
#include <stdexcept>

#include <gtest/gtest.h>

namespace e2e {

namespace {

// HTTP/1.1 SP 3DIGIT SP reason; the proxy always speaks 1.1.
void parseStatus(HttpAnswer& answer) {
  const std::string_view line = answer.start;
  const bool shaped = line.size() >= 13 && line.starts_with("HTTP/1.1 ") && line[12] == ' ';
  const char* const digits = line.data() + 9;
  if (!shaped || std::from_chars(digits, digits + 3, answer.status).ptr != digits + 3) {
    throw std::runtime_error("malformed status line " + testing::PrintToString(answer.start));
  }
  answer.version = line.substr(0, 8);
  answer.reason = line.substr(13);
}

}  // namespace

HttpAnswer HttpClient::answerHead(std::string_view method) {
  auto message = readHead();
  if (!message) {
    throw CutOff(error() == 0 ? "the connection ended instead of an answer"
                              : "the connection was reset instead of an answer");
  }
  HttpAnswer answer{*std::move(message), 0, {}, {}, {}};
  parseStatus(answer);
  const bool bare = answer.status < 200 || answer.status == 204;
  const HttpFraming framing = framingOf(answer, true);
  if (bare && framing != HttpFraming::kUntilEnd) {
    throw std::runtime_error("framing in an answer that has no body:\n" + answer.head);
  }
  const bool tunnel = method == "CONNECT" && answer.status / 100 == 2;
  const bool empty = bare || answer.status == 304 || method == "HEAD" || tunnel;
  answer.framing = empty ? HttpFraming::kNone : framing;
  return answer;
}

HttpAnswer HttpClient::answer(std::string_view method) {
  std::vector<HttpAnswer> interim;
  for (;;) {
    HttpAnswer answer = answerHead(method);
    if (answer.status < 200 && answer.status != 101) {
      interim.push_back(std::move(answer));
      continue;
    }
    readBody(answer);
    answer.interim = std::move(interim);
    return answer;
  }
}

std::string get(std::string_view target) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

std::string path(std::size_t number) { return std::string("/").append(std::to_string(number)); }

std::string withBody(std::string_view method, std::string_view target, std::string_view body) {
  return std::string(method) + " " + std::string(target) +
         " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

}  // namespace e2e
