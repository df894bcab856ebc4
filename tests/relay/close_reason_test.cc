#include "relay/close_reason.h"

#include <set>
#include <string_view>

#include <gtest/gtest.h>

namespace proxy::relay {
namespace {

TEST(CloseReason, SaysWhyAndIsCounted) {
  struct Row {
    CloseReason reason;
    log::Level level;
    std::string_view text;
    Metric metric;
  };
  constexpr Row kRows[] = {
      {CloseReason::kDone, log::Level::kDebug, "done", Metric::kSessionsDone},
      {CloseReason::kClientReset, log::Level::kDebug, "reset by the client",
       Metric::kSessionsReset},
      {CloseReason::kUpstreamReset, log::Level::kDebug, "reset by the upstream",
       Metric::kSessionsReset},
      {CloseReason::kRefused, log::Level::kDebug, "no remote could be reached",
       Metric::kSessionsRefused},
      {CloseReason::kStalled, log::Level::kWarning,
       "failed, and its last bytes were not taken in time", Metric::kSessionsStalled},
      {CloseReason::kExhausted, log::Level::kWarning, "the kernel watches no more sockets",
       Metric::kSessionsExhausted},
      {CloseReason::kIdle, log::Level::kDebug, "idle for too long", Metric::kSessionsIdle},
      {CloseReason::kStopped, log::Level::kDebug, "the program stopped", Metric::kSessionsStopped},
  };
  EXPECT_EQ(std::size(kRows), kCloseReasons.size());
  std::set<std::string_view> texts;
  for (const Row& row : kRows) {
    EXPECT_EQ(row.level, info(row.reason).level);
    EXPECT_EQ(row.text, info(row.reason).text);
    EXPECT_EQ(row.metric, info(row.reason).metric);
    EXPECT_TRUE(texts.insert(info(row.reason).text).second);
  }
}

}  // namespace
}  // namespace proxy::relay
