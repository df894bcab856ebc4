#include "net/remotes.h"

#include <utility>

namespace proxy {

Route::Route(std::shared_ptr<const RemoteList> list, std::size_t remote, std::size_t turn) noexcept
    : list_(std::move(list)), remote_(remote), turn_(turn) {}

const Address& Route::address() const noexcept {
  const auto& addresses = remote().addresses;
  return addresses[(turn_ + addressesTried_) % addresses.size()];
}

const std::string& Route::remoteName() const noexcept { return remote().name; }

bool Route::next() noexcept {
  if (++addressesTried_ < remote().addresses.size()) return true;
  addressesTried_ = 0;
  remote_ = (remote_ + 1) % list_->size();
  return ++remotesTried_ < list_->size();
}

// A copy of its own: each session counts a reference, and a counter that all workers wrote would
// travel between their caches.
void Rotation::update(const RemoteList& list) { list_ = std::make_shared<const RemoteList>(list); }

Route Rotation::deal() noexcept {
  const std::size_t turn = next_++;
  return {list_, turn % list_->size(), turn / list_->size()};
}

}  // namespace proxy
