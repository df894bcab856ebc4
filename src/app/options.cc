#include "app/options.h"

#include <sched.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string_view>
#include <thread>

#include <boost/program_options.hpp>

#include "app/quantity.h"
#include "core/address.h"
#include "core/event_loop.h"
#include "core/format.h"
#include "http/list.h"

namespace proxy::app {

namespace {

namespace po = boost::program_options;

// Nothing, or the sentence why the value is wrong.
using Problem = std::optional<std::string>;

// Where an option means something.
enum class Scope : std::uint8_t { kAlways, kHttp };

struct Option {
  std::string_view name;
  char letter;                // 0: it has none
  std::string_view argument;  // what --help calls it; empty: it is a switch
  std::string_view fallback;  // what --help says of the default; empty: nothing
  std::string_view help;
  Problem (*set)(Configuration&, const std::string& value);
  Scope scope = Scope::kAlways;
};

template <class T, class Value>
Problem store(Expected<Value> parsed, T& to) {
  if (!parsed) return parsed.error();
  to = static_cast<T>(*std::move(parsed));
  return std::nullopt;
}

Problem addEndpoint(std::vector<Endpoint>& to, const std::string& text, Role role) {
  auto endpoint = parseEndpoint(text, role);
  if (!endpoint) return endpoint.error();
  const bool anyPort = endpoint->scheme != Scheme::kUnix && endpoint->port == 0;
  const auto same = [&](const Endpoint& it) { return it.isWhere(*endpoint); };
  if (!anyPort && std::any_of(to.begin(), to.end(), same)) {
    return "it is given twice";
  }
  to.push_back(*std::move(endpoint));
  return std::nullopt;
}

template <class Names>
std::string oneOf(const Names& names) {
  std::string list;
  for (const auto& name : names) list += fmt::format("{}{}", list.empty() ? "" : ", ", name);
  return "it must be one of " + list;
}

struct LaneName {
  std::string_view name;
  socksplice::Lane lane;
};
constexpr std::array<LaneName, 3> kLanes = {{{"auto", socksplice::Lane::kAuto},
                                             {"splice", socksplice::Lane::kSplice},
                                             {"copy", socksplice::Lane::kCopy}}};

Problem setLane(Configuration& c, const std::string& value) {
  const auto* it = std::find_if(kLanes.begin(), kLanes.end(),
                                [&](const LaneName& lane) { return lane.name == value; });
  if (it == kLanes.end()) return "it must be one of auto, splice, copy";
  if (it->lane == socksplice::Lane::kSplice && !socksplice::kZeroCopy) {
    return "this build has no splice(2); say auto or copy";
  }
  c.lane = it->lane;
  return std::nullopt;
}

Problem setPollMethod(Configuration& c, const std::string& value) {
  const auto methods = EventLoop::methods();
  if (std::find(methods.begin(), methods.end(), value) == methods.end()) return oneOf(methods);
  c.pollMethod = value;
  return std::nullopt;
}

// Names would have to be looked up before they can be asked.
Problem setDnsServers(Configuration& c, const std::string& value) {
  for (std::size_t start = 0; start <= value.size();) {
    const std::size_t end = std::min(value.find(',', start), value.size());
    const std::string one = value.substr(start, end - start);
    const auto endpoint = parseEndpoint(one, Role::kRemote);
    const bool good =
        Address::literal(one, 0) || (endpoint && endpoint->scheme == Scheme::kTcp &&
                                     Address::literal(endpoint->host, endpoint->port));
    if (!good) return "it must be addresses, like 192.0.2.53 or 192.0.2.53:5353,[2001:db8::53]:53";
    start = end + 1;
  }
  c.dnsServers = value;
  return std::nullopt;
}

Problem setLogLevel(Configuration& c, const std::string& value) {
  const auto level = log::levelNamed(value);
  if (!level) return oneOf(log::levelNames());
  c.logLevel = *level;
  return std::nullopt;
}

Problem setBufferSize(Configuration& c, const std::string& value) {
  if (auto problem = store(parseSize(value), c.bufferSize)) return problem;
  if (c.bufferSize >= 4096 && c.bufferSize <= std::size_t{1} << 30) return std::nullopt;
  return "it must be from 4K to 1G";
}

Problem setVia(Configuration& c, const std::string& value) {
  if (value != "off" && !http::isToken(value)) {
    return "it must be a name without spaces, like proxy or edge1.example, or off";
  }
  c.http.forward.via = value == "off" ? "" : value;
  return std::nullopt;
}

struct ForwardedName {
  std::string_view name;
  http::ForwardedStyle style;
};
constexpr std::array<ForwardedName, 3> kForwarded = {
    {{"x-forwarded", http::ForwardedStyle::kXForwarded},
     {"forwarded", http::ForwardedStyle::kForwarded},
     {"off", http::ForwardedStyle::kNone}}};

Problem setForwarded(Configuration& c, const std::string& value) {
  for (const ForwardedName& it : kForwarded) {
    if (it.name != value) continue;
    c.http.forward.forwarded = it.style;
    return std::nullopt;
  }
  return "it must be one of x-forwarded, forwarded, off";
}

struct FormatName {
  std::string_view name;
  http1::AccessFormat format;
};
constexpr std::array<FormatName, 2> kAccessFormats = {
    {{"combined", http1::AccessFormat::kCombined}, {"json", http1::AccessFormat::kJson}}};

Problem setAccessFormat(Configuration& c, const std::string& value) {
  for (const FormatName& it : kAccessFormats) {
    if (it.name != value) continue;
    c.accessLogFormat = it.format;
    return std::nullopt;
  }
  return "it must be one of combined, json";
}

Problem setConnectPorts(Configuration& c, const std::string& value) {
  for (std::size_t start = 0; start <= value.size();) {
    const std::size_t end = std::min(value.find(',', start), value.size());
    const auto port = parseNumber(value.substr(start, end - start), 1, 65535);
    if (!port) return "it must be ports, like 443 or 443,8443";
    c.gateway.connectPorts.push_back(static_cast<std::uint16_t>(*port));
    start = end + 1;
  }
  return std::nullopt;
}

Problem setHeadSize(Configuration& c, const std::string& value) {
  if (auto problem = store(parseSize(value), c.http.head.bytes)) return problem;
  c.http.head.target = std::min(c.http.head.target, c.http.head.bytes / 2);
  if (c.http.head.bytes >= 1024 && c.http.head.bytes <= 48 * 1024) return std::nullopt;
  return "it must be from 1K to 48K";
}

Problem setDuration(milliseconds& to, const std::string& value) {
  if (auto problem = store(parseDuration(value), to)) return problem;
  if (to > milliseconds(0)) return std::nullopt;
  return "it must be more than nothing";
}

// Of --help: what stands before the explanations, and the whole.
constexpr std::size_t kLeft = 38;
constexpr std::size_t kColumns = 100;

constexpr std::size_t kMostThreads = 1024;
constexpr std::size_t kMostConnections = 10'000'000;

// In the order of --help.
constexpr std::array kOptions = {
    Option{"listen", 'l', "ENDPOINT", "",
           "accept clients here; port 0 stands for any free one; may be given again",
           [](Configuration& c, const std::string& v) {
             return addEndpoint(c.listeners, v, Role::kListener);
           }},
    Option{"remote", 'r', "ENDPOINT", "",
           "carry them to here; given again, sessions go round robin, and the next is tried when "
           "one cannot be reached",
           [](Configuration& c, const std::string& v) {
             return addEndpoint(c.remotes, v, Role::kRemote);
           }},
    Option{"threads", 't', "N", "the CPUs the process may use", "worker threads",
           [](Configuration& c, const std::string& v) {
             return store(parseNumber(v, 1, kMostThreads), c.threads);
           }},
    Option{"buffer", 'b', "SIZE", "1M",
           "the most bytes held per direction of a session, and the largest step", setBufferSize},
    Option{"nodelay", 'n', "", "", "set TCP_NODELAY, which is the default",
           [](Configuration& c, const std::string&) -> Problem {
             c.noDelay = true;
             return std::nullopt;
           }},
    Option{"nagle", 0, "", "", "do not set TCP_NODELAY",
           [](Configuration& c, const std::string&) -> Problem {
             c.noDelay = false;
             return std::nullopt;
           }},
    Option{"lane", 0, "LANE", "auto",
           "how bytes cross: auto (small ones are copied, streams spliced), splice or copy",
           setLane},
    Option{"poll-method", 0, "METHOD", "the best there is", "epoll, kqueue, poll, select, ...",
           setPollMethod},
    Option{"dns-servers", 0, "HOST[:PORT],...", "the system's",
           "name servers to ask for remotes given by name", setDnsServers},
    Option{"connect-timeout", 0, "TIME", "5s", "for each address of a remote",
           [](Configuration& c, const std::string& v) { return setDuration(c.connectTimeout, v); }},
    Option{"idle-timeout", 0, "TIME", "1h", "end sessions in which nothing moves for so long",
           [](Configuration& c, const std::string& v) { return setDuration(c.idleTimeout, v); }},
    Option{"drain-timeout", 0, "TIME", "30s",
           "after SIGTERM or SIGINT, how long sessions may take to end by themselves",
           [](Configuration& c, const std::string& v) {
             return store(parseDuration(v), c.drainTimeout);
           }},
    Option{"max-connections", 0, "N", "what the descriptor limit allows",
           "sessions at once; beyond them, clients wait to be accepted",
           [](Configuration& c, const std::string& v) {
             return store(parseNumber(v, 1, kMostConnections), c.maxConnections);
           }},
    Option{
        "head-timeout", 0, "TIME", "10s", "for a client to send a whole request head",
        [](Configuration& c, const std::string& v) { return setDuration(c.http.headTimeout, v); },
        Scope::kHttp},
    Option{
        "body-timeout", 0, "TIME", "60s",
        "end exchanges whose client neither sends nor takes anything for so long",
        [](Configuration& c, const std::string& v) { return setDuration(c.http.bodyTimeout, v); },
        Scope::kHttp},
    Option{"keep-alive-timeout", 0, "TIME", "60s", "for a client's next request",
           [](Configuration& c, const std::string& v) {
             return setDuration(c.http.keepAliveTimeout, v);
           },
           Scope::kHttp},
    Option{"keep-alive-requests", 0, "N", "no limit", "requests of one connection",
           [](Configuration& c, const std::string& v) {
             return store(parseNumber(v, 1, 1'000'000'000), c.http.keepAliveRequests);
           },
           Scope::kHttp},
    Option{"max-head", 0, "SIZE", "32K", "of a request or an answer without its body", setHeadSize,
           Scope::kHttp},
    Option{"max-fields", 0, "N", "100", "fields of a head",
           [](Configuration& c, const std::string& v) {
             return store(parseNumber(v, 1, 10'000), c.http.head.fields);
           },
           Scope::kHttp},
    Option{
        "max-body", 0, "SIZE", "no limit", "of a request's body",
        [](Configuration& c, const std::string& v) { return store(parseSize(v), c.http.maxBody); },
        Scope::kHttp},
    Option{"answer-timeout", 0, "TIME", "60s",
           "for an upstream to begin its answer, once it has the request",
           [](Configuration& c, const std::string& v) {
             return setDuration(c.gateway.answerTimeout, v);
           },
           Scope::kHttp},
    Option{"answer-body-timeout", 0, "TIME", "60s", "between two pieces of an upstream's answer",
           [](Configuration& c, const std::string& v) {
             return setDuration(c.gateway.bodyTimeout, v);
           },
           Scope::kHttp},
    Option{"upstream-idle", 0, "N", "64",
           "connections of each thread to upstreams that are kept open for the next request",
           [](Configuration& c, const std::string& v) {
             return store(parseNumber(v, 0, 100'000), c.gateway.idleConnections);
           },
           Scope::kHttp},
    Option{"upstream-idle-timeout", 0, "TIME", "30s", "for which they are kept",
           [](Configuration& c, const std::string& v) {
             return setDuration(c.gateway.idleTimeout, v);
           },
           Scope::kHttp},
    Option{"fail-timeout", 0, "TIME", "10s",
           "how long an address that could not be reached is left out, while there are others",
           [](Configuration& c, const std::string& v) {
             return store(parseDuration(v), c.gateway.failTimeout);
           },
           Scope::kHttp},
    Option{"via", 0, "NAME", "proxy", "what Via and Proxy-Status call this proxy; off adds no Via",
           setVia, Scope::kHttp},
    Option{"forwarded", 0, "STYLE", "x-forwarded",
           "tell upstreams who the client is: x-forwarded (-For, -Proto, -Host), forwarded "
           "(RFC 7239) or off",
           setForwarded, Scope::kHttp},
    Option{"trust-forwarded", 0, "", "",
           "keep what the client says of that itself; only behind a proxy of yours",
           [](Configuration& c, const std::string&) -> Problem {
             c.http.forward.trustForwarded = true;
             return std::nullopt;
           },
           Scope::kHttp},
    Option{"allow-connect", 0, "PORT,...", "none",
           "let clients CONNECT to these ports; the remotes carry them there", setConnectPorts,
           Scope::kHttp},
    Option{"access-log", 0, "FILE", "none",
           "write a line for each request to this file; - is stdout",
           [](Configuration& c, const std::string& v) -> Problem {
             c.accessLog = v;
             return std::nullopt;
           },
           Scope::kHttp},
    Option{"access-log-format", 0, "FORMAT", "combined",
           "combined (as Apache's and nginx's) or json (with durations and the upstream)",
           setAccessFormat, Scope::kHttp},
    Option{"log-level", 0, "LEVEL", "info", "debug, info, warning, error or off", setLogLevel},
    Option{"help", 'h', "", "", "show this, and exit", nullptr},
    Option{"version", 'V', "", "", "show the version, and exit", nullptr},
};

std::string spelled(const Option& option) {
  return option.letter != 0 ? fmt::format("-{} (--{})", option.letter, option.name)
                            : fmt::format("--{}", option.name);
}

po::options_description describe() {
  po::options_description description;
  for (const Option& option : kOptions) {
    const std::string names = option.letter != 0 ? fmt::format("{},{}", option.name, option.letter)
                                                 : std::string(option.name);
    if (option.argument.empty()) {
      description.add_options()(names.c_str(), "");
    } else {
      description.add_options()(names.c_str(), po::value<std::vector<std::string>>(), "");
    }
  }
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

Problem checkWhole(const Configuration& c) {
  if (c.listeners.empty())
    return "-l (--listen) is missing: where clients connect to, like -l 0.0.0.0:8080";
  if (c.remotes.empty())
    return "-r (--remote) is missing: where they are carried to, like -r 10.0.0.7:80";
  for (const Endpoint& remote : c.remotes) {
    const auto same = [&](const Endpoint& it) { return it.isWhere(remote); };
    if (std::none_of(c.listeners.begin(), c.listeners.end(), same)) continue;
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
  return std::nullopt;
}

Expected<Request> configure(const po::variables_map& given) {
  if (given.contains("help")) return ShowHelp{};
  if (given.contains("version")) return ShowVersion{};
  if (given.contains("nodelay") && given.contains("nagle")) {
    return unexpected(std::string("-n and --nagle contradict each other: give one of them"));
  }
  Configuration configuration;
  configuration.threads = usableCpus();
  for (const Option& option : kOptions) {
    const std::string name(option.name);
    if (!given.contains(name)) continue;
    if (option.argument.empty()) {
      option.set(configuration, {});
      continue;
    }
    const auto& values = given[name].as<std::vector<std::string>>();
    const bool repeats = option.name == "listen" || option.name == "remote";
    if (values.size() > 1 && !repeats) {
      return unexpected(
          fmt::format("{} is given {} times: give it once", spelled(option), values.size()));
    }
    for (const std::string& value : values) {
      if (const auto problem = option.set(configuration, value)) {
        return unexpected(fmt::format("{} \"{}\": {}", spelled(option), value, *problem));
      }
    }
  }
  if (auto problem = checkWhole(configuration)) return unexpected(*std::move(problem));
  for (const Option& option : kOptions) {
    if (option.scope == Scope::kAlways || configuration.isHttp()) continue;
    if (!given.contains(std::string(option.name))) continue;
    return unexpected(fmt::format(
        "{} means something for http listeners only, like -l http://0.0.0.0:80", spelled(option)));
  }
  return configuration;
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
    const po::positional_options_description none;
    po::variables_map given;
    po::store(po::command_line_parser(arguments)
                  .options(description)
                  .positional(none)
                  .style(style::unix_style & ~style::allow_guessing)
                  .run(),
              given);
    return configure(given);
  } catch (const po::too_many_positional_options_error&) {
    return unexpected(
        std::string("every argument belongs to an option; endpoints stand behind -l and -r"));
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
      "  TIME       with ms, s, m, h\n"
      "\n"
      "Options:\n";
  for (const Option& option : kOptions) {
    std::string left = option.letter != 0 ? fmt::format("  -{}, ", option.letter) : "      ";
    left += fmt::format("--{} {}", option.name, option.argument);
    const std::string fallback =
        option.fallback.empty() ? "" : fmt::format(" (default: {})", option.fallback);
    const std::string help = fmt::format("{}{}", option.help, fallback);
    text += fmt::format("{:<{}} {}\n", left, kLeft, wrapped(help, kLeft + 1, kColumns - kLeft - 1));
  }
  text +=
      "\n"
      "Signals: SIGTERM and SIGINT let sessions end and then stop, a second one stops at once;\n"
      "SIGHUP resolves the remotes' names again, SIGUSR1 opens the access log again (after a "
      "rename).\n"
      "Exit status: 0 stopped by a signal, 1 could not start, 2 wrong usage.\n"
      "\n"
      "Example: proxy -l 0.0.0.0:5000 -r 10.0.0.7:5000 -r 10.0.0.8:5000 -t 4\n";
  return text;
}

std::string versionText() {
  return fmt::format("proxy {}{}\n", PROXY_VERSION,
                     socksplice::kZeroCopy ? "" : " (portable: no splice)");
}

}  // namespace proxy::app
