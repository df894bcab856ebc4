// The remotes that sessions are carried to, and the order in which they are tried.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/address.h"

namespace proxy {

/// One -r with the addresses its name has now (never none).
struct Remote {
  std::string name;
  std::vector<Address> addresses;
};

/// Immutable once published, so that every thread may read it. Never empty.
using RemoteList = std::vector<Remote>;

/// The attempts of one session: each address of each remote once, from a starting point on.
class Route {
 public:
  Route() noexcept = default;
  Route(std::shared_ptr<const RemoteList> list, std::size_t remote, std::size_t turn) noexcept;

  /// The address to try now.
  [[nodiscard]] const Address& address() const noexcept;
  [[nodiscard]] const std::string& remoteName() const noexcept;

  /// Goes on to the next address of the remote, then to the next remote; false after the last.
  [[nodiscard]] bool next() noexcept;

 private:
  [[nodiscard]] const Remote& remote() const noexcept { return (*list_)[remote_]; }

  std::shared_ptr<const RemoteList> list_;
  std::size_t remote_ = 0;          // index into the list
  std::size_t turn_ = 0;            // where in each remote's addresses the attempts start
  std::size_t addressesTried_ = 0;  // of this remote, before the present one
  std::size_t remotesTried_ = 0;    // before the present one
};

/// Deals the routes of one worker round robin, over the remotes and over the addresses of each.
/// Belongs to the worker's thread.
class Rotation {
 public:
  /// Workers start at different places, so that few sessions on many workers spread as well.
  explicit Rotation(std::size_t start) noexcept : next_(start) {}

  void update(const RemoteList& list);
  [[nodiscard]] Route deal() noexcept;

 private:
  std::shared_ptr<const RemoteList> list_;
  std::size_t next_;
};

}  // namespace proxy
