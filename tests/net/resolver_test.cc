#include "net/resolver.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/eventually.h"
#include "support/loop_run.h"
#include "support/tiny_dns.h"

namespace proxy {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;
using Answer = Expected<Resolver::Answer>;

std::vector<std::string> texts(const Answer& answer) {
  std::vector<std::string> found;
  if (answer) {
    for (const Address& address : answer->addresses) found.push_back(address.text());
  }
  return found;
}

class ResolverTest : public testing::TestWithParam<std::string> {
 protected:
  Answer resolve(const std::string& host, std::uint16_t port = 80) {
    std::optional<Answer> got;
    resolver_->resolve(host, port, [&](Answer answer) {
      EXPECT_FALSE(got) << "it answers twice";
      got = std::move(answer);
    });
    EXPECT_TRUE(support::runUntil(loop_, [&] { return got.has_value(); }));
    return got ? *got : unexpected(std::string("no answer came"));
  }

  support::TinyDns dns_;
  EventLoop loop_{GetParam()};
  std::unique_ptr<Resolver> resolver_ = std::make_unique<Resolver>(loop_, dns_.server());
};

INSTANTIATE_TEST_SUITE_P(Methods, ResolverTest, testing::ValuesIn(EventLoop::methods()),
                         [](const auto& it) { return it.param; });

TEST_P(ResolverTest, ALiteralIsItsOwnAnswerAtOnce) {
  for (const char* host : {"10.0.0.7", "::1"}) {
    std::optional<Answer> got;
    resolver_->resolve(host, 80, [&](Answer answer) { got = std::move(answer); });
    ASSERT_TRUE(got && *got);
    EXPECT_THAT((*got)->addresses, ElementsAre(*Address::literal(host, 80)));
    EXPECT_EQ(seconds(0), (*got)->ttl);
  }
}

TEST_P(ResolverTest, ReadsTheHostsFile) {
  const Answer answer = resolve("localhost", 8080);
  ASSERT_TRUE(answer) << answer.error();
  EXPECT_THAT(texts(answer), Contains("127.0.0.1:8080"));
  EXPECT_EQ(0, dns_.asked("localhost"));
}

TEST_P(ResolverTest, GivesTheAddressesOfBothFamilies) {
  dns_.answer("both.test", {"10.0.0.7", "10.0.0.8", "2001:db8::7"});
  EXPECT_THAT(texts(resolve("both.test", 443)),
              UnorderedElementsAre("10.0.0.7:443", "10.0.0.8:443", "[2001:db8::7]:443"));
}

TEST_P(ResolverTest, GivesTheAddressesOfOneFamily) {
  dns_.answer("four.test", {"10.0.0.7"});
  dns_.answer("six.test", {"2001:db8::7"});
  EXPECT_THAT(texts(resolve("four.test")), ElementsAre("10.0.0.7:80"));
  EXPECT_THAT(texts(resolve("six.test")), ElementsAre("[2001:db8::7]:80"));
}

TEST_P(ResolverTest, SaysHowLongAnAnswerMayBeUsed) {
  dns_.answer("short.test", {"10.0.0.7", "2001:db8::7"}, 7);
  dns_.answer("long.test", {"10.0.0.8"}, 86400);
  EXPECT_EQ(seconds(7), resolve("short.test")->ttl);
  EXPECT_EQ(seconds(86400), resolve("long.test")->ttl);
}

TEST_P(ResolverTest, AnAliasCountsForHowLongAnAnswerMayBeUsed) {
  dns_.alias("www.test", 5, "app.test", {"10.0.0.7"}, 3600);
  const Answer answer = resolve("www.test");
  ASSERT_TRUE(answer) << answer.error();
  EXPECT_THAT(texts(answer), ElementsAre("10.0.0.7:80"));
  EXPECT_EQ(seconds(5), answer->ttl);
}

TEST_P(ResolverTest, SaysThatThereIsNoSuchName) {
  const Answer answer = resolve("nowhere.test");
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error(), HasSubstr("there is no such name"));
}

TEST_P(ResolverTest, SaysThatANameHasNoAddress) {
  dns_.answer("empty.test", {});
  const Answer answer = resolve("empty.test");
  ASSERT_FALSE(answer);
  EXPECT_FALSE(answer.error().empty());
}

TEST_P(ResolverTest, SaysThatTheServerFailed) {
  dns_.fail("broken.test");
  const Answer answer = resolve("broken.test");
  ASSERT_FALSE(answer);
  EXPECT_FALSE(answer.error().empty());
}

TEST_P(ResolverTest, AnswersManyAtOnce) {
  constexpr int kNames = 200;
  std::vector<int> answered(kNames);
  for (int i = 0; i < kNames; ++i) {
    const std::string name = fmt::format("name{}.test", i);
    dns_.answer(name, {fmt::format("10.0.0.{}", i)});
    resolver_->resolve(name, 80, [&answered, i](Answer answer) {
      ASSERT_TRUE(answer) << answer.error();
      EXPECT_THAT(texts(answer), ElementsAre(fmt::format("10.0.0.{}:80", i)));
      ++answered[static_cast<std::size_t>(i)];
    });
  }
  EXPECT_TRUE(support::runUntil(
      loop_, [&] { return std::count(answered.begin(), answered.end(), 1) == kNames; }));
}

TEST_P(ResolverTest, MayBeAskedByItsOwnCallback) {
  dns_.answer("one.test", {"10.0.0.1"});
  dns_.answer("two.test", {"10.0.0.2"});
  std::vector<std::string> got;
  resolver_->resolve("one.test", 80, [&](const Answer& one) {
    got = texts(one);
    resolver_->resolve("two.test", 80, [&](const Answer& two) { got.push_back(texts(two)[0]); });
  });
  EXPECT_TRUE(support::runUntil(loop_, [&] { return got.size() == 2; }));
  EXPECT_THAT(got, ElementsAre("10.0.0.1:80", "10.0.0.2:80"));
}

TEST_P(ResolverTest, DestroyedUnderWayItCallsNobody) {
  dns_.ignore("silent.test");
  bool called = false;
  resolver_->resolve("silent.test", 80, [&](const Answer&) { called = true; });
  ASSERT_TRUE(support::runUntil(loop_, [&] { return dns_.asked("silent.test") > 0; }));
  resolver_.reset();
  int turns = 5;
  EXPECT_TRUE(support::runUntil(loop_, [&] { return --turns == 0; }));
  EXPECT_FALSE(called);
}

TEST(Resolver, GivesUpOnAServerThatNeverAnswers) {
  support::TinyDns dns;
  dns.ignore("silent.test");
  EventLoop loop;
  Resolver resolver(loop, dns.server());
  std::optional<Answer> got;
  resolver.resolve("silent.test", 80, [&](Answer answer) { got = std::move(answer); });
  ASSERT_TRUE(support::runUntil(loop, [&] { return got.has_value(); }));
  ASSERT_FALSE(*got);
  EXPECT_THAT(got->error(), HasSubstr("no name server answers"));
  EXPECT_GE(dns.asked("silent.test"), 4) << "each type of question is tried twice";
}

TEST(Resolver, RefusesServersItCannotRead) {
  EventLoop loop;
  for (const char* servers : {"not a server", "127.0.0.1:x"}) {
    try {
      Resolver(loop, servers);
      ADD_FAILURE() << servers;
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(fmt::format("\"{}\" is no list of HOST[:PORT]", servers), error.what());
    }
  }
}

}  // namespace
}  // namespace proxy
