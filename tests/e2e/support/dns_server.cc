#include "e2e/support/dns_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <system_error>

#include "core/address.h"

namespace e2e {

namespace {

// RFC 1035, section 4.1.1: the header.
constexpr std::size_t kHeader = 12;
constexpr char kResponse = '\x84';  // QR and AA
constexpr char kNoSuchName = 3;
constexpr std::uint16_t kTypeA = 1;

std::string twoBytes(std::size_t value) {
  return {static_cast<char>(value >> 8 & 0xFF), static_cast<char>(value & 0xFF)};
}

std::string fourBytes(std::size_t value) {
  return twoBytes(value >> 16) + twoBytes(value & 0xFFFF);
}

struct Question {
  std::string name;
  std::uint16_t type = 0;
  std::size_t end = 0;  // of the question in its message
};

// Section 4.1.2: labels, each behind its length, up to the empty one; then type and class.
std::optional<Question> parse(const std::string& message) {
  Question question;
  std::size_t at = kHeader;
  while (at < message.size() && message[at] != 0) {
    const auto length = static_cast<unsigned char>(message[at]);
    if (at + 1 + length >= message.size()) return std::nullopt;
    if (!question.name.empty()) question.name += '.';
    question.name += message.substr(at + 1, length);
    at += 1U + length;
  }
  if (at + 5 > message.size()) return std::nullopt;
  question.type = static_cast<std::uint16_t>(static_cast<unsigned char>(message[at + 1]) << 8 |
                                             static_cast<unsigned char>(message[at + 2]));
  question.end = at + 5;
  return question;
}

// Section 4.1.3; the name is a pointer to the question's.
std::string recordOf(const std::string& address, std::chrono::seconds ttl) {
  in_addr binary{};
  inet_pton(AF_INET, address.c_str(), &binary);
  std::string record = "\xC0\x0C";
  record += twoBytes(kTypeA) + twoBytes(1) + fourBytes(static_cast<std::size_t>(ttl.count()));
  record += twoBytes(4) + fourBytes(ntohl(binary.s_addr));
  return record;
}

}  // namespace

DnsServer::DnsServer()
    : socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)), stop_(eventfd(0, EFD_CLOEXEC)) {
  const auto any = proxy::Address::literal("127.0.0.1", 0).value();
  if (bind(socket_.get(), any.get(), any.size()) < 0) {
    throw std::system_error(errno, std::generic_category(), "bind");
  }
  thread_ = std::thread([this] { serve(); });
}

DnsServer::~DnsServer() {
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

std::string DnsServer::address() const { return proxy::Address::boundTo(socket_.get()).text(); }

void DnsServer::set(const std::string& name, const std::vector<std::string>& addresses,
                    std::chrono::seconds ttl) {
  const std::lock_guard lock(mutex_);
  names_[name] = {addresses, ttl};
}

void DnsServer::remove(const std::string& name) {
  const std::lock_guard lock(mutex_);
  names_.erase(name);
}

void DnsServer::serve() {
  for (;;) {
    std::array<pollfd, 2> waiting = {{{socket_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
    ::poll(waiting.data(), waiting.size(), -1);
    if (waiting[1].revents != 0) return;
    std::array<char, 512> room;
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    auto* asker = reinterpret_cast<sockaddr*>(&from);
    const ssize_t got = recvfrom(socket_.get(), room.data(), room.size(), 0, asker, &size);
    if (got < static_cast<ssize_t>(kHeader)) continue;
    const std::string reply = answer({room.data(), static_cast<std::size_t>(got)});
    sendto(socket_.get(), reply.data(), reply.size(), 0, asker, size);
  }
}

std::string DnsServer::answer(const std::string& question) {
  const auto asked = parse(question);
  if (!asked) return {};
  const std::lock_guard lock(mutex_);
  const auto entry = names_.find(asked->name);
  const bool known = entry != names_.end();
  std::vector<std::string> addresses;
  if (known && asked->type == kTypeA) addresses = entry->second.addresses;

  std::string reply = question.substr(0, 2);
  reply += {kResponse, known ? '\0' : kNoSuchName};
  reply += twoBytes(1) + twoBytes(addresses.size()) + twoBytes(0) + twoBytes(0);
  reply += question.substr(kHeader, asked->end - kHeader);
  for (const std::string& address : addresses) reply += recordOf(address, entry->second.ttl);
  return reply;
}

}  // namespace e2e
