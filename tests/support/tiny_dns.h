// A name server on a loopback port of its own, that says what the test tells it to (RFC 1035).
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/socket_pair.h"

namespace support {

class TinyDns {
 public:
  TinyDns() : socket_(must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket")) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    must(bind(socket_.get(), any, size), "bind");
    must(getsockname(socket_.get(), any, &size), "getsockname");
    port_ = ntohs(address.sin_port);
    int ends[2];
    must(pipe2(ends, O_CLOEXEC), "pipe2");
    stopRead_.reset(ends[0]);
    stopWrite_.reset(ends[1]);
    thread_ = std::thread([this] { serve(); });
  }
  TinyDns(const TinyDns&) = delete;
  TinyDns& operator=(const TinyDns&) = delete;
  ~TinyDns() {
    stopWrite_.reset();
    thread_.join();
  }

  /// As a resolver takes it.
  [[nodiscard]] std::string server() const { return "127.0.0.1:" + std::to_string(port_); }

  /// From now on `name` has these addresses, IPv4 and IPv6 literals. Without any it exists, but has
  /// none.
  void answer(const std::string& name, std::vector<std::string> addresses, std::uint32_t ttl = 60) {
    set(name, {.kind = Kind::kAnswer, .addresses = std::move(addresses), .ttl = ttl});
  }
  /// `name` stands for `target`, which has these addresses; both for a time of their own.
  void alias(const std::string& name, std::uint32_t ttl, const std::string& target,
             std::vector<std::string> addresses, std::uint32_t targetTtl) {
    set(name, {.kind = Kind::kAnswer,
               .addresses = std::move(addresses),
               .ttl = targetTtl,
               .target = target,
               .aliasTtl = ttl});
  }
  /// There is no such name, which is also what it says of names it was never told of.
  void deny(const std::string& name) { set(name, {.kind = Kind::kDeny, .addresses = {}}); }
  void fail(const std::string& name) { set(name, {.kind = Kind::kFail, .addresses = {}}); }
  /// Questions for it are heard and not answered.
  void ignore(const std::string& name) { set(name, {.kind = Kind::kIgnore, .addresses = {}}); }

  /// Questions for `name` so far, of every type.
  [[nodiscard]] int asked(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto it = asked_.find(name);
    return it == asked_.end() ? 0 : it->second;
  }

 private:
  enum class Kind { kDeny, kAnswer, kFail, kIgnore };
  struct Entry {
    Kind kind = Kind::kDeny;
    std::vector<std::string> addresses;
    std::uint32_t ttl = 60;
    std::string target = {};
    std::uint32_t aliasTtl = 0;
  };
  static constexpr std::uint16_t kA = 1;
  static constexpr std::uint16_t kCname = 5;
  static constexpr std::uint16_t kAaaa = 28;
  static constexpr std::size_t kHeader = 12;

  void set(const std::string& name, Entry entry) {
    const std::lock_guard lock(mutex_);
    entries_[name] = std::move(entry);
  }

  void serve() {
    for (;;) {
      pollfd both[2] = {{.fd = socket_.get(), .events = POLLIN, .revents = 0},
                        {.fd = stopRead_.get(), .events = POLLIN, .revents = 0}};
      if (poll(both, 2, -1) < 0 && errno != EINTR) return;
      if (both[1].revents != 0) return;
      if (both[0].revents != 0) replyToOne();
    }
  }

  void replyToOne() {
    char room[512];
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    auto* any = reinterpret_cast<sockaddr*>(&from);
    const auto got = recvfrom(socket_.get(), room, sizeof room, 0, any, &size);
    if (got <= static_cast<ssize_t>(kHeader)) return;
    const std::string reply = replyTo({room, static_cast<std::size_t>(got)});
    if (!reply.empty()) sendto(socket_.get(), reply.data(), reply.size(), 0, any, size);
  }

  std::string replyTo(std::string_view query) {
    std::string name;
    std::size_t at = kHeader;
    while (at < query.size() && query[at] != 0) {
      const auto length = static_cast<std::size_t>(query[at]);
      if (!name.empty()) name += '.';
      name += query.substr(at + 1, length);
      at += 1 + length;
    }
    if (at + 5 > query.size()) return {};
    const auto type = static_cast<std::uint16_t>(query[at + 2]);
    const Entry entry = entryFor(name);
    if (entry.kind == Kind::kIgnore) return {};

    // The name asked for stands behind the header, and is pointed to.
    std::string owner = number(0xC000 | kHeader);
    std::string records;
    std::uint16_t count = 0;
    if (!entry.target.empty()) {
      const std::string target = labels(entry.target);
      records += record(owner, kCname, entry.aliasTtl, target);
      owner = target;
      ++count;
    }
    for (const std::string& address : entry.addresses) {
      const std::string data = dataOf(address);
      if (data.size() != (type == kA ? 4U : type == kAaaa ? 16U : 0U)) continue;
      records += record(owner, type, entry.ttl, data);
      ++count;
    }
    const int code = entry.kind == Kind::kDeny ? 3 : entry.kind == Kind::kFail ? 2 : 0;
    return std::string(query.substr(0, 2)) + number(static_cast<std::uint16_t>(0x8180 | code)) +
           number(1) + number(count) + number(0) + number(0) +
           std::string(query.substr(kHeader, at + 5 - kHeader)) + records;
  }

  Entry entryFor(const std::string& name) {
    const std::lock_guard lock(mutex_);
    ++asked_[name];
    const auto it = entries_.find(name);
    return it == entries_.end() ? Entry{} : it->second;
  }

  static std::string number(std::uint16_t value) {
    return {static_cast<char>(value >> 8), static_cast<char>(value & 0xFF)};
  }

  static std::string record(const std::string& owner, std::uint16_t type, std::uint32_t ttl,
                            const std::string& data) {
    return owner + number(type) + number(1) + number(static_cast<std::uint16_t>(ttl >> 16)) +
           number(static_cast<std::uint16_t>(ttl & 0xFFFF)) +
           number(static_cast<std::uint16_t>(data.size())) + data;
  }

  static std::string labels(const std::string& name) {
    std::string text;
    for (std::size_t start = 0; start < name.size();) {
      const std::size_t end = std::min(name.find('.', start), name.size());
      text += static_cast<char>(end - start);
      text += name.substr(start, end - start);
      start = end + 1;
    }
    return text + '\0';
  }

  static std::string dataOf(const std::string& address) {
    char data[16];
    if (inet_pton(AF_INET, address.c_str(), data) == 1) return {data, 4};
    if (inet_pton(AF_INET6, address.c_str(), data) == 1) return {data, 16};
    return {};
  }

  UniqueFd socket_;
  UniqueFd stopRead_;
  UniqueFd stopWrite_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;  // guarded by mutex_, as is the next
  std::map<std::string, int> asked_;
  std::thread thread_;
};

}  // namespace support
