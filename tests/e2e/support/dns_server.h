// A name server of a test's own, on 127.0.0.1: it knows the names it was told, and no other.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "socksplice/unique_fd.h"

namespace e2e {

class DnsServer {
 public:
  DnsServer();
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;
  ~DnsServer();

  /// HOST:PORT, for --dns-servers.
  [[nodiscard]] std::string address() const;

  /// From now on `name` has these IPv4 addresses. Any thread.
  void set(const std::string& name, const std::vector<std::string>& addresses,
           std::chrono::seconds ttl = std::chrono::seconds(300));

  /// From now on there is no such name. Any thread.
  void remove(const std::string& name);

 private:
  struct Entry {
    std::vector<std::string> addresses;
    std::chrono::seconds ttl;
  };

  void serve();
  std::string answer(const std::string& question);

  socksplice::UniqueFd socket_;
  socksplice::UniqueFd stop_;
  std::mutex mutex_;
  std::map<std::string, Entry> names_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace e2e
