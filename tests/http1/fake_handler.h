// A handler that writes down what it is asked, and answers as the test says: within the call, or
// whenever the test likes.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/handler.h"
#include "scripted_body.h"
#include "socksplice/unique_fd.h"
#include "swallow.h"

namespace proxy::http1 {

/// One exchange, as the handler saw it; outlives it.
struct Asked {
  http::Exchange* exchange = nullptr;  ///< null when it may not be called any more
  std::string method;
  std::string target;
  Swallow upload;
  ScriptedBody body;  ///< of the answer
  int cancels = 0;
  bool destroyed = false;
  socksplice::UniqueFd client;  ///< after the upgrade
  std::string early;

  static http::ResponseHead head(int status) {
    http::ResponseHead head;
    head.status = status;
    return head;
  }

  void inform(int status = 103) { exchange->inform(head(status)); }
  /// With this text as its body, which is read.
  void respond(int status, std::string_view text) {
    body.reads(text);
    exchange->respond(head(status), http::SizedBody{text.size()}, text.empty() ? nullptr : &body);
  }
  /// With what the body was told to do.
  void respondWith(const http::BodyLength& length) { exchange->respond(head(200), length, &body); }
  void fail(http::Problem problem) { exchange->fail(problem); }
  void upgrade(int status = 101) { exchange->upgrade(head(status)); }
};

class FakeHandler final : public http::Handler {
 public:
  using Reaction = std::function<void(Asked&)>;

  /// Done for each exchange within answer(); empty: nothing.
  Reaction react;

  std::unique_ptr<http::Answer> answer(http::Exchange& exchange) override {
    auto& asked = *asked_.emplace_back(std::make_unique<Asked>());
    asked.exchange = &exchange;
    asked.method = exchange.request().method;
    asked.target = exchange.request().target;
    if (react) react(asked);
    return std::make_unique<FakeAnswer>(asked);
  }

  [[nodiscard]] std::size_t count() const noexcept { return asked_.size(); }
  [[nodiscard]] Asked& at(std::size_t index) { return *asked_.at(index); }
  [[nodiscard]] Asked& last() { return *asked_.back(); }

 private:
  class FakeAnswer final : public http::Answer {
   public:
    explicit FakeAnswer(Asked& asked) : asked_(asked) {}
    ~FakeAnswer() override { asked_.destroyed = true; }
    void cancel() override {
      ++asked_.cancels;
      asked_.exchange = nullptr;
      asked_.upload.letGo();
    }
    void takeOver(socksplice::UniqueFd client, std::string early) override {
      asked_.client = std::move(client);
      asked_.early = std::move(early);
    }

   private:
    Asked& asked_;
  };

  std::deque<std::unique_ptr<Asked>> asked_;
};

}  // namespace proxy::http1
