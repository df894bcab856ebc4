#include "cache/reason.h"

#include <algorithm>
#include <set>
#include <string_view>

#include <gtest/gtest.h>

#include "http/list.h"

namespace proxy::cache {
namespace {

TEST(Reason, IsToldFromEveryOther) {
  std::set<std::string_view> names;
  std::set<std::string_view> details;
  std::set<std::string_view> metrics;
  for (const ReasonInfo& why : kReasons) {
    EXPECT_TRUE(names.insert(why.name).second) << why.name;
    EXPECT_TRUE(metrics.insert(why.metric).second) << why.metric;
    EXPECT_TRUE(why.detail.empty() || details.insert(why.detail).second) << why.detail;
  }
  EXPECT_EQ("Fresh", info(Reason::kFresh).name);
  EXPECT_EQ("CutOff", info(Reason::kCutOff).name);
}

TEST(Reason, CanBeSaidAndCounted) {
  for (const ReasonInfo& why : kReasons) {
    EXPECT_TRUE(why.detail.empty() || http::isToken(why.detail)) << why.detail;
    EXPECT_TRUE(why.text.ends_with('.')) << why.text;
    EXPECT_TRUE(why.metric.starts_with("cache_")) << why.metric;
    EXPECT_TRUE(std::all_of(why.metric.begin(), why.metric.end(), [](char c) {
      return c == '_' || (c >= 'a' && c <= 'z');
    })) << why.metric;
  }
}

TEST(Reason, IsExplainedWhereNothingElseTellsIt) {
  for (const ReasonInfo& why : kReasons) {
    const bool plain = why.name == "Stored" || why.name == "Fresh" || why.name == "Miss" ||
                       why.name == "VaryMiss" || why.name == "Stale" || why.name == "Method";
    EXPECT_EQ(plain, why.detail.empty()) << why.name;
  }
}

TEST(Reason, HasTheWordsOfTheStandard) {
  struct Row {
    const char* name;
    Forward forward;
    std::string_view token;
  };
  constexpr Row kRows[] = {
      {"9211 2.1", Forward::kHit, ""},
      {"9211 2.2", Forward::kNone, ""},
      {"9211 2.2", Forward::kBypass, "bypass"},
      {"9211 2.2", Forward::kMethod, "method"},
      {"9211 2.2", Forward::kUriMiss, "uri-miss"},
      {"9211 2.2", Forward::kVaryMiss, "vary-miss"},
      {"9211 2.2", Forward::kRequest, "request"},
      {"9211 2.2", Forward::kStale, "stale"},
  };
  for (const Row& row : kRows) EXPECT_EQ(row.token, tokenOf(row.forward)) << row.name;
}

}  // namespace
}  // namespace proxy::cache
