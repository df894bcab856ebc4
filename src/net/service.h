// The door of a room: what a worker does with the clients it is handed.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "core/address.h"
#include "net/remotes.h"
#include "socksplice/unique_fd.h"

namespace proxy {

class Worker;

/// A client on its way from the acceptor to a worker.
struct Accepted {
  socksplice::UniqueFd socket;  // non-blocking
  Address peer;
};

/// One for each worker, made, used and destroyed on its thread. Calls Worker::sessionEnded() once
/// for each client, after its descriptors are closed.
class Service {
 public:
  virtual ~Service() = default;

  virtual void serve(Accepted client) = 0;

  /// The remotes from now on; called before the first client.
  virtual void update(const std::shared_ptr<const RemoteList>& remotes) = 0;

  /// No more clients come: what waits for something to do ends now, the rest by itself.
  virtual void drain() {}

  /// Cuts every session off.
  virtual void abort() = 0;

  /// Sessions that have not ended.
  [[nodiscard]] virtual std::size_t size() const = 0;
};

using ServiceFactory = std::function<std::unique_ptr<Service>(Worker&)>;

}  // namespace proxy
