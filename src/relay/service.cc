#include "relay/service.h"

#include <cstring>
#include <utility>

#include "core/log.h"

namespace proxy::relay {

RelayService::RelayService(Worker& worker, const Settings& settings)
    : worker_(worker), settings_(settings), rotation_(worker.index()) {}

RelayService::~RelayService() { abort(); }

void RelayService::serve(Accepted client) { add(std::move(client), rotation_.deal()).start(); }

void RelayService::join(Accepted client, std::string_view fromClient, socksplice::UniqueFd upstream,
                        std::string_view fromUpstream, Route route) {
  add(std::move(client), std::move(route))
      .startJoined(std::move(upstream), fromClient, fromUpstream);
}

Session& RelayService::add(Accepted client, Route route) {
  Session& session = *sessions_.emplace_back(
      std::make_unique<Session>(*this, std::move(client), std::move(route)));
  session.place_ = std::prev(sessions_.end());
  return session;
}

void RelayService::update(const std::shared_ptr<const RemoteList>& remotes) {
  rotation_.update(*remotes);
}

void RelayService::abort() {
  while (!sessions_.empty()) sessions_.front()->abort(CloseReason::kStopped);
}

void RelayService::warnConnectFailed(std::string_view remote, const Address& address, int error) {
  const auto heldBack = connectWarnings_.pass(monotonicNow());
  if (!heldBack) return;
  log::warning("remote {} ({}): {}{}", remote, address.text(), std::strerror(error),
               heldBackText(*heldBack));
}

std::optional<std::uint64_t> RelayService::mayWarnOfEnd() {
  return endWarnings_.pass(monotonicNow());
}

void RelayService::release(Session& session) {
  const auto place = session.place_;
  worker_.loop().destroyLater(std::move(*place));
  sessions_.erase(place);
  worker_.sessionEnded();
}

}  // namespace proxy::relay
