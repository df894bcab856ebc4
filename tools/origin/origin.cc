// A small HTTP origin for the demonstration and the bench: a page at /, /bytes/N with N bytes, and
// /chunked/N with N bytes in chunks of 16 KiB; POST and PUT to anywhere read a body and say how
// long it was. A thread for each connection, keep-alive.
//     origin [PORT]      listens on 127.0.0.1, prints `origin at 127.0.0.1:PORT`; 0: any free port
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "socksplice/unique_fd.h"

namespace {

using socksplice::UniqueFd;

constexpr std::size_t kLongestHead = 16 * 1024;
constexpr std::size_t kMostBytes = std::size_t{1} << 40;
constexpr std::size_t kStep = std::size_t{256} * 1024;  // of a send or a receive, about
constexpr std::size_t kChunk = std::size_t{16} * 1024;
constexpr std::string_view kCrlf = "\r\n";

constexpr std::string_view kPage =
    "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<title>proxy</title><style>:root{color-scheme:light dark}"
    "body{font:1.1rem/1.6 system-ui;max-width:40rem;margin:12vh auto;padding:0 1rem}</style>"
    "<h1>It works.</h1>"
    "<p>This page came from a small origin, and <b>proxy</b> carried it to you: your browser is "
    "connected to proxy, proxy to the origin.</p>"
    "<p>For something heavier: <a href=/bytes/1073741824>1&nbsp;GiB of zeros</a>, which crosses "
    "without being copied.</p>";

// Gathered into one packet where they fit: a head that goes alone makes Nagle hold back what
// follows.
bool sendAll(int fd, std::array<std::string_view, 3> parts) {
  for (;;) {
    std::array<iovec, 3> pieces{};
    std::size_t left = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      pieces[i] = {const_cast<char*>(parts[i].data()), parts[i].size()};
      left += parts[i].size();
    }
    if (left == 0) return true;
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    const ssize_t got = sendmsg(fd, &message, MSG_NOSIGNAL);
    if (got <= 0) return false;
    auto sent = static_cast<std::size_t>(got);
    for (std::string_view& part : parts) {
      const std::size_t gone = std::min(sent, part.size());
      part.remove_prefix(gone);
      sent -= gone;
    }
  }
}

// The head, `count` bytes of `pattern` over and over, and the tail.
bool sendRepeated(int fd, std::string_view head, std::string_view pattern, std::size_t count,
                  std::string_view tail = {}) {
  do {
    const std::string_view part = pattern.substr(0, count);
    count -= part.size();
    if (!sendAll(fd, {head, part, count == 0 ? tail : std::string_view{}})) return false;
    head = {};
  } while (count > 0);
  return true;
}

std::string headOf(std::string_view status, std::string_view type, std::string_view framing) {
  std::string head = "HTTP/1.1 ";
  head.append(status).append("\r\nContent-Type: ").append(type).append(kCrlf);
  return head.append(framing).append("\r\n\r\n");
}

std::string headOf(std::string_view status, std::string_view type, std::size_t length) {
  return headOf(status, type, "Content-Length: " + std::to_string(length));
}

bool answerText(int fd, std::string_view status, std::string_view type, std::string_view text) {
  return sendRepeated(fd, headOf(status, type, text.size()), text, text.size());
}

bool answerBytes(int fd, std::size_t count) {
  static const std::string zeros(kStep, '\0');
  return sendRepeated(fd, headOf("200 OK", "application/octet-stream", count), zeros, count);
}

std::string chunkOf(std::size_t size) {
  char digits[16];
  const auto converted = std::to_chars(std::begin(digits), std::end(digits), size, 16);
  std::string chunk(digits, converted.ptr);
  return chunk.append(kCrlf).append(size, '\0').append(kCrlf);
}

bool answerChunked(int fd, std::size_t count) {
  static const std::string whole = chunkOf(kChunk);
  static const std::string several = [] {
    std::string chunks;
    while (chunks.size() < kStep) chunks += whole;
    return chunks;
  }();
  std::string rest = count % kChunk == 0 ? "" : chunkOf(count % kChunk);
  rest += "0\r\n\r\n";
  return sendRepeated(fd,
                      headOf("200 OK", "application/octet-stream", "Transfer-Encoding: chunked"),
                      several, count / kChunk * whole.size(), rest);
}

// What one client sends, taken from its front; all of it says false or nothing once the client has
// left or sent nonsense.
class Input {
 public:
  explicit Input(int fd) : fd_(fd), buffer_(std::make_unique_for_overwrite<char[]>(kStep)) {}

  // Up to `end`, which goes too; valid until the next call.
  std::optional<std::string_view> takeUntil(std::string_view end) {
    for (;;) {
      const std::string_view all(buffer_.get() + begin_, end_ - begin_);
      const std::size_t size = all.find(end);
      if (size != std::string_view::npos) {
        begin_ += size + end.size();
        return all.substr(0, size);
      }
      if (all.size() > kLongestHead || !receive()) return std::nullopt;
    }
  }

  bool skip(std::size_t count) {
    for (;;) {
      const std::size_t gone = std::min(count, end_ - begin_);
      begin_ += gone;
      count -= gone;
      if (count == 0) return true;
      if (!receive()) return false;
    }
  }

 private:
  bool receive() {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
    const ssize_t got = recv(fd_, buffer_.get() + end_, kStep - end_, 0);
    if (got <= 0) return false;
    end_ += static_cast<std::size_t>(got);
    return true;
  }

  int fd_;
  std::unique_ptr<char[]> buffer_;  // untouched until needed, for the sake of silent clients
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

// The number at the front of `text`; nothing when there is none, or a larger one than we serve.
std::optional<std::size_t> numberIn(std::string_view text, int base = 10) {
  std::size_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (parsed.ec != std::errc() || number > kMostBytes) return std::nullopt;
  return number;
}

// The value of the first field `name`, or nothing.
std::optional<std::string_view> fieldOf(std::string_view head, std::string_view name) {
  for (std::size_t at = 0; (at = head.find(kCrlf, at)) != std::string_view::npos;) {
    at += kCrlf.size();
    const std::string_view line = head.substr(at, head.find(kCrlf, at) - at);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    const std::size_t value = line.find_first_not_of(" \t", name.size() + 1);
    return value == std::string_view::npos ? "" : line.substr(value);
  }
  return std::nullopt;
}

// Reads a chunked body and its trailers; its length without the framing.
std::optional<std::size_t> skipChunks(Input& input) {
  std::size_t total = 0;
  for (;;) {
    const auto line = input.takeUntil(kCrlf);
    const auto size = line ? numberIn(*line, 16) : std::nullopt;
    if (!size) return std::nullopt;
    if (*size == 0) break;
    if (!input.skip(*size + kCrlf.size())) return std::nullopt;
    total += *size;
  }
  for (;;) {
    const auto trailer = input.takeUntil(kCrlf);
    if (!trailer) return std::nullopt;
    if (trailer->empty()) return total;
  }
}

std::optional<std::size_t> skipBody(Input& input, std::string_view head) {
  if (fieldOf(head, "Transfer-Encoding")) return skipChunks(input);
  const auto length = numberIn(fieldOf(head, "Content-Length").value_or("0"));
  return length && input.skip(*length) ? length : std::nullopt;
}

// `head` is one request up to its empty line; false when the connection is to end.
bool serve(int fd, std::string_view head, Input& input) {
  constexpr std::string_view kBytes = "GET /bytes/";
  constexpr std::string_view kChunked = "GET /chunked/";
  if (head.starts_with("GET / ")) return answerText(fd, "200 OK", "text/html", kPage);
  if (head.starts_with(kBytes)) {
    if (const auto count = numberIn(head.substr(kBytes.size()))) return answerBytes(fd, *count);
  }
  if (head.starts_with(kChunked)) {
    if (const auto count = numberIn(head.substr(kChunked.size()))) return answerChunked(fd, *count);
  }
  if (head.starts_with("POST ") || head.starts_with("PUT ")) {
    if (fieldOf(head, "Expect") && !sendAll(fd, {"HTTP/1.1 100 Continue\r\n\r\n"})) return false;
    const auto size = skipBody(input, head);
    return size && answerText(fd, "200 OK", "text/plain", std::to_string(*size) + " bytes came\n");
  }
  const bool known = head.starts_with("GET ");
  return answerText(fd, known ? "404 Not Found" : "501 Not Implemented", "text/plain", "");
}

void converse(UniqueFd client) {
  const int on = 1;  // of a large answer, the last piece is not to wait for an acknowledgement
  setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Input input(client.get());
  while (const auto head = input.takeUntil("\r\n\r\n")) {
    if (!serve(client.get(), *head, input)) return;
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
  if (bind(listener.get(), any, size) < 0 || listen(listener.get(), 4096) < 0 ||
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
