// A small HTTP origin for the demonstration: a page at /, and /bytes/N with N bytes. A thread for
// each connection, keep-alive, GET only.
//     origin [PORT]      listens on 127.0.0.1, prints `origin at 127.0.0.1:PORT`; 0: any free port
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>

#include "socksplice/unique_fd.h"

namespace {

using socksplice::UniqueFd;

constexpr std::size_t kLongestHead = 16 * 1024;
constexpr std::size_t kMostBytes = std::size_t{1} << 40;

constexpr std::string_view kPage =
    "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<title>proxy</title><style>:root{color-scheme:light dark}"
    "body{font:1.1rem/1.6 system-ui;max-width:40rem;margin:12vh auto;padding:0 1rem}</style>"
    "<h1>It works.</h1>"
    "<p>This page came from a small origin, and <b>proxy</b> carried it to you: your browser is "
    "connected to proxy, proxy to the origin.</p>"
    "<p>For something heavier: <a href=/bytes/1073741824>1&nbsp;GiB of zeros</a>, which crosses "
    "without being copied.</p>";

bool sendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool answer(int fd, std::string_view status, std::string_view type, std::size_t length) {
  std::string head = "HTTP/1.1 ";
  head.append(status).append("\r\nContent-Type: ").append(type);
  head.append("\r\nContent-Length: ").append(std::to_string(length)).append("\r\n\r\n");
  return sendAll(fd, head);
}

bool sendZeros(int fd, std::size_t count) {
  static const std::string zeros(std::size_t{256} * 1024, '\0');
  for (; count > zeros.size(); count -= zeros.size()) {
    if (!sendAll(fd, zeros)) return false;
  }
  return sendAll(fd, std::string_view(zeros).substr(0, count));
}

// `head` is one request up to its empty line; false when the connection is to end.
bool serve(int fd, std::string_view head) {
  constexpr std::string_view kBytes = "GET /bytes/";
  if (head.starts_with("GET / ")) {
    return answer(fd, "200 OK", "text/html", kPage.size()) && sendAll(fd, kPage);
  }
  if (head.starts_with(kBytes)) {
    std::size_t count = 0;
    const auto parsed =
        std::from_chars(head.data() + kBytes.size(), head.data() + head.size(), count);
    if (parsed.ec == std::errc() && *parsed.ptr == ' ' && count <= kMostBytes) {
      return answer(fd, "200 OK", "application/octet-stream", count) && sendZeros(fd, count);
    }
  }
  return answer(fd, head.starts_with("GET ") ? "404 Not Found" : "501 Not Implemented",
                "text/plain", 0);
}

void converse(UniqueFd client) {
  std::string input;
  char piece[4096];
  while (input.size() < kLongestHead) {
    const ssize_t got = recv(client.get(), piece, sizeof piece, 0);
    if (got <= 0) return;
    input.append(piece, static_cast<std::size_t>(got));
    for (std::size_t end; (end = input.find("\r\n\r\n")) != std::string::npos;) {
      if (!serve(client.get(), std::string_view(input).substr(0, end))) return;
      input.erase(0, end + 4);
    }
  }
}

}  // namespace

int main(int count, char** values) {
  std::signal(SIGPIPE, SIG_IGN);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(count > 1 ? std::stoi(values[1]) : 0));
  const UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener.get(), any, size) < 0 || listen(listener.get(), 64) < 0 ||
      getsockname(listener.get(), any, &size) < 0) {
    std::perror("origin");
    return 1;
  }
  std::printf("origin at 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  for (;;) {
    UniqueFd client(accept(listener.get(), nullptr, nullptr));
    if (client) std::thread(converse, std::move(client)).detach();
  }
}
