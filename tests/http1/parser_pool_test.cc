#include "http1/parser_pool.h"

#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace proxy::http1 {
namespace {

// A parser that counts how many of its kind there are.
struct CountedParser {
  explicit CountedParser(const http::HeadLimits& limits) : fields(limits.fields) { ++alive; }
  ~CountedParser() { --alive; }
  std::size_t fields;
  int uses = 0;
  static inline int alive = 0;
};

using Pool = ParserPool<CountedParser>;

TEST(ParserPool, MakesParsersWithItsLimits) {
  Pool pool({.fields = 7});
  const Pool::Loan loan(pool);
  EXPECT_EQ(7U, loan->fields);
}

TEST(ParserPool, LendsTheOneThatCameBackLast) {
  Pool pool({});
  std::optional<Pool::Loan> one(pool);
  std::optional<Pool::Loan> two(pool);
  (*one)->uses = 1;
  (*two)->uses = 2;
  one.reset();
  two.reset();
  EXPECT_EQ(2, CountedParser::alive);
  const Pool::Loan again(pool);
  EXPECT_EQ(2, again->uses);
  const Pool::Loan other(pool);
  EXPECT_EQ(1, other->uses);
  EXPECT_EQ(2, CountedParser::alive);
}

TEST(ParserPool, KeepsOnlySoManyAndDestroysThemWithItself) {
  {
    Pool pool({});
    std::vector<std::unique_ptr<Pool::Loan>> loans;
    for (int i = 0; i < 1000; ++i) loans.push_back(std::make_unique<Pool::Loan>(pool));
    EXPECT_EQ(1000, CountedParser::alive);
    loans.clear();
    EXPECT_EQ(256, CountedParser::alive);
  }
  EXPECT_EQ(0, CountedParser::alive);
}

}  // namespace
}  // namespace proxy::http1
