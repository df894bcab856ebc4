// What was said over a connection, taken apart into messages by other means than the code's under
// test.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace proxy::http1 {

struct Message {
  std::string head;  ///< with its empty line
  std::string body;  ///< its payload
  bool whole = false;

  [[nodiscard]] int status() const { return head.size() > 12 ? std::stoi(head.substr(9, 3)) : 0; }
  [[nodiscard]] bool says(std::string_view line) const {
    return head.find("\r\n" + std::string(line) + "\r\n") != std::string::npos;
  }
  [[nodiscard]] bool names(std::string_view field) const {
    return head.find("\r\n" + std::string(field) + ":") != std::string::npos;
  }
  /// The value of a field; empty if it has none.
  [[nodiscard]] std::string value(std::string_view field) const {
    const std::string begin = "\r\n" + std::string(field) + ": ";
    const std::size_t at = head.find(begin);
    if (at == std::string::npos) return {};
    const std::size_t start = at + begin.size();
    return head.substr(start, head.find("\r\n", start) - start);
  }
};

/// In their order; where neither length nor chunks are said, a final answer goes on until the end.
inline std::vector<Message> spoken(std::string_view text, bool answers = true) {
  std::vector<Message> messages;
  while (!text.empty()) {
    Message& it = messages.emplace_back();
    const std::size_t end = text.find("\r\n\r\n");
    it.head = text.substr(0, end == text.npos ? text.size() : end + 4);
    if (end == text.npos) return messages;
    text.remove_prefix(end + 4);
    if (it.says("Transfer-Encoding: chunked")) {
      for (;;) {
        const std::size_t line = text.find("\r\n");
        if (line == text.npos || line == 0) return messages;
        const std::size_t size = std::stoull(std::string(text.substr(0, line)), nullptr, 16);
        text.remove_prefix(line + 2);
        it.body += text.substr(0, size);
        if (text.size() < size + 2) return messages;
        text.remove_prefix(size == 0 ? 0 : size + 2);
        if (size > 0) continue;
        const std::size_t last = text.starts_with("\r\n") ? 0 : text.find("\r\n\r\n");
        if (last == text.npos) return messages;
        text.remove_prefix(last == 0 ? 2 : last + 4);
        break;
      }
    } else if (const std::string length = it.value("Content-Length"); !length.empty()) {
      const std::size_t size = std::stoull(length);
      it.body = text.substr(0, size);
      if (text.size() < size) return messages;
      text.remove_prefix(size);
    } else if (answers && it.status() >= 200 && it.status() != 204 && it.status() != 304) {
      it.body = text;
      text = {};
    }
    it.whole = true;
  }
  return messages;
}

}  // namespace proxy::http1
