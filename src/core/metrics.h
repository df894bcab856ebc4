// What the program counts. Each thread writes a slab of its own; readers of any thread add the
// slabs up. Relaxed atomics: a sum may be a few events behind, never torn.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace proxy {

// name, what it counts
#define PROXY_METRICS(X)                                                                          \
  X(kSessionsAccepted, "sessions_accepted", "clients accepted")                                   \
  X(kSessionsEnded, "sessions_ended", "sessions that are over, for any of these reasons")         \
  X(kSessionsDone, "sessions_done", "sessions whose two directions ended in order")               \
  X(kSessionsReset, "sessions_reset", "sessions that a client or upstream reset")                 \
  X(kSessionsRefused, "sessions_refused", "sessions for which no remote was reached")             \
  X(kSessionsStalled, "sessions_stalled",                                                         \
    "sessions whose last bytes before a reset were not taken in time")                            \
  X(kSessionsExhausted, "sessions_exhausted",                                                     \
    "sessions ended because the kernel watches no more sockets")                                  \
  X(kSessionsIdle, "sessions_idle", "sessions ended because nothing moved")                       \
  X(kSessionsStopped, "sessions_stopped", "sessions cut off when the program stopped")            \
  X(kRequests, "requests", "HTTP requests begun by clients")                                      \
  X(kConnectsTried, "connects_tried", "connections begun to remotes")                             \
  X(kConnectsFailed, "connects_failed", "of these, refused, timed out or failed")                 \
  X(kConnectsDelayed, "connects_delayed",                                                         \
    "times a connection had to wait for descriptors, memory or a backlog")                        \
  X(kBytesFromClients, "bytes_from_clients", "bytes delivered to upstreams")                      \
  X(kBytesFromUpstreams, "bytes_from_upstreams", "bytes delivered to clients")                    \
  X(kBytesSpliced, "bytes_spliced",                                                               \
    "of both, bytes that went through a pipe; the rest was copied")                               \
  X(kPipesRefused, "pipes_refused", "times the splice lane got no pipe and copied")               \
  X(kAcceptPauses, "accept_pauses", "times accepting paused for want of descriptors or sessions") \
  X(kNamesFailed, "names_failed", "name look-ups that failed after the start")                    \
  X(kAccessLogDropped, "access_log_dropped",                                                      \
    "lines of the access log that were not written, for its file or reader did not keep up or "   \
    "failed")

enum class Metric : std::uint8_t {
#define PROXY_METRIC(id, name, help) id,
  PROXY_METRICS(PROXY_METRIC)
#undef PROXY_METRIC
};

struct MetricInfo {
  std::string_view name;
  std::string_view help;
};

inline constexpr std::array kMetrics = {
#define PROXY_METRIC(id, name, help) MetricInfo{name, help},
    PROXY_METRICS(PROXY_METRIC)
#undef PROXY_METRIC
};

/// Written by one thread, read by all.
class Metrics {
 public:
  void add(Metric metric, std::uint64_t count = 1) noexcept {
    auto& cell = cells_[static_cast<std::size_t>(metric)];
    cell.store(cell.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  /// For what is counted elsewhere on this thread.
  void set(Metric metric, std::uint64_t count) noexcept {
    cells_[static_cast<std::size_t>(metric)].store(count, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t read(Metric metric) const noexcept {
    return cells_[static_cast<std::size_t>(metric)].load(std::memory_order_relaxed);
  }

 private:
  alignas(64) std::array<std::atomic<std::uint64_t>, kMetrics.size()> cells_{};
};

}  // namespace proxy
