#include "net/remotes.h"

#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proxy {
namespace {

using testing::ElementsAre;

// Remotes a, b, ... with so many addresses each: a's are 10.0.0.1, 10.0.0.2, ..., b's 10.0.1.1, ...
RemoteList remotes(const std::vector<int>& counts) {
  RemoteList list;
  for (std::size_t r = 0; r < counts.size(); ++r) {
    Remote remote{.name = std::string(1, static_cast<char>('a' + r)), .addresses = {}};
    for (int i = 1; i <= counts[r]; ++i) {
      remote.addresses.push_back(
          *Address::literal("10.0." + std::to_string(r) + "." + std::to_string(i), 80));
    }
    list.push_back(remote);
  }
  return list;
}

Rotation rotation(const std::vector<int>& counts, std::size_t start = 0) {
  Rotation made(start);
  made.update(remotes(counts));
  return made;
}

// "a1": the first address of remote a.
std::string place(const Route& route) {
  const std::string text = route.address().text();
  const std::size_t dot = text.rfind('.');
  return route.remoteName() + text.substr(dot + 1, text.find(':') - dot - 1);
}

std::vector<std::string> attempts(Route route) {
  std::vector<std::string> tried = {place(route)};
  while (route.next()) tried.push_back(place(route));
  return tried;
}

TEST(Route, TriesTheAddressesOfARemoteAndThenTheNextRemote) {
  EXPECT_THAT(attempts(rotation({1}).deal()), ElementsAre("a1"));
  EXPECT_THAT(attempts(rotation({2, 1, 3}).deal()),
              ElementsAre("a1", "a2", "b1", "c1", "c2", "c3"));
}

TEST(Route, TriesEachAddressOnceFromEveryStart) {
  for (std::size_t start = 0; start < 50; ++start) {
    const auto tried = attempts(rotation({2, 1, 3, 4}, start).deal());
    EXPECT_EQ(10U, tried.size());
    EXPECT_EQ(10U, std::set<std::string>(tried.begin(), tried.end()).size()) << start;
  }
}

TEST(Rotation, DealsRoundRobinOverRemotes) {
  Rotation dealer = rotation({1, 1, 1});
  std::string order;
  for (int i = 0; i < 7; ++i) order += dealer.deal().remoteName();
  EXPECT_EQ("abcabca", order);
}

TEST(Rotation, DealsRoundRobinOverTheAddressesOfEach) {
  Rotation dealer = rotation({2, 3});
  std::vector<std::string> order;
  for (int i = 0; i < 12; ++i) order.push_back(place(dealer.deal()));
  EXPECT_THAT(order,
              ElementsAre("a1", "b1", "a2", "b2", "a1", "b3", "a2", "b1", "a1", "b2", "a2", "b3"));
}

TEST(Rotation, BeginsWhereItIsTold) {
  EXPECT_EQ("c1", place(rotation({1, 1, 3}, 2).deal()));
  EXPECT_EQ("c2", place(rotation({1, 1, 3}, 5).deal()));
}

TEST(Rotation, GoesOnWithANewList) {
  Rotation dealer = rotation({1, 1});
  EXPECT_EQ("a1", place(dealer.deal()));
  dealer.update(remotes({1, 1, 1}));
  EXPECT_EQ("b1", place(dealer.deal()));
  EXPECT_EQ("c1", place(dealer.deal()));
}

TEST(Rotation, ARouteKeepsTheListItWasDealtFrom) {
  Rotation dealer = rotation({3});
  Route route = dealer.deal();
  dealer.update(remotes({1}));
  EXPECT_THAT(attempts(route), ElementsAre("a1", "a2", "a3"));
}

}  // namespace
}  // namespace proxy
