#include "socksplice/buffer_pool.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/pattern.h"

namespace socksplice {
namespace {

using support::pattern;

void put(PooledBuffer& buffer, std::string_view bytes) {
  ASSERT_LE(bytes.size(), buffer.room().size());
  std::transform(bytes.begin(), bytes.end(), buffer.room().begin(),
                 [](char c) { return static_cast<std::byte>(c); });
  buffer.commit(bytes.size());
}

std::string held(const PooledBuffer& buffer) {
  std::string text;
  for (const std::byte b : buffer.bytes()) text += static_cast<char>(b);
  return text;
}

TEST(PooledBuffer, IsEmptyUnlessItWasLent) {
  const PooledBuffer buffer;
  EXPECT_FALSE(buffer);
  EXPECT_TRUE(buffer.bytes().empty());
}

TEST(PooledBuffer, IsAQueue) {
  BufferPool pool;
  PooledBuffer buffer = pool.borrow(4096);
  put(buffer, "first, ");
  put(buffer, "second");
  EXPECT_EQ("first, second", held(buffer));
  buffer.consume(7);
  EXPECT_EQ("second", held(buffer));
  EXPECT_EQ(4096U - 13U, buffer.room().size());
  buffer.consume(6);
  EXPECT_TRUE(buffer.bytes().empty());
}

TEST(PooledBuffer, CarriesItsBytesAlongWhenMoved) {
  BufferPool pool;
  PooledBuffer first = pool.borrow(100);
  put(first, "bytes");
  PooledBuffer second(std::move(first));
  EXPECT_EQ("bytes", held(second));
  PooledBuffer third = pool.borrow(100);
  third = std::move(second);
  EXPECT_EQ("bytes", held(third));
  EXPECT_EQ(1024U, pool.lentBytes());
  EXPECT_EQ(1024U, pool.idleBytes()) << "what it had borrowed before went back";
}

TEST(PooledBuffer, EndsItsLoanOnceAndForAll) {
  BufferPool pool;
  PooledBuffer buffer = pool.borrow(100);
  buffer.reset();
  buffer.reset();
  EXPECT_FALSE(buffer);
  EXPECT_EQ(0U, pool.lentBytes());
}

TEST(BufferPool, LendsTheSmallestSizeThatFits) {
  struct Row {
    std::size_t asked;
    std::size_t lent;
  };
  constexpr Row kRows[] = {
      {0, 1024},          {1, 1024},          {1024, 1024},       {1025, 4096},
      {4096, 4096},       {4097, 16384},      {16384, 16384},     {16385, 65536},
      {65536, 65536},     {65537, 262144},    {262144, 262144},   {262145, 1048576},
      {1048576, 1048576}, {1048577, 1048577}, {3000000, 3000000},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.asked);
    BufferPool pool;
    PooledBuffer buffer = pool.borrow(row.asked);
    ASSERT_TRUE(buffer);
    EXPECT_EQ(row.lent, buffer.room().size());
    EXPECT_EQ(row.lent, pool.lentBytes());
  }
}

TEST(BufferPool, LendsAgainWhatCameBack) {
  BufferPool pool;
  const std::byte* memory = nullptr;
  {
    PooledBuffer buffer = pool.borrow(50'000);
    put(buffer, pattern(50'000));
    memory = buffer.bytes().data();
  }
  EXPECT_EQ(65536U, pool.idleBytes());
  PooledBuffer again = pool.borrow(50'000);
  EXPECT_EQ(memory, again.room().data());
  EXPECT_EQ(0U, pool.idleBytes());
  EXPECT_TRUE(again.bytes().empty()) << "bytes of an earlier loan came out in this one";
}

TEST(BufferPool, KeepsNoMoreThanItsLimit) {
  BufferPool pool(3 * 4096);
  std::vector<PooledBuffer> buffers(5);
  for (PooledBuffer& buffer : buffers) buffer = pool.borrow(4096);
  EXPECT_EQ(5U * 4096U, pool.lentBytes());
  buffers.clear();
  EXPECT_EQ(0U, pool.lentBytes());
  EXPECT_EQ(3U * 4096U, pool.idleBytes());
}

TEST(BufferPool, ManyIdleBuffersOfOneSizeAreAllLentAgain) {
  BufferPool pool;
  std::vector<PooledBuffer> buffers(20);
  for (PooledBuffer& buffer : buffers) buffer = pool.borrow(4096);
  for (PooledBuffer& buffer : buffers) buffer.reset();
  EXPECT_EQ(20U * 4096U, pool.idleBytes());
  for (PooledBuffer& buffer : buffers) buffer = pool.borrow(4096);
  EXPECT_EQ(0U, pool.idleBytes());
  EXPECT_EQ(20U * 4096U, pool.lentBytes());
}

TEST(BufferPool, DoesNotKeepWhatIsLargerThanItsSizes) {
  BufferPool pool(std::size_t{64} * 1024 * 1024);
  pool.borrow(2'000'000).reset();
  EXPECT_EQ(0U, pool.lentBytes());
  EXPECT_EQ(0U, pool.idleBytes());
}

TEST(BufferPool, WithoutALimitToKeepItKeepsNothing) {
  BufferPool pool(0);
  PooledBuffer buffer = pool.borrow(10);
  ASSERT_TRUE(buffer);
  buffer.reset();
  EXPECT_EQ(0U, pool.idleBytes());
}

}  // namespace
}  // namespace socksplice
