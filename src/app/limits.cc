#include "app/limits.h"

#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace proxy::app {

namespace {

constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

// Descriptors of the process itself: stdio, the main loop, the resolver's sockets, libraries.
constexpr std::size_t kOwn = 48;
// Of a worker: its epoll, its wake-up, libevent's signal pair, idle pipes.
constexpr std::size_t kPerWorker = 8;
// Of all descriptors, one in so many may be an end of a lent pipe: few sessions stream at once.
constexpr std::size_t kPipeShare = 32;

template <class T>
T readFrom(const std::string& path, T otherwise) {
  T value;
  std::ifstream file(path);
  return file >> value ? value : otherwise;
}

// CapEff of this process, bit by bit (capabilities(7)); 0 where there is no such thing.
unsigned long long effectiveCapabilities() {
  std::ifstream status("/proc/self/status");
  for (std::string key; status >> key;) {
    if (key == "CapEff:") {
      std::string hex;
      status >> hex;
      return std::stoull(hex, nullptr, 16);
    }
  }
  return 0;
}

bool exemptFromPipeQuota() {
  constexpr unsigned kSysAdmin = 21;
  constexpr unsigned kSysResource = 24;
  return (effectiveCapabilities() & (1ULL << kSysAdmin | 1ULL << kSysResource)) != 0;
}

}  // namespace

std::size_t raiseDescriptorLimit(const std::string& pollMethod) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return 1024;
  const rlim_t soft = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  // select(2) writes behind its set for a descriptor of FD_SETSIZE or more; so there shall be none.
  if (pollMethod == "select") limit.rlim_cur = std::min<rlim_t>(limit.rlim_cur, FD_SETSIZE);
  // Some systems refuse an infinite one although they name it.
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0) limit.rlim_cur = soft;
  return static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur, 100'000'000));
}

std::size_t pipesAllowed(std::size_t capacity) {
  if (exemptFromPipeQuota()) return kUnlimited;
  // No pipe is larger than this, whatever is asked for.
  capacity = std::min(capacity, readFrom<std::size_t>("/proc/sys/fs/pipe-max-size", 1 << 20));
  const auto pages = readFrom<std::size_t>("/proc/sys/fs/pipe-user-pages-soft", 0);
  if (pages == 0) return kUnlimited;
  const auto pageSize = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return std::max<std::size_t>(1, pages * pageSize / std::max(capacity, pageSize));
}

Limits shareOut(const Configuration& configuration, std::size_t descriptors,
                std::size_t pipesAllowed) {
  Limits limits{.descriptors = descriptors};
  const std::size_t fixed =
      kOwn + kPerWorker * configuration.threads + configuration.listeners.size();
  const std::size_t waiting =  // connections to upstreams
      configuration.isHttp() ? configuration.threads * configuration.gateway.idleConnections : 0;
  limits.pipes =
      std::min(pipesAllowed, std::max(configuration.threads, descriptors / kPipeShare / 2));
  const std::size_t reserved = fixed + waiting + 2 * limits.pipes;
  limits.sessions = descriptors > reserved ? (descriptors - reserved) / 2 : 0;
  if (configuration.maxConnections != 0) {
    limits.sessions = std::min(limits.sessions, configuration.maxConnections);
  }
  return limits;
}

}  // namespace proxy::app
