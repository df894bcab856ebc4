#include "faults.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdio>

#include "watch.h"

namespace faultio {
namespace {

constinit Config config;
constinit std::atomic<bool> started = false;

struct Counters {
  std::atomic<std::uint64_t> calls, cuts, eintr, eagain, emfile, rearmed;
};
constinit Counters counters;

class KeepErrno {
 public:
  KeepErrno() = default;
  ~KeepErrno() { errno = before_; }
  KeepErrno(const KeepErrno&) = delete;
  KeepErrno& operator=(const KeepErrno&) = delete;

 private:
  int before_ = errno;
};

// SplitMix64 (Steele, Lea, Flood 2014): eight bytes of state, and good from any seed.
std::uint64_t splitMix(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9E3779B97F4A7C15U);
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

std::uint64_t draw() {
  static constinit std::atomic<std::uint64_t> threads = 0;
  thread_local constinit std::uint64_t state = 0;
  thread_local constinit bool seeded = false;
  if (!seeded) {
    seeded = true;
    state = config.seed + threads.fetch_add(1);
    // Without this, thread 1 of seed 7 would repeat thread 0 of seed 8.
    state = splitMix(state) ^ config.seed;
  }
  return splitMix(state);
}

bool happens(unsigned perThousand) { return perThousand != 0 && draw() % 1000 < perThousand; }

bool fails(unsigned perThousand, std::atomic<std::uint64_t>& counter) {
  if (!happens(perThousand)) return false;
  counter.fetch_add(1, std::memory_order_relaxed);
  return true;
}

bool isWanted(Kind kind) {
  return (kind == Kind::Socket && config.sockets) || (kind == Kind::Pipe && config.pipes);
}

// True once the calls that `after` spares are over.
bool countCall() { return counters.calls.fetch_add(1, std::memory_order_relaxed) >= config.after; }

bool mayBeToldToWait(int fd, const Descriptor& descriptor, bool dontWait) {
  if (!isWanted(descriptor.kind) || !(descriptor.nonBlocking || dontWait)) return false;
  return descriptor.kind == Kind::Socket || isWatched(fd);
}

void rearmAndCount(int fd) {
  if (rearm(fd)) counters.rearmed.fetch_add(1, std::memory_order_relaxed);
}

std::size_t cutOf(std::size_t asked) {
  if (!happens(config.cutRate)) return asked;
  switch (config.cut) {
    case Cut::None:
      return asked;
    case Cut::Halves:
      return std::max<std::size_t>(1, asked / 2);
    case Cut::One:
      return 1;
    case Cut::Random:
      return 1 + draw() % asked;
  }
  return asked;
}

bool mayBeCut(const Transfer& transfer, Kind kind) {
  if (config.cut == Cut::None || transfer.bending == Bending::Fail) return false;
  return transfer.bending != Bending::PipeWrite || kind != Kind::Pipe || transfer.asked > PIPE_BUF;
}

}  // namespace

void startFaults(const Config& wanted) {
  config = wanted;
  started.store(true, std::memory_order_release);
}

Verdict judge(const Transfer& transfer) {
  const Verdict leftAlone{0, transfer.asked};
  if (!started.load(std::memory_order_acquire) || transfer.asked == 0) return leftAlone;
  if (transfer.bending == Bending::Nothing) return leftAlone;
  if (isStandardStream(transfer.fd) || isStandardStream(transfer.other)) return leftAlone;
  const KeepErrno keep;
  const Descriptor one = describe(transfer.fd);
  const Descriptor two = describe(transfer.other);
  if (!isWanted(one.kind) && !isWanted(two.kind)) return leftAlone;
  if (!countCall()) return leftAlone;

  if (fails(config.eintr, counters.eintr)) return {EINTR, 0};
  const bool mayWait = mayBeToldToWait(transfer.fd, one, transfer.dontWait) ||
                       mayBeToldToWait(transfer.other, two, transfer.dontWait);
  if (mayWait && fails(config.eagain, counters.eagain)) {
    rearmAndCount(transfer.fd);
    rearmAndCount(transfer.other);
    return {EAGAIN, 0};
  }
  return {0, mayBeCut(transfer, one.kind) ? cutOf(transfer.asked) : transfer.asked};
}

int judgeAccept(int listener) {
  if (!started.load(std::memory_order_acquire)) return 0;
  const KeepErrno keep;
  const Descriptor descriptor = describe(listener);
  if (descriptor.kind != Kind::Socket || !isWanted(descriptor.kind) || !countCall()) return 0;
  if (fails(config.eintr, counters.eintr)) return EINTR;
  if (descriptor.nonBlocking && fails(config.eagain, counters.eagain)) {
    rearmAndCount(listener);
    return EAGAIN;
  }
  return fails(config.emfile, counters.emfile) ? EMFILE : 0;
}

int judgeOpen(Kind kind) {
  if (!started.load(std::memory_order_acquire) || !isWanted(kind) || !countCall()) return 0;
  return fails(config.emfile, counters.emfile) ? EMFILE : 0;
}

void noteCut(const Transfer& transfer) {
  counters.cuts.fetch_add(1, std::memory_order_relaxed);
  // A program may lawfully take a short count for "drained" or "full".
  rearmAndCount(transfer.fd);
  rearmAndCount(transfer.other);
}

void reportFaults(const char* path) {
  const auto value = [](const std::atomic<std::uint64_t>& counter) {
    return static_cast<unsigned long long>(counter.load(std::memory_order_relaxed));
  };
  std::array<char, 256> line{};
  const int length =
      std::snprintf(line.data(), line.size(),
                    "calls=%llu cuts=%llu eintr=%llu eagain=%llu emfile=%llu rearmed=%llu\n",
                    value(counters.calls), value(counters.cuts), value(counters.eintr),
                    value(counters.eagain), value(counters.emfile), value(counters.rearmed));
  // Raw calls: write() and close() are ours, and at exit the sanitizers' may be gone.
  const long fd =
      ::syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) {
    std::fprintf(stderr, "faultio: cannot write the report to FAULTIO_REPORT=%s\n", path);
    return;
  }
  (void)::syscall(SYS_write, fd, line.data(), static_cast<std::size_t>(length));
  (void)::syscall(SYS_close, fd);
}

}  // namespace faultio
