#include "app/options.h"

#include <sched.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <thread>

#include <boost/program_options.hpp>

#include "app/option_table.h"
#include "app/quantity.h"
#include "core/address.h"
#include "core/format.h"

namespace proxy::app {

namespace {

namespace po = boost::program_options;

using Problem = Option::Problem;

// Of --help: what stands before the explanations, and the whole.
constexpr std::size_t kLeft = 38;
constexpr std::size_t kColumns = 100;

// Where Boost puts the arguments that belong to no option.
constexpr const char* kSurplus = "surplus";

std::string spelled(const Option& option) {
  return option.letter != 0 ? fmt::format("-{} (--{})", option.letter, option.name)
                            : fmt::format("--{}", option.name);
}

po::options_description describe() {
  po::options_description description;
  for (const Option& option : optionTable()) {
    const std::string names = option.letter != 0 ? fmt::format("{},{}", option.name, option.letter)
                                                 : std::string(option.name);
    if (option.argument.empty()) {
      description.add_options()(names.c_str(), "");
    } else {
      description.add_options()(names.c_str(), po::value<std::vector<std::string>>(), "");
    }
  }
  description.add_options()(kSurplus, po::value<std::vector<std::string>>(), "");
  return description;
}

// Boost's own words name neither the option as it was written nor the way out.
std::string explain(const po::error& error) {
  constexpr std::string_view kSeeHelp = "; proxy --help lists the options";
  if (const auto* one = dynamic_cast<const po::error_with_option_name*>(&error)) {
    const std::string name = one->get_option_name();
    if (dynamic_cast<const po::unknown_option*>(&error) != nullptr) {
      return fmt::format("{}: there is no such option{}", name, kSeeHelp);
    }
    if (dynamic_cast<const po::ambiguous_option*>(&error) != nullptr) {
      return fmt::format("{}: several options begin like this{}", name, kSeeHelp);
    }
    if (const auto* syntax = dynamic_cast<const po::invalid_command_line_syntax*>(&error)) {
      const bool extra = syntax->kind() == po::invalid_syntax::extra_parameter;
      return fmt::format("{}: {}{}", name,
                         extra ? "this option takes no value" : "the value is missing", kSeeHelp);
    }
  }
  return error.what() + std::string(kSeeHelp);
}

std::size_t usableCpus() {
#ifdef __linux__
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<std::size_t>(CPU_COUNT(&set));
#endif
  return std::max(1U, std::thread::hardware_concurrency());
}

bool isEveryAddress(const std::string& host) { return host == "0.0.0.0" || host == "::"; }

bool isLoopback(const std::string& host) {
  return host == "localhost" || host == "::1" ||
         (host.starts_with("127.") && Address::literal(host, 0));
}

// Whether a client who connects to `there` would get to `listener`, as far as the words tell.
bool leadsTo(const Endpoint& listener, const Endpoint& there) {
  if (listener.isWhere(there)) return true;
  return listener.scheme != Scheme::kUnix && there.scheme != Scheme::kUnix &&
         listener.port == there.port && isEveryAddress(listener.host) && isLoopback(there.host);
}

Problem checkWhole(const Configuration& c) {
  if (c.listeners.empty())
    return "-l (--listen) is missing: where clients connect to, like -l 0.0.0.0:8080";
  if (c.remotes.empty())
    return "-r (--remote) is missing: where they are carried to, like -r 10.0.0.7:80";
  for (const Endpoint& remote : c.remotes) {
    const auto leads = [&](const Endpoint& it) { return leadsTo(it, remote); };
    if (std::none_of(c.listeners.begin(), c.listeners.end(), leads)) continue;
    return fmt::format(
        "-r (--remote) \"{}\": that is a listener of this proxy: it would carry its clients "
        "to itself",
        remote.text());
  }
  const auto isHttp = [](const Endpoint& it) { return it.scheme == Scheme::kHttp; };
  if (!std::all_of(c.listeners.begin(), c.listeners.end(),
                   [&](const Endpoint& it) { return isHttp(it) == c.isHttp(); })) {
    return "-l (--listen): http and tcp listeners do not mix: start a proxy for each";
  }
  const auto remote = std::find_if(c.remotes.begin(), c.remotes.end(), isHttp);
  if (!c.isHttp() && remote != c.remotes.end()) {
    return fmt::format("-r (--remote) \"{}\": it needs an http listener, like -l http://0.0.0.0:80",
                       remote->text());
  }
  if (c.accessLog.empty() && c.accessLogFormat != http1::AccessFormat::kCombined) {
    return "--access-log-format: there is no --access-log, which names the file";
  }
  return std::nullopt;
}

Expected<Request> configure(const po::variables_map& given) {
  if (given.contains("help")) return ShowHelp{};
  if (given.contains("version")) return ShowVersion{};
  if (given.contains(kSurplus)) {
    return unexpected(fmt::format("\"{}\" belongs to no option; endpoints stand behind -l and -r",
                                  given[kSurplus].as<std::vector<std::string>>().front()));
  }
  if (given.contains("nodelay") && given.contains("nagle")) {
    return unexpected(std::string("-n and --nagle contradict each other: give one of them"));
  }
  Configuration configuration;
  configuration.threads = usableCpus();
  for (const Option& option : optionTable()) {
    const std::string name(option.name);
    if (!given.contains(name)) continue;
    if (option.argument.empty()) {
      option.set(configuration, {}, {});
      continue;
    }
    const auto& values = given[name].as<std::vector<std::string>>();
    const bool repeats = option.name == "listen" || option.name == "remote";
    if (values.size() > 1 && !repeats) {
      return unexpected(
          fmt::format("{} is given {} times: give it once", spelled(option), values.size()));
    }
    for (const std::string& value : values) {
      if (const auto problem = option.set(configuration, value, option.bounds)) {
        return unexpected(fmt::format("{} \"{}\": {}", spelled(option), value, *problem));
      }
    }
  }
  if (auto problem = checkWhole(configuration)) return unexpected(*std::move(problem));
  for (const Option& option : optionTable()) {
    if (option.scope == Scope::kAlways || configuration.isHttp()) continue;
    if (!given.contains(std::string(option.name))) continue;
    return unexpected(fmt::format(
        "{} is for http listeners, like -l http://0.0.0.0:80: give one, or leave it out",
        spelled(option)));
  }
  return configuration;
}

// What stands in brackets behind the explanation.
std::string notes(const Option& option) {
  std::string text;
  if (option.bounds.most != Bounds().most && option.argument == "N") {
    text = fmt::format("{} to {}", option.bounds.least, option.bounds.most);
  } else if (option.bounds.most != Bounds().most && option.argument == "SIZE") {
    text = fmt::format("{} to {}", sizeText(option.bounds.least), sizeText(option.bounds.most));
  }
  if (!option.fallback.empty()) {
    text += fmt::format("{}default: {}", text.empty() ? "" : "; ", option.fallback);
  }
  return text.empty() ? "" : fmt::format(" ({})", text);
}

// `text` in lines of at most `width`, each from the second on behind `indent` spaces.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string lines;
  while (text.size() > width) {
    const std::size_t end = text.rfind(' ', width);
    if (end == text.npos) break;
    lines += fmt::format("{}\n{:{}}", text.substr(0, end), "", indent);
    text.remove_prefix(end + 1);
  }
  return lines.append(text);
}

}  // namespace

Expected<Request> parseOptions(const std::vector<std::string>& arguments) {
  try {
    const auto description = describe();
    namespace style = po::command_line_style;
    po::positional_options_description surplus;
    surplus.add(kSurplus, -1);
    po::variables_map given;
    po::store(po::command_line_parser(arguments)
                  .options(description)
                  .positional(surplus)
                  .style(style::unix_style & ~style::allow_guessing)
                  .run(),
              given);
    return configure(given);
  } catch (const po::error& error) {
    return unexpected(explain(error));
  }
}

std::string helpText() {
  std::string text =
      "Usage: proxy -l ENDPOINT [-l ENDPOINT ...] -r ENDPOINT [-r ENDPOINT ...] [options]\n"
      "\n"
      "Moves bytes between sockets as cheaply as the kernel allows.\n"
      "\n"
      "  ENDPOINT   HOST:PORT, tcp://HOST:PORT, http://HOST:PORT, [IPv6]:PORT or unix:PATH\n"
      "  SIZE       bytes, or with K, M, G\n"
      "  TIME       with ms, s, m, h; at most 1000h\n"
      "\n"
      "Options:\n";
  for (const Option& option : optionTable()) {
    std::string left = option.letter != 0 ? fmt::format("  -{}, ", option.letter) : "      ";
    left += fmt::format("--{} {}", option.name, option.argument);
    const std::string help = fmt::format("{}{}", option.help, notes(option));
    text += fmt::format("{:<{}} {}\n", left, kLeft, wrapped(help, kLeft + 1, kColumns - kLeft - 1));
  }
  text +=
      "\n"
      "Signals: SIGTERM and SIGINT let sessions end and then stop, a second one stops at once;\n"
      "SIGHUP resolves the remotes' names again, SIGUSR1 opens the access log again (after a "
      "rename).\n"
      "Exit status: 0 stopped by a signal, 1 could not start, 2 wrong usage.\n"
      "\n"
      "Examples:\n"
      "  proxy -l 0.0.0.0:5000 -r 10.0.0.7:5000 -r 10.0.0.8:5000 -t 4\n"
      "  proxy -l http://0.0.0.0:80 -r 10.0.0.7:8000 -r 10.0.0.8:8000 --access-log -\n";
  return text;
}

std::string versionText() {
  return fmt::format("proxy {}{}\n", PROXY_VERSION,
                     socksplice::kZeroCopy ? "" : " (portable: no splice)");
}

}  // namespace proxy::app
