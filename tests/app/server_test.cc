#include "app/server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/blocking.h"
#include "support/eventually.h"
#include "support/peer.h"
#include "support/refused_watches.h"
#include "support/temporary_directory.h"
#include "support/tiny_dns.h"
#include "support/upstream.h"

namespace proxy::app {
namespace {

using support::eventually;
using support::Peer;
using support::UniqueFd;
using testing::StartsWith;

bool exists(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0;
}

// A server on the test's own thread, as in the program; its clients are a thread beside it.
class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    configuration_.listeners = {*parseEndpoint("unix:" + path_, Role::kListener)};
    configuration_.remotes = {*parseEndpoint(upstream_.address().text(), Role::kRemote)};
    configuration_.threads = 2;
    configuration_.dnsServers = dns_.server();
  }

  /// Runs a server to its end, and `beside` it once it listens. The sentence, if it did not start.
  std::string serve(const std::function<void()>& beside = {}) {
    Server server(configuration_);
    std::thread thread;
    if (beside) {
      sigset_t all;
      sigset_t before;
      sigfillset(&all);
      pthread_sigmask(SIG_BLOCK, &all, &before);  // the signals are the server's
      thread = std::thread([&] {
        EXPECT_TRUE(eventually([&] { return exists(path_); })) << "it does not listen";
        beside();
      });
      pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }
    const auto served = server.run();
    if (thread.joinable()) thread.join();
    return served ? "" : served.error();
  }

  static void signal(int number) { support::must(kill(getpid(), number), "kill"); }

  // The path is there a moment before anybody listens at it.
  UniqueFd connected() {
    const Address address = *Address::atPath(path_);
    UniqueFd fd(support::must(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    EXPECT_TRUE(eventually([&] { return connect(fd.get(), address.get(), address.size()) == 0; }));
    return fd;
  }

  static Peer accepted(support::Upstream& upstream) {
    std::optional<Peer> peer;
    EXPECT_TRUE(eventually([&] {
      peer = upstream.accept();
      return peer.has_value();
    }));
    return peer ? *std::move(peer) : Peer();
  }

  const support::TemporaryDirectory directory_;
  const std::string path_ = directory_.at("listener");
  support::Upstream upstream_;
  support::TinyDns dns_;
  Configuration configuration_;
};

TEST_F(ServerTest, ServesUntilItIsToldToStopAndRemovesItsPath) {
  EXPECT_EQ("", serve([&] {
              const UniqueFd client = connected();
              Peer peer = accepted(upstream_);
              EXPECT_EQ(0, support::sendAll(client.get(), "question"));
              EXPECT_EQ(0, shutdown(client.get(), SHUT_WR));
              EXPECT_TRUE(eventually([&] {
                peer.work();
                return peer.heardEnd();
              }));
              EXPECT_EQ("question", peer.heard());
              peer.sayNow("answer");
              peer.close();
              EXPECT_EQ("answer", support::readAll(client.get()).bytes);
              signal(SIGTERM);
            }));
  EXPECT_FALSE(exists(path_));
}

TEST_F(ServerTest, StopsAtOnceWithoutSessions) {
  for (const int number : {SIGTERM, SIGINT}) {
    EXPECT_EQ("", serve([&] { signal(number); }));
  }
}

TEST_F(ServerTest, LetsSessionsEndBeforeItStops) {
  EXPECT_EQ("", serve([&] {
              const UniqueFd client = connected();
              Peer peer = accepted(upstream_);
              signal(SIGTERM);
              EXPECT_TRUE(eventually([&] { return !exists(path_); })) << "it still listens";
              EXPECT_EQ(0, support::sendAll(client.get(), "late"));
              EXPECT_EQ(0, shutdown(client.get(), SHUT_WR));
              EXPECT_TRUE(eventually([&] {
                peer.work();
                return peer.heardEnd();
              }));
              EXPECT_EQ("late", peer.heard());
              peer.close();
              EXPECT_EQ(0, support::readAll(client.get()).error);
            }));
}

TEST_F(ServerTest, ASecondSignalCutsSessionsOff) {
  EXPECT_EQ("", serve([&] {
              const UniqueFd client = connected();
              Peer peer = accepted(upstream_);
              signal(SIGTERM);
              EXPECT_TRUE(eventually([&] { return !exists(path_); }));
              signal(SIGTERM);
              EXPECT_TRUE(eventually([&] {
                peer.work();
                return peer.over();
              }));
              EXPECT_EQ(ECONNRESET, peer.error());
            }));
}

TEST_F(ServerTest, CutsSessionsOffThatTakeTooLongToEnd) {
  configuration_.drainTimeout = milliseconds(20);
  EXPECT_EQ("", serve([&] {
              const UniqueFd client = connected();
              Peer peer = accepted(upstream_);
              signal(SIGTERM);
              EXPECT_TRUE(eventually([&] {
                peer.work();
                return peer.over();
              }));
              EXPECT_EQ(ECONNRESET, peer.error());
            }));
}

TEST_F(ServerTest, ResolvesNamesAgainAtAHangUp) {
  support::Upstream elsewhere(*Address::literal("127.0.0.2", upstream_.address().port()));
  dns_.answer("app.test", {"127.0.0.1"}, 3600);
  const std::string remote = "app.test:" + std::to_string(upstream_.address().port());
  configuration_.remotes = {*parseEndpoint(remote, Role::kRemote)};
  EXPECT_EQ("", serve([&] {
              const UniqueFd first = connected();
              Peer before = accepted(upstream_);
              dns_.answer("app.test", {"127.0.0.2"}, 3600);
              const int asked = dns_.asked("app.test");
              signal(SIGHUP);
              EXPECT_TRUE(eventually([&] { return dns_.asked("app.test") >= asked + 2; }));
              // The answer is on its way to the workers: sessions begun meanwhile go either way.
              std::optional<Peer> after;
              EXPECT_TRUE(eventually([&] {
                const UniqueFd client = connected();
                std::optional<Peer> old;
                EXPECT_TRUE(eventually([&] {
                  old = upstream_.accept();
                  after = elsewhere.accept();
                  return old || after;
                }));
                return after.has_value();
              }));
              signal(SIGTERM);
              signal(SIGTERM);
            }));
}

TEST_F(ServerTest, DoesNotStartWithoutItsRemotes) {
  configuration_.remotes.push_back(*parseEndpoint("nowhere.test:80", Role::kRemote));
  EXPECT_THAT(serve(), StartsWith("-r (--remote) \"nowhere.test:80\": "));
  EXPECT_FALSE(exists(path_)) << "something was begun";
}

TEST_F(ServerTest, DoesNotStartWithoutItsListeners) {
  configuration_.listeners.push_back(*parseEndpoint("203.0.113.7:80", Role::kListener));
  EXPECT_EQ("-l (--listen) \"203.0.113.7:80\": this machine has no such address", serve());
  EXPECT_FALSE(exists(path_)) << "something was left over";
}

TEST_F(ServerTest, DoesNotStartAtAPortInUse) {
  const std::string address = upstream_.address().text();
  configuration_.listeners = {*parseEndpoint(address, Role::kListener)};
  EXPECT_EQ("-l (--listen) \"" + address + "\": the port is in use by another program", serve());
}

TEST_F(ServerTest, DoesNotStartWhereAListenersNameIsUnknown) {
  configuration_.listeners = {*parseEndpoint("nowhere.test:80", Role::kListener)};
  EXPECT_THAT(serve(), StartsWith("-l (--listen) \"nowhere.test:80\": "));
}

TEST_F(ServerTest, DoesNotStartWhereTheKernelWatchesNoMoreDescriptors) {
  // Its loop's, the signals', the two workers', and the listener's.
  for (int watches = 0; watches < 5; ++watches) {
    const support::RefusedWatches refused(watches);
    std::string sentence;
    try {
      sentence = serve();
    } catch (const std::exception& error) {
      sentence = error.what();
    }
    EXPECT_THAT(sentence, StartsWith("the kernel watches no more descriptors")) << watches;
    EXPECT_FALSE(exists(path_)) << "something was left over with " << watches;
  }
}

TEST_F(ServerTest, DoesNotStartWithoutItsAccessLog) {
  configuration_.accessLog = directory_.at("nowhere/log");
  EXPECT_EQ("--access-log \"" + configuration_.accessLog +
                "\": its directory does not exist; make it first, or give - for stdout",
            serve());
  EXPECT_FALSE(exists(path_)) << "something was begun";
}

TEST_F(ServerTest, OpensItsAccessLogAgainWhenItIsTold) {
  configuration_.accessLog = directory_.at("log");
  EXPECT_EQ("", serve([&] {
              unlink(configuration_.accessLog.c_str());
              signal(SIGUSR1);
              EXPECT_TRUE(eventually([&] { return exists(configuration_.accessLog); }));
              signal(SIGTERM);
            }));
}

TEST_F(ServerTest, WithoutAnAccessLogThereIsNothingToOpenAgain) {
  EXPECT_EQ("", serve([&] {
              signal(SIGUSR1);
              signal(SIGTERM);
            }));
}

TEST_F(ServerTest, StoppedItIsNotKilledByAFurtherSignal) {
  EXPECT_EQ("", serve([&] { signal(SIGTERM); }));
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) raise(number);
}

}  // namespace
}  // namespace proxy::app
