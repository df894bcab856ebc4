// A connection to an upstream that speaks HTTP/1. Whoever uses it at the moment hears of its
// events; its registration and its timer stay as they are from one exchange to the next. Belongs to
// the worker's thread.
#pragma once

#include <cstdint>
#include <utility>

#include "core/address.h"
#include "core/deadline.h"
#include "core/fd_watcher.h"
#include "socksplice/unique_fd.h"

namespace proxy::http1 {

class Connection {
 public:
  class User {
   public:
    virtual void onConnection(Ready ready) = 0;
    /// The time of expect() is over.
    virtual void onConnectionLate() = 0;

   protected:
    ~User() = default;
  };

  Connection(EventLoop& loop, socksplice::UniqueFd fd, const Address& address) noexcept
      : loop_(loop), fd_(std::move(fd)), address_(address) {}

  void use(User* user) noexcept {
    user_ = user;
    if (user == nullptr) deadline_.clear();
  }

  /// The user is told if it takes longer than this from now on.
  void expect(milliseconds within) { deadline_.set<&Connection::onDeadline>(loop_, within, this); }
  void expectNothing() noexcept { deadline_.clear(); }

  /// What is wanted of it; false where the kernel allows no more watches.
  [[nodiscard]] bool want(bool read, bool write) {
    if (read == read_ && write == write_ && watcher_.watching()) return true;
    const bool watched = watcher_.watching() ? watcher_.want(read, write)
                                             : watcher_.watch<&Connection::onReady>(
                                                   loop_, fd_.get(), this, read, write);
    read_ = watched && read;
    write_ = watched && write;
    return watched;
  }
  [[nodiscard]] bool wantsRead() const noexcept { return read_; }
  [[nodiscard]] bool wantsWrite() const noexcept { return write_; }

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] const Address& address() const noexcept { return address_; }
  /// Exchanges it has carried.
  [[nodiscard]] std::uint32_t exchanges() const noexcept { return exchanges_; }
  void countExchange() noexcept { ++exchanges_; }

  /// Gives the socket away.
  [[nodiscard]] socksplice::UniqueFd take() noexcept {
    watcher_.stop();
    return std::move(fd_);
  }

 private:
  void onReady(Ready ready) {
    if (user_ != nullptr) user_->onConnection(ready);
  }

  void onDeadline() {
    const bool due = deadline_.due<&Connection::onDeadline>(loop_, this);
    if (due && user_ != nullptr) user_->onConnectionLate();
  }

  EventLoop& loop_;
  User* user_ = nullptr;
  bool read_ = false;
  bool write_ = false;
  std::uint32_t exchanges_ = 0;
  socksplice::UniqueFd fd_;
  Address address_;
  FdWatcher watcher_;
  Deadline deadline_;
};

}  // namespace proxy::http1
