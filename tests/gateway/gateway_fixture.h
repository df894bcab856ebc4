// The vocabulary of the gateway's tests: a client, the gateway's room in a loop that the test runs,
// and upstreams that the test plays.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/service.h"
#include "http1/spoken.h"
#include "support/lane.h"
#include "support/loop_run.h"
#include "support/peer.h"
#include "support/signal_disposition.h"
#include "support/upstream.h"

namespace proxy::gateway {

// A time that comes soon, and one that does not come in a test.
inline constexpr milliseconds kSoon{30};
inline constexpr milliseconds kNever{3'600'000};

class Log final : public http1::AccessLog {
 public:
  struct Entry {
    int status;
    bool complete;
    std::string upstream;
    bool reused;
    int attempts;
  };
  void write(const http1::AccessEntry& it) override {
    entries.push_back({.status = it.status,
                       .complete = it.complete,
                       .upstream = std::string(it.notes.upstream),
                       .reused = it.notes.reused,
                       .attempts = it.notes.attempts});
  }
  std::vector<Entry> entries;
};

class GatewayFixture : public testing::TestWithParam<support::Lane> {
 protected:
  GatewayFixture() {
    sessions_.headTimeout = sessions_.keepAliveTimeout = sessions_.bodyTimeout = kNever;
    settings_.connectTimeout = settings_.answerTimeout = settings_.bodyTimeout = kNever;
    settings_.idleTimeout = settings_.failTimeout = kNever;
  }
  ~GatewayFixture() override {
    if (!service_) return;
    service_->abort();
    runTurns(1);
  }

  /// One remote for each address.
  void carryTo(const std::vector<Address>& addresses) {
    if (!service_) {
      service_ = std::make_unique<GatewayService>(worker_, sessions_, settings_, relay_, &log_);
    }
    RemoteList list;
    for (const Address& it : addresses) list.push_back({.name = it.text(), .addresses = {it}});
    service_->update(std::make_shared<const RemoteList>(list));
  }
  void clientComes(int bufferSize = 0) {
    if (!service_) carryTo({listening_.address()});
    auto [near, far] = support::tcpPair(bufferSize);
    client_ = support::Peer(std::move(far));
    service_->serve({.socket = std::move(near), .peer = Address::boundTo(client_.fd())});
  }

  void runUntil(const std::function<bool()>& holds) {
    ASSERT_TRUE(support::runUntil(worker_.loop(),
                                  [&] {
                                    while (auto peer = listening_.accept())
                                      upstreams_.push_back(*std::move(peer));
                                    client_.work();
                                    for (support::Peer& it : upstreams_) it.work();
                                    return holds();
                                  }))
        << "it hangs; the client heard " << client_.heard().substr(0, 1000);
  }
  void runTurns(int count) {
    runUntil([&] { return --count < 0; });
  }
  void runFor(milliseconds time) {
    const milliseconds until = monotonicNow() + time;
    runUntil([&] { return monotonicNow() > until; });
  }
  /// The upstream's connection `index` has heard so many whole requests.
  void runUntilAsked(std::size_t index = 0, std::size_t times = 1) {
    runUntil([&] {
      if (upstreams_.size() <= index) return false;
      const auto all = http1::spoken(upstreams_[index].heard(), false);
      return all.size() >= times && all[times - 1].whole;
    });
    ASSERT_GT(upstreams_.size(), index);
  }
  void runUntilAnswered(std::size_t times = 1) {
    runUntil([&] {
      const auto all = answers();
      return all.size() >= times && all[times - 1].whole;
    });
    ASSERT_GE(answers().size(), times);
  }
  /// Both ends of the client's connection are gone.
  void runUntilOver() {
    runUntil([&] { return client_.fd() < 0 || client_.over(); });
    if (client_.fd() >= 0) client_.thenEnd();
    runUntil([&] { return service_->size() == 0; });
  }
  /// One exchange over connection `index` of the upstream, its `times`th.
  void exchangeOnce(std::size_t index = 0, std::size_t times = 1) {
    const std::size_t before = answers().size();
    client_.say(get("/"));
    runUntilAsked(index, times);
    upstreams_[index].say(kOk);
    runUntilAnswered(before + 1);
  }

  std::vector<http1::Message> answers() const { return http1::spoken(client_.heard()); }
  std::vector<http1::Message> requests(std::size_t index = 0) const {
    return http1::spoken(upstreams_.at(index).heard(), false);
  }
  int status(std::size_t index = 0) const {
    return answers().size() > index ? answers()[index].status() : 0;
  }
  std::uint64_t read(Metric metric) { return worker_.metrics().read(metric); }

  static std::string get(const std::string& target, const std::string& fields = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
  }
  static std::string post(std::size_t size) {
    return "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
  }
  inline static const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

  const support::SignalDisposition ignored_{SIGPIPE, SIG_IGN};
  support::Upstream listening_;
  Log log_;
  http1::Settings sessions_;
  Settings settings_;
  relay::Settings relay_;
  Worker worker_{0, {.method = {}, .pools = {.lane = GetParam()}}};
  std::unique_ptr<GatewayService> service_;
  support::Peer client_;
  std::deque<support::Peer> upstreams_;  // in the order in which they were accepted
};

}  // namespace proxy::gateway
