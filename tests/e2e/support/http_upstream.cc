#include "e2e/support/http_upstream.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <system_error>

#include <gtest/gtest.h>

namespace e2e {

std::optional<HttpRequest> UpstreamConnection::requestHead() {
  auto message = readHead();
  if (!message) return std::nullopt;
  HttpRequest request{*std::move(message), {}, {}, {}};
  const std::string& line = request.start;
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  const bool shaped =
      first != std::string::npos && first < last && std::count(line.begin(), line.end(), ' ') == 2;
  if (!shaped || line.substr(last + 1) != "HTTP/1.1") {
    throw std::runtime_error("malformed request line " + testing::PrintToString(line));
  }
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, last - first - 1);
  request.version = line.substr(last + 1);
  request.framing = framingOf(request, false);
  if (request.count("Host") != 1) throw std::runtime_error("not one Host:\n" + request.head);
  return request;
}

std::optional<HttpRequest> UpstreamConnection::request() {
  auto request = requestHead();
  if (request) readBody(*request);
  return request;
}

HttpUpstream::~HttpUpstream() {
  if (!thread_.joinable()) return;
  eventfd_write(stop_.get(), 1);
  thread_.join();
  for (Played& it : played_) it.thread.join();
}

void HttpUpstream::play(Script script) {
  stop_.reset(eventfd(0, EFD_CLOEXEC));
  thread_ = std::thread([this, script = std::move(script)] { acceptAll(script); });
}

void HttpUpstream::answerEach(Answer answer) { playAnswers(std::move(answer), false); }
void HttpUpstream::welcomeEach(Answer answer) { playAnswers(std::move(answer), true); }

void HttpUpstream::playAnswers(Answer answer, bool welcomes) {
  play([this, answer = std::move(answer), welcomes](UpstreamConnection& connection) {
    while (auto request = connection.requestHead()) {
      if (welcomes && request->has("Expect")) connection.send("HTTP/1.1 100 Continue\r\n\r\n");
      connection.readBody(*request);
      const std::string bytes = answer(*request);
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(*std::move(request));
      }
      connection.send(bytes);
    }
  });
}

std::vector<HttpRequest> HttpUpstream::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t HttpUpstream::connections() const {
  const std::lock_guard lock(mutex_);
  return played_.size();
}

void HttpUpstream::acceptAll(const Script& script) {
  for (;;) {
    std::array<pollfd, 2> waiting = {{{stop_.get(), POLLIN, 0}, {listener_.fd(), POLLIN, 0}}};
    ::poll(waiting.data(), waiting.size(), -1);
    if (waiting[0].revents != 0) return;
    socksplice::UniqueFd fd(accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) continue;
    const std::lock_guard lock(mutex_);
    Played& it = played_.emplace_back(Played{UpstreamConnection(Peer(std::move(fd))), {}});
    it.thread = std::thread([this, &it, script] { serve(it.connection, script); });
  }
}

void HttpUpstream::serve(UpstreamConnection& connection, const Script& script) {
  try {
    script(connection);
  } catch (const std::system_error&) {  // the proxy went away
  } catch (const std::exception& error) {
    ADD_FAILURE() << "the upstream: " << error.what();
  }
  connection.close();
}

std::string ok(std::string_view body, std::string_view moreFields) {
  return "HTTP/1.1 200 OK\r\n" + std::string(moreFields) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace e2e
