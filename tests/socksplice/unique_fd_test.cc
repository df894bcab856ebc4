#include "socksplice/unique_fd.h"

#include <fcntl.h>

#include <type_traits>

#include <gtest/gtest.h>

#include "support/socket_pair.h"

namespace socksplice {
namespace {

using support::isOpen;

UniqueFd openOne() { return UniqueFd(support::must(dup(STDERR_FILENO), "dup")); }

static_assert(!std::is_copy_constructible_v<UniqueFd>);
static_assert(!std::is_copy_assignable_v<UniqueFd>);
static_assert(std::is_nothrow_move_constructible_v<UniqueFd>);

TEST(UniqueFd, OwnsNothingAtFirst) {
  const UniqueFd fd;
  EXPECT_FALSE(fd);
  EXPECT_EQ(-1, fd.get());
}

TEST(UniqueFd, DescriptorZeroIsOneToo) {
  UniqueFd fd(0);
  EXPECT_TRUE(fd);
  EXPECT_EQ(0, fd.release());
}

TEST(UniqueFd, ClosesWhenItGoes) {
  int number;
  {
    const UniqueFd fd = openOne();
    number = fd.get();
    EXPECT_TRUE(isOpen(number));
  }
  EXPECT_FALSE(isOpen(number));
}

TEST(UniqueFd, GivesUpWithoutClosing) {
  UniqueFd fd = openOne();
  const UniqueFd heir(fd.release());
  EXPECT_FALSE(fd);
  EXPECT_TRUE(isOpen(heir.get()));
}

TEST(UniqueFd, MovesWithoutClosing) {
  UniqueFd first = openOne();
  const int number = first.get();
  UniqueFd second(std::move(first));
  EXPECT_EQ(number, second.get());
  UniqueFd third;
  third = std::move(second);
  EXPECT_EQ(number, third.get());
  EXPECT_TRUE(isOpen(number));
}

TEST(UniqueFd, ClosesWhatItOwnedWhenItTakesAnother) {
  UniqueFd fd = openOne();
  const int number = fd.get();
  UniqueFd other = openOne();
  fd = std::move(other);
  EXPECT_FALSE(isOpen(number));
  EXPECT_TRUE(isOpen(fd.get()));
}

TEST(UniqueFd, SurvivesBeingMovedToItself) {
  UniqueFd fd = openOne();
  UniqueFd& same = fd;
  fd = std::move(same);
  EXPECT_TRUE(isOpen(fd.get()));
}

TEST(UniqueFd, ResetCloses) {
  UniqueFd fd = openOne();
  const int number = fd.get();
  fd.reset();
  EXPECT_FALSE(fd);
  EXPECT_FALSE(isOpen(number));
}

}  // namespace
}  // namespace socksplice
