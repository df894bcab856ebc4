#include "net/name_watch.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "core/log.h"

namespace proxy {

namespace {

// An answer is used for as long as it says, within these bounds; one that does not say (the hosts
// file) is looked at again after the longest.
constexpr std::chrono::seconds kShortest{5};
constexpr std::chrono::seconds kLongest{300};

}  // namespace

NameWatch::NameWatch(EventLoop& loop, Resolver& resolver, Metrics& metrics,
                     std::vector<Endpoint> remotes, Callback callback)
    : loop_(loop),
      resolver_(resolver),
      metrics_(metrics),
      remotes_(std::move(remotes)),
      callback_(std::move(callback)) {}

void NameWatch::start() {
  if (missing_ > 0) return;  // a round is under way
  timer_.cancel();
  fresh_.assign(remotes_.size(), {});
  missing_ = remotes_.size();
  ttl_ = kLongest;
  failure_.clear();
  for (std::size_t i = 0; i < remotes_.size(); ++i) {
    const Endpoint& remote = remotes_[i];
    if (remote.scheme == Scheme::kUnix) {
      const auto path = Address::atPath(remote.path);
      CHECK(path.has_value());  // parseEndpoint saw to it
      onAnswer(i, Resolver::Answer{.addresses = {*path}, .ttl = {}});
      continue;
    }
    resolver_.resolve(remote.host, remote.port, [this, i](Expected<Resolver::Answer> answer) {
      onAnswer(i, std::move(answer));
    });
  }
}

void NameWatch::onAnswer(std::size_t index, Expected<Resolver::Answer> answer) {
  Remote& remote = fresh_[index];
  remote.name = remotes_[index].text();
  if (answer) {
    remote.addresses = std::move(answer->addresses);
    // Answers come in a changing order; what matters is which addresses there are.
    std::sort(remote.addresses.begin(), remote.addresses.end(),
              [](const Address& a, const Address& b) { return a.text() < b.text(); });
    if (answer->ttl.count() > 0) ttl_ = std::min(ttl_, answer->ttl);
  } else {
    failure_ = "-r (--remote) \"" + remote.name + "\": " + answer.error();
    ttl_ = kShortest;
    if (published_) {
      // Serving by an old answer beats not serving.
      metrics_.add(Metric::kNamesFailed);
      if (warnings_.pass(monotonicNow())) {
        log::warning("{}; its last known addresses stay in use", failure_);
      }
      remote.addresses = (*published_)[index].addresses;
    }
  }
  if (--missing_ == 0) onRoundComplete();
}

void NameWatch::onRoundComplete() {
  if (!published_ && !failure_.empty()) return callback_(unexpected(failure_));
  timer_.start<&NameWatch::start>(loop_, std::clamp(ttl_, kShortest, kLongest), this);
  publish(std::move(fresh_));
}

void NameWatch::publish(RemoteList list) {
  const auto same = [](const Remote& a, const Remote& b) { return a.addresses == b.addresses; };
  if (published_ && std::equal(list.begin(), list.end(), published_->begin(), same)) return;
  published_ = std::make_shared<const RemoteList>(std::move(list));
  callback_(published_);
}

}  // namespace proxy
