// One client joined to one upstream. Owned by its RelayService, and destroyed by the loop; lives on
// one worker's thread.
//
// The library's Relay moves the bytes; the session finds it an upstream, tells it what became
// ready, watches the time, and carries a reset across.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>

#include "core/address.h"
#include "core/clock.h"
#include "core/fd_watcher.h"
#include "core/timer.h"
#include "net/remotes.h"
#include "net/service.h"
#include "relay/close_reason.h"
#include "socksplice/relay.h"
#include "socksplice/unique_fd.h"

namespace proxy::relay {

class RelayService;

class Session {
 public:
  /// In order of happening.
  enum class State : std::uint8_t {
    kConnecting,  ///< a remote is being tried; what the client sends waits in the kernel
    kRelaying,    ///< bytes move until both directions are over
    kResetting,   ///< one side failed: the last bytes for the other are being acknowledged
    kFinished,    ///< the descriptors are closed; the loop will destroy the session
  };

  Session(RelayService& service, Accepted client, Route route);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void start();

  /// Relays over a connection to an upstream that stands already, after what was read too early.
  void startJoined(socksplice::UniqueFd upstream, std::string_view fromClient,
                   std::string_view fromUpstream);

  /// Resets both sides, in any state, and finishes.
  void abort(CloseReason reason);

 private:
  friend class RelayService;
  using Side = socksplice::Side;

  // kConnecting
  void tryRemotes();
  [[nodiscard]] bool tryRemote();
  void tryNextRemote();
  void connectFailed(int error);
  void onConnectTimer();
  void onConnectEvent();
  void tryAgainLater(int error);
  [[nodiscard]] bool connectEnded(int status);
  void connected(int upstreamError);

  // kRelaying
  void beginRelaying();
  void advance();
  void watchForMore();
  [[nodiscard]] bool anyUnwatched() const;
  void lookSoon();
  void count(const socksplice::Relay::Progress& progress);
  [[nodiscard]] bool sideFailed() const;

  // kRelaying with one side failed, then kResetting
  void limitLastBytes();
  void onLastBytesTimer();
  void passResetOn();

  void finish(CloseReason reason);
  void logEnd(CloseReason reason) const;

  void onClient(Ready ready);
  void onUpstream(Ready ready);
  void onReady(Side side, Ready ready);
  void onTimer();
  void onIdleTimer();
  [[nodiscard]] CloseReason resetReason() const;

  RelayService& service_;
  std::list<std::unique_ptr<Session>>::iterator place_;  // in the service's list
  State state_ = State::kConnecting;
  bool lastBytesLimited_ = false;  // a side failed, and the timer is set for the last bytes of it
  bool looking_ = false;           // the timer is set for a look at the sides that are not watched
  milliseconds started_;
  milliseconds lastMoved_;          // kConnecting: when the present address was first tried
  milliseconds pause_{0};           // kConnecting, kResetting: until the next try or look
  std::size_t unacknowledged_ = 0;  // kResetting: at the last look
  int delayedBy_ = 0;               // kConnecting: the errno for which the present address waits
  Route route_;
  Address peer_;

  // Watchers are declared behind their descriptors, so that they are stopped before these close.
  socksplice::UniqueFd client_;
  socksplice::UniqueFd upstream_;
  FdWatcher clientWatcher_;
  FdWatcher upstreamWatcher_;
  Timer timer_;
  std::optional<socksplice::Relay> relay_;  // from kRelaying on
};

}  // namespace proxy::relay
