#include "http1/sessions.h"

#include <chrono>
#include <utility>

#include "core/check.h"

namespace proxy::http1 {

Sessions::Sessions(Worker& worker, const Settings& settings, http::Handler& handler, AccessLog* log)
    : worker_(worker), settings_(settings), handler_(handler), log_(log), parsers_(settings.head) {}

Sessions::~Sessions() { CHECK(sessions_.empty()); }

void Sessions::serve(Accepted client) {
  sessions_.push_front(std::make_unique<Session>(*this, std::move(client)));
  sessions_.front()->place_ = sessions_.begin();
  sessions_.front()->start();
}

void Sessions::drain() {
  for (auto it = sessions_.begin(); it != sessions_.end();) (*it++)->drain();
}

void Sessions::abort() {
  while (!sessions_.empty()) sessions_.front()->abort();
}

std::string_view Sessions::date() {
  return date_.at(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
}

void Sessions::release(Session& session) {
  const auto place = session.place_;
  std::unique_ptr<Session> finished = std::move(*place);
  sessions_.erase(place);
  worker_.loop().destroyLater(std::move(finished));
}

}  // namespace proxy::http1
