// Opening stream sockets: listening ones, and connections under way.
#pragma once

#include "core/address.h"
#include "core/expected.h"
#include "socksplice/unique_fd.h"

namespace proxy {

using socksplice::UniqueFd;

/// Settings of every connection. Keep-alive probes are always on, and urgent data is kept in line:
/// outside of it, the byte would be lost, and splice(2) would stop in front of it.
struct SocketSettings {
  bool noDelay = true;  ///< TCP_NODELAY
};

/// A non-blocking socket that listens at `address`; on failure a sentence. The settings are those
/// that accepted sockets start with. An IPv6 listener takes IPv6 only. A path left over by a
/// process that is gone is taken over, one that answers is not.
[[nodiscard]] Expected<UniqueFd> listenAt(const Address& address, const SocketSettings& settings);

/// Whether sockets of this machine can be bound to `address`, whatever the port.
[[nodiscard]] bool isLocal(const Address& address);

/// Whether a connection failed for want of descriptors, memory or room in a backlog: nothing is
/// wrong with the remote.
[[nodiscard]] bool isShortage(int error) noexcept;

/// A non-blocking socket on its way to `address`: it becomes writable when it is connected, or has
/// failed. Ask connectStatus() which; over loopback it may be connected at once. On failure an
/// errno.
[[nodiscard]] Expected<UniqueFd, int> beginConnect(const Address& address,
                                                   const SocketSettings& settings);

/// 0 if the connection stands, EINPROGRESS while it is on its way, else why it failed (said once:
/// the kernel then forgets).
[[nodiscard]] int connectStatus(int fd);

/// Whether `fd` still has a peer: false after a reset.
[[nodiscard]] bool hasPeer(int fd);

}  // namespace proxy
