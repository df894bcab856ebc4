#include "core/wakeup.h"

#include <poll.h>

#include <system_error>
#include <thread>

#include <gtest/gtest.h>

#include "support/build.h"
#include "support/descriptor_limit.h"

namespace proxy {
namespace {

bool isReadable(const Wakeup& wakeup, int timeout = 0) {
  pollfd one = {.fd = wakeup.fd(), .events = POLLIN, .revents = 0};
  return poll(&one, 1, timeout) == 1;
}

TEST(Wakeup, IsReadableFromTheSignalUntilItIsCleared) {
  Wakeup wakeup;
  EXPECT_FALSE(isReadable(wakeup));
  wakeup.signal();
  wakeup.signal();
  EXPECT_TRUE(isReadable(wakeup));
  wakeup.clear();
  EXPECT_FALSE(isReadable(wakeup));
  wakeup.signal();
  EXPECT_TRUE(isReadable(wakeup));
}

TEST(Wakeup, IsNotHeldUpByHavingNothingToClear) {
  Wakeup wakeup;
  wakeup.clear();
  EXPECT_FALSE(isReadable(wakeup));
}

TEST(Wakeup, WakesAnotherThread) {
  Wakeup wakeup;
  std::thread sleeper([&] { EXPECT_TRUE(isReadable(wakeup, -1)); });
  wakeup.signal();
  sleeper.join();
  EXPECT_TRUE(isReadable(wakeup));
}

TEST(Wakeup, NeverBlocksTheOneWhoSignals) {
  Wakeup wakeup;
  for (int i = 0; i < 100'000; ++i) wakeup.signal();
  EXPECT_TRUE(isReadable(wakeup));
  wakeup.clear();
  EXPECT_FALSE(isReadable(wakeup));
}

TEST(Wakeup, SaysThatDescriptorsHaveRunOut) {
  if (support::kAddressSanitizer) {
    GTEST_SKIP() << "the sanitizer needs descriptors to look at an exception";
  }
  const support::DescriptorLimit limit;
  EXPECT_THROW(Wakeup(), std::system_error);
}

}  // namespace
}  // namespace proxy
