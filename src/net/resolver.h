// Names to addresses, asynchronously (c-ares: the hosts file, then DNS). Lives on one loop's
// thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/event_loop.h"
#include "core/expected.h"
#include "core/timer.h"

struct ares_channeldata;

namespace proxy {

class Resolver {
 public:
  struct Answer {
    std::vector<Address> addresses;  ///< never empty
    std::chrono::seconds ttl;        ///< how long the answer may be used; 0 if it does not say
  };
  using Callback = std::function<void(Expected<Answer>)>;

  /// Asks `servers` ("HOST[:PORT][,...]"), or those of the system if it is empty.
  /// Throws std::runtime_error if c-ares cannot start or read `servers`.
  Resolver(EventLoop& loop, const std::string& servers);
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  /// Drops what is still under way, without a call.
  ~Resolver();

  /// Calls back once, perhaps at once. A literal is its own answer.
  void resolve(const std::string& host, std::uint16_t port, Callback callback);

 private:
  struct Socket;
  struct Query;

  void watch(int fd, bool read, bool write);
  void onTimer();
  void process(int readable, int writable);
  void startTimer();

  EventLoop& loop_;
  ares_channeldata* channel_ = nullptr;
  std::map<int, std::unique_ptr<Socket>> sockets_;
  Timer timer_;
};

}  // namespace proxy
