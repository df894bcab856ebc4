#include "net/name_watch.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/loop_run.h"
#include "support/tiny_dns.h"

namespace proxy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

// A list of remotes on one line: "a.test:80=10.0.0.1:80,10.0.0.2:80 ...".
std::string text(const RemoteList& list) {
  std::string line;
  for (const Remote& remote : list) {
    if (!line.empty()) line += ' ';
    line += remote.name;
    char mark = '=';
    for (const Address& address : remote.addresses) {
      line += mark;
      line += address.text();
      mark = ',';
    }
  }
  return line;
}

class NameWatchTest : public testing::Test {
 protected:
  void watch(const std::vector<std::string>& written) {
    std::vector<Endpoint> remotes;
    for (const std::string& one : written) remotes.push_back(*parseEndpoint(one, Role::kRemote));
    watch_ = std::make_unique<NameWatch>(loop_, resolver_, metrics_, remotes,
                                         [this](Expected<NameWatch::List> list) {
                                           if (list) {
                                             published_.push_back(text(**list));
                                           } else {
                                             failures_.push_back(list.error());
                                           }
                                         });
  }

  /// Starts a round, and runs until every name was asked for again and answered.
  void runRound() {
    const int before = dns_.asked(kSentinel);
    watch_->start();
    // Each name is asked for twice, A and AAAA. The sentinel is asked behind the round.
    bool done = false;
    resolver_.resolve(kSentinel, 1, [&](const Expected<Resolver::Answer>&) { done = true; });
    EXPECT_TRUE(support::runUntil(loop_, [&] { return done; }));
    EXPECT_GT(dns_.asked(kSentinel), before);
  }

  static constexpr const char* kSentinel = "sentinel.test";
  support::TinyDns dns_;
  EventLoop loop_;
  Metrics metrics_;
  Resolver resolver_{loop_, dns_.server()};
  std::unique_ptr<NameWatch> watch_;
  std::vector<std::string> published_;
  std::vector<std::string> failures_;
};

TEST_F(NameWatchTest, PublishesWhatNeedsNoNameServerAtOnce) {
  watch({"10.0.0.7:80", "[::1]:81", "unix:/run/x"});
  watch_->start();
  EXPECT_THAT(published_, ElementsAre("10.0.0.7:80=10.0.0.7:80 [::1]:81=[::1]:81 "
                                      "unix:/run/x=unix:/run/x"));
}

TEST_F(NameWatchTest, PublishesOnceEveryNameIsResolved) {
  dns_.answer("a.test", {"10.0.0.2", "10.0.0.1"});
  dns_.answer("b.test", {"10.0.1.1"});
  watch({"a.test:80", "10.0.0.7:80", "b.test:81"});
  runRound();
  EXPECT_THAT(published_, ElementsAre("a.test:80=10.0.0.1:80,10.0.0.2:80 10.0.0.7:80=10.0.0.7:80 "
                                      "b.test:81=10.0.1.1:81"));
  EXPECT_THAT(failures_, IsEmpty());
}

TEST_F(NameWatchTest, SaysAtFirstWhichNameFailed) {
  dns_.answer("good.test", {"10.0.0.1"});
  watch({"good.test:80", "bad.test:80"});
  runRound();
  EXPECT_THAT(published_, IsEmpty());
  ASSERT_THAT(failures_, SizeIs(1));
  EXPECT_THAT(failures_[0], StartsWith("-r (--remote) \"bad.test:80\": "));
  EXPECT_THAT(failures_[0], HasSubstr("there is no such name"));
  EXPECT_EQ(0U, metrics_.read(Metric::kNamesFailed));
}

TEST_F(NameWatchTest, PublishesAChangeOnce) {
  dns_.answer("a.test", {"10.0.0.1"});
  watch({"a.test:80"});
  runRound();
  dns_.answer("a.test", {"10.0.0.2"});
  runRound();
  runRound();
  EXPECT_THAT(published_, ElementsAre("a.test:80=10.0.0.1:80", "a.test:80=10.0.0.2:80"));
}

TEST_F(NameWatchTest, AnotherOrderIsNoChange) {
  dns_.answer("a.test", {"10.0.0.1", "10.0.0.2", "10.0.0.3"});
  watch({"a.test:80"});
  runRound();
  dns_.answer("a.test", {"10.0.0.3", "10.0.0.1", "10.0.0.2"});
  runRound();
  EXPECT_THAT(published_, SizeIs(1));
}

TEST_F(NameWatchTest, KeepsTheKnownAddressesOfANameThatFailsLaterAndCountsIt) {
  dns_.answer("a.test", {"10.0.0.1"});
  dns_.answer("b.test", {"10.0.1.1"});
  watch({"a.test:80", "b.test:80"});
  runRound();
  dns_.deny("a.test");
  dns_.answer("b.test", {"10.0.1.2"});
  runRound();
  EXPECT_EQ(1U, metrics_.read(Metric::kNamesFailed));
  EXPECT_THAT(published_, ElementsAre("a.test:80=10.0.0.1:80 b.test:80=10.0.1.1:80",
                                      "a.test:80=10.0.0.1:80 b.test:80=10.0.1.2:80"));
  EXPECT_THAT(failures_, IsEmpty());
  dns_.answer("a.test", {"10.0.0.9"});
  runRound();
  EXPECT_EQ(1U, metrics_.read(Metric::kNamesFailed));
  EXPECT_EQ("a.test:80=10.0.0.9:80 b.test:80=10.0.1.2:80", published_.back());
}

TEST_F(NameWatchTest, MayFailAndPublishNothingNew) {
  dns_.answer("a.test", {"10.0.0.1"});
  watch({"a.test:80"});
  runRound();
  dns_.deny("a.test");
  runRound();
  EXPECT_THAT(published_, SizeIs(1));
  EXPECT_EQ(1U, metrics_.read(Metric::kNamesFailed));
}

TEST_F(NameWatchTest, StartedDuringARoundItGoesOnWithThatRound) {
  dns_.answer("a.test", {"10.0.0.1"});
  watch({"a.test:80"});
  watch_->start();
  watch_->start();
  runRound();
  EXPECT_THAT(published_, SizeIs(1));
  EXPECT_LE(dns_.asked("a.test"), 2) << "one question for each family";
}

TEST_F(NameWatchTest, AsksAgainByItselfWhenTheAnswerHasServedItsTime) {
  // The shortest time there is: five seconds.
  dns_.answer("a.test", {"10.0.0.1"}, 1);
  watch({"a.test:80"});
  runRound();
  dns_.answer("a.test", {"10.0.0.2"}, 1);
  EXPECT_TRUE(support::runUntil(loop_, [&] { return published_.size() == 2; }));
  EXPECT_EQ("a.test:80=10.0.0.2:80", published_.back());
}

TEST_F(NameWatchTest, DestroyedDuringARoundItCallsNobody) {
  dns_.ignore("a.test");
  auto resolver = std::make_unique<Resolver>(loop_, dns_.server());
  bool called = false;
  auto watching = std::make_unique<NameWatch>(
      loop_, *resolver, metrics_, std::vector{*parseEndpoint("a.test:80", Role::kRemote)},
      [&](const Expected<NameWatch::List>&) { called = true; });
  watching->start();
  EXPECT_TRUE(support::runUntil(loop_, [&] { return dns_.asked("a.test") > 0; }));
  watching.reset();
  resolver.reset();
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace proxy
