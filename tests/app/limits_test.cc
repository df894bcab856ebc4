#include "app/limits.h"

#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

#include <limits>

#include <gtest/gtest.h>

#include "support/child.h"

namespace proxy::app {
namespace {

constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

Configuration configuration(std::size_t threads, std::size_t listeners = 1,
                            std::size_t maxConnections = 0) {
  Configuration made;
  made.threads = threads;
  made.listeners.resize(listeners);
  made.maxConnections = maxConnections;
  return made;
}

TEST(Limits, ShareOutWhatThereIs) {
  struct Row {
    std::size_t descriptors;
    std::size_t pipesAllowed;
    Configuration configuration;
    std::size_t pipes;
    std::size_t sessions;
  };
  const Row rows[] = {
      // own 48, 8 a worker, 1 a listener; a 32nd of the descriptors for pipes; the rest in pairs
      {1024, kUnlimited, configuration(1), 16, (1024 - 48 - 8 - 1 - 32) / 2},
      {20'000, kUnlimited, configuration(4), 312, (20'000 - 48 - 32 - 1 - 624) / 2},
      {1'000'000, kUnlimited, configuration(16, 3), 15'625,
       (1'000'000 - 48 - 128 - 3 - 31'250) / 2},
      // fewer pipes leave more for sessions
      {20'000, 64, configuration(4), 64, (20'000 - 48 - 32 - 1 - 128) / 2},
      {20'000, 1, configuration(4), 1, (20'000 - 48 - 32 - 1 - 2) / 2},
      // a pipe for each worker at least
      {256, kUnlimited, configuration(8), 8, (256 - 48 - 64 - 1 - 16) / 2},
      // what the operator wants, if there is as much
      {20'000, kUnlimited, configuration(4, 1, 100), 312, 100},
      {1024, kUnlimited, configuration(1, 1, 10'000'000), 16, (1024 - 48 - 8 - 1 - 32) / 2},
      // too little for any session
      {0, kUnlimited, configuration(1), 1, 0},
      {59, kUnlimited, configuration(1), 1, 0},
      {60, kUnlimited, configuration(1), 1, 0},
      {61, kUnlimited, configuration(1), 1, 1},
      {64, kUnlimited, configuration(1), 1, 2},
      {60, kUnlimited, configuration(1, 1, 100), 1, 0},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.descriptors);
    const Limits limits = shareOut(row.configuration, row.descriptors, row.pipesAllowed);
    EXPECT_EQ(row.descriptors, limits.descriptors);
    EXPECT_EQ(row.pipes, limits.pipes);
    EXPECT_EQ(row.sessions, limits.sessions);
  }
}

TEST(Limits, NeverPromiseMoreDescriptorsThanThereAre) {
  for (std::size_t threads : {1U, 2U, 8U, 64U}) {
    for (std::size_t descriptors = 1024; descriptors < 100'000; descriptors = descriptors * 3 / 2) {
      const Limits limits = shareOut(configuration(threads, 4), descriptors, kUnlimited);
      EXPECT_LE(2 * limits.sessions + 2 * limits.pipes + 48 + 8 * threads + 4, descriptors)
          << threads << " threads, " << descriptors << " descriptors";
    }
  }
}

TEST(Limits, RaiseTheDescriptorLimitAsFarAsItMayBe) {
  EXPECT_EQ(0, support::inChild([] {
              rlimit limit{};
              if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 2;
              limit.rlim_cur = 100;
              limit.rlim_max = 200;
              if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return 3;
              if (raiseDescriptorLimit("") != 200) return 1;
              getrlimit(RLIMIT_NOFILE, &limit);
              return limit.rlim_cur == 200 ? 0 : 1;
            }));
}

TEST(Limits, DoNotRaiseItAboveWhatSelectCanBear) {
  EXPECT_EQ(0, support::inChild([] {
              rlimit limit{};
              if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max <= FD_SETSIZE) return 2;
              if (raiseDescriptorLimit("select") != FD_SETSIZE) return 1;
              return raiseDescriptorLimit("poll") > FD_SETSIZE ? 0 : 1;
            }));
}

TEST(Limits, AllowEveryUserAPipe) {
  EXPECT_GE(pipesAllowed(1), 1U);
  EXPECT_GE(pipesAllowed(std::size_t{1} << 40), 1U);
  EXPECT_GE(pipesAllowed(std::size_t{64} * 1024), pipesAllowed(std::size_t{1024} * 1024));
}

#ifdef __linux__
TEST(Limits, ThoseWithoutPrivilegesHaveAQuotaOfPipes) {
  const int outcome = support::inChild([] {
    if (geteuid() == 0 && setuid(65534) != 0) return 2;
    const std::size_t large = pipesAllowed(std::size_t{1024} * 1024);
    const std::size_t small = pipesAllowed(std::size_t{64} * 1024);
    if (large == kUnlimited) return 2;  // fs.pipe-user-pages-soft is 0
    return small / large == 16 ? 0 : 1;
  });
  if (outcome == 2) GTEST_SKIP() << "nobody has a quota here";
  EXPECT_EQ(0, outcome);
}
#endif

}  // namespace
}  // namespace proxy::app
