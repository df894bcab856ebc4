#include "core/metrics.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace proxy {
namespace {

TEST(Metrics, BeginAtZero) {
  const Metrics metrics;
  for (std::size_t i = 0; i < kMetrics.size(); ++i) {
    EXPECT_EQ(0U, metrics.read(static_cast<Metric>(i)));
  }
}

TEST(Metrics, AddEachToItsOwn) {
  Metrics metrics;
  for (std::size_t i = 0; i < kMetrics.size(); ++i) metrics.add(static_cast<Metric>(i), i + 1);
  metrics.add(Metric::kSessionsAccepted);
  EXPECT_EQ(2U, metrics.read(Metric::kSessionsAccepted));
  for (std::size_t i = 1; i < kMetrics.size(); ++i) {
    EXPECT_EQ(i + 1, metrics.read(static_cast<Metric>(i)));
  }
}

TEST(Metrics, TakeOverWhatIsCountedElsewhere) {
  Metrics metrics;
  metrics.set(Metric::kPipesRefused, 7);
  metrics.set(Metric::kPipesRefused, 9);
  EXPECT_EQ(9U, metrics.read(Metric::kPipesRefused));
}

TEST(Metrics, HaveNamesOfTheirOwnAndSayWhatTheyCount) {
  std::set<std::string_view> names;
  for (const MetricInfo& it : kMetrics) {
    EXPECT_TRUE(names.insert(it.name).second) << it.name << " is there twice";
    EXPECT_EQ(std::string_view::npos,
              it.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789"))
        << it.name;
    EXPECT_FALSE(it.help.empty()) << it.name;
  }
}

}  // namespace
}  // namespace proxy
