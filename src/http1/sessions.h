// All HTTP/1 sessions of one worker, and what they share. Belongs to the worker's thread.
#pragma once

#include <cstddef>
#include <list>
#include <memory>

#include "core/metrics.h"
#include "http/date.h"
#include "http/handler.h"
#include "http1/access_log.h"
#include "http1/message_writer.h"
#include "http1/parser_pool.h"
#include "http1/session.h"
#include "http1/settings.h"
#include "net/service.h"
#include "net/worker.h"

namespace proxy::http1 {

class Sessions {
 public:
  /// `handler` outlives the sessions; `log` may be null.
  Sessions(Worker& worker, const Settings& settings, http::Handler& handler, AccessLog* log);
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;
  /// A turn after abort() at the soonest: the loop then has destroyed the sessions.
  ~Sessions();

  void serve(Accepted client);
  /// Those who wait for a request end now, the others behind their answers.
  void drain();
  void abort();
  [[nodiscard]] std::size_t size() const noexcept { return sessions_.size(); }

  // For the sessions.
  [[nodiscard]] Worker& worker() noexcept { return worker_; }
  [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
  [[nodiscard]] http::Handler& handler() noexcept { return handler_; }
  [[nodiscard]] Workspace& workspace() noexcept { return workspace_; }
  [[nodiscard]] ParserPool<http::RequestParser>& parsers() noexcept { return parsers_; }
  [[nodiscard]] AccessLog* log() noexcept { return log_; }
  [[nodiscard]] std::string_view date();
  /// Takes a finished session out of the list and hands it to the loop.
  void release(Session& session);

 private:
  Worker& worker_;
  const Settings settings_;
  http::Handler& handler_;
  AccessLog* const log_;
  Workspace workspace_;
  ParserPool<http::RequestParser> parsers_;
  http::DateText date_;
  std::list<std::unique_ptr<Session>> sessions_;
};

}  // namespace proxy::http1
