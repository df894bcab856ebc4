#include "gateway/gateway.h"

#include <algorithm>
#include <cstring>

#include "core/log.h"
#include "gateway/upstream_answer.h"

namespace proxy::gateway {

Gateway::Gateway(Worker& worker, const Settings& settings, Relay& relay)
    : worker_(worker),
      settings_(settings),
      relay_(relay),
      parsers_(settings.head),
      pool_(worker.loop(), {.connections = settings.idleConnections, .idle = settings.idleTimeout}),
      rotation_(worker.index()) {}

Gateway::~Gateway() = default;

std::unique_ptr<http::Answer> Gateway::answer(http::Exchange& exchange) {
  auto answer = std::make_unique<UpstreamAnswer>(*this, exchange);
  answer->start();
  return answer;
}

bool Gateway::isFailing(const Address& address) const noexcept {
  if (failing_.empty()) return false;
  const milliseconds now = monotonicNow();
  return std::any_of(failing_.begin(), failing_.end(),
                     [&](const Failing& it) { return it.address == address && now < it.until; });
}

void Gateway::answered(const Address& address) {
  if (failing_.empty()) return;
  std::erase_if(failing_, [&](const Failing& it) { return it.address == address; });
}

void Gateway::unreached(std::string_view remote, const Address& address, int error) {
  worker_.metrics().add(Metric::kConnectsFailed);
  leaveOut(remote, address, std::strerror(error));
}

void Gateway::leaveOut(std::string_view remote, const Address& address, std::string_view why) {
  const milliseconds now = monotonicNow();
  std::erase_if(failing_,
                [&](const Failing& it) { return it.address == address || it.until <= now; });
  failing_.push_back({address, now + settings_.failTimeout});
  const auto heldBack = warnings_.pass(now);
  if (!heldBack) return;
  log::warning("remote {} ({}): {}; left out for {:g} s{}", remote, address.text(), why,
               std::chrono::duration<double>(settings_.failTimeout).count(),
               heldBackText(*heldBack));
}

}  // namespace proxy::gateway
