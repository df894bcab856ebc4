// The vocabulary of the workers' and the acceptor's tests: a service that keeps its clients until
// it is told to let one go, and the book in which all of them write who came.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "net/service.h"
#include "net/worker.h"
#include "support/eventually.h"

namespace proxy {

/// Written by the workers' threads, read by the test's.
class VisitorBook {
 public:
  struct Visit {
    std::size_t worker;
    Address peer;
  };

  void note(std::size_t worker, const Address& peer) {
    const std::lock_guard lock(mutex_);
    visits_.push_back({worker, peer});
  }
  void noteEvent(const std::string& event) {
    const std::lock_guard lock(mutex_);
    events_ += event + ";";
  }
  [[nodiscard]] std::vector<Visit> visits() const {
    const std::lock_guard lock(mutex_);
    return visits_;
  }
  [[nodiscard]] std::string events() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Visit> visits_;
  std::string events_;
};

class HotelService final : public Service {
 public:
  HotelService(Worker& worker, VisitorBook& book) : worker_(worker), book_(book) {
    book_.noteEvent("made");
  }
  ~HotelService() override { book_.noteEvent("destroyed"); }

  void serve(Accepted client) override {
    book_.note(worker_.index(), client.peer);
    clients_.push_back(std::move(client));
  }
  void update(const std::shared_ptr<const RemoteList>& remotes) override {
    book_.noteEvent("remotes " + std::to_string(remotes->size()));
  }
  void drain() override { book_.noteEvent("draining"); }
  void abort() override {
    book_.noteEvent("aborted");
    while (!clients_.empty()) endOne();
  }
  [[nodiscard]] std::size_t size() const override { return clients_.size(); }

  void endOne() {
    clients_.pop_front();
    worker_.sessionEnded();
  }

 private:
  Worker& worker_;
  VisitorBook& book_;
  std::list<Accepted> clients_;
};

/// A worker with its hotel.
class Hotel {
 public:
  Hotel(Worker& worker, VisitorBook& book) : worker_(worker) {
    worker.start([this, &book](Worker& own) {
      auto service = std::make_unique<HotelService>(own, book);
      service_ = service.get();
      return service;
    });
  }

  /// Lets the first client go.
  void endOne() {
    worker_.loop().post([this] { service_->endOne(); });
  }
  /// Runs `task` in the worker's thread, and waits for it.
  void inThread(const std::function<void()>& task) {
    std::atomic<bool> done = false;
    worker_.loop().post([&] {
      task();
      done = true;
    });
    static_cast<void>(support::eventually([&] { return done.load(); }));
  }

 private:
  Worker& worker_;
  HotelService* service_ = nullptr;  // the worker's thread
};

}  // namespace proxy
