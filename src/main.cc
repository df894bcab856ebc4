// Options, configuration, server, run. The one place that prints usage and exits.
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <variant>
#include <vector>

#include "app/options.h"
#include "app/server.h"
#include "core/log.h"

namespace {

constexpr int kCouldNotStart = 1;
constexpr int kWrongUsage = 2;

// How long the reader of stderr may take before there is room for the last sentence.
constexpr int kLastSentenceMs = 1000;

// Not by stdio: the log's thread may stand in it with the lock, where nobody reads stderr.
int complain(const std::string& sentence, int status) {
  const std::string line = "proxy: " + sentence + "\n";
  pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (poll(&room, 1, kLastSentenceMs) <= 0) return status;
  while (write(STDERR_FILENO, line.data(), line.size()) < 0 && errno == EINTR) {
  }
  return status;
}

int serve(const proxy::app::Configuration& configuration) {
  proxy::log::start(configuration.logLevel);
  std::string failure;
  try {
    proxy::app::Server server(configuration);
    if (const auto served = server.run(); !served) failure = served.error();
  } catch (const std::exception& error) {
    failure = error.what();
  }
  const bool logged = proxy::log::stop();
  const int status = failure.empty() ? 0 : complain(failure, kCouldNotStart);
  if (!logged) std::_Exit(status);
  return status;
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> arguments(values + 1, values + count);
  const auto request = proxy::app::parseOptions(arguments);
  if (!request) return complain(request.error(), kWrongUsage);
  if (std::holds_alternative<proxy::app::ShowHelp>(*request)) {
    return std::fputs(proxy::app::helpText().c_str(), stdout) < 0;
  }
  if (std::holds_alternative<proxy::app::ShowVersion>(*request)) {
    return std::fputs(proxy::app::versionText().c_str(), stdout) < 0;
  }
  return serve(std::get<proxy::app::Configuration>(*request));
}
