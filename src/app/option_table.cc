#include "app/option_table.h"

#include <algorithm>
#include <array>

#include "app/quantity.h"
#include "core/address.h"
#include "core/event_loop.h"
#include "core/format.h"
#include "http/list.h"

namespace proxy::app {

namespace {

using Problem = Option::Problem;

// Setters of the usual kinds of value. `Where` gives what is set: Configuration& -> T&.

template <class T, class Value>
Problem store(Expected<Value> parsed, T& to) {
  if (!parsed) return parsed.error();
  to = static_cast<T>(*std::move(parsed));
  return std::nullopt;
}

template <auto Where>
Problem number(Configuration& c, const std::string& value, const Bounds& bounds) {
  return store(parseNumber(value, bounds.least, bounds.most), Where(c));
}

template <auto Where>
Problem size(Configuration& c, const std::string& value, const Bounds& bounds) {
  return store(parseSize(value, bounds.least, bounds.most), Where(c));
}

template <auto Where>
Problem duration(Configuration& c, const std::string& value, const Bounds& /*none*/) {
  return store(parseDuration(value), Where(c));
}

template <auto Where>
Problem positiveDuration(Configuration& c, const std::string& value, const Bounds& /*none*/) {
  const auto time = parseDuration(value);
  if (time && *time <= milliseconds(0)) return "it must be more than nothing, and at most 1000h";
  return store(time, Where(c));
}

template <auto Where>
Problem text(Configuration& c, const std::string& value, const Bounds& /*none*/) {
  if (value.empty()) return "it is empty";
  Where(c) = value;
  return std::nullopt;
}

template <auto Where, bool Value>
Problem flag(Configuration& c, const std::string& /*none*/, const Bounds& /*none*/) {
  Where(c) = Value;
  return std::nullopt;
}

template <class Names>
std::string oneOf(const Names& names) {
  std::string list;
  for (const auto& name : names) list += fmt::format("{}{}", list.empty() ? "" : ", ", name);
  return "it must be one of " + list;
}

template <class T>
struct Choice {
  std::string_view name;
  T value;
};

template <const auto& Choices, auto Where>
Problem choice(Configuration& c, const std::string& value, const Bounds& /*none*/) {
  std::vector<std::string_view> names;
  for (const auto& it : Choices) {
    names.push_back(it.name);
    if (it.name != value) continue;
    Where(c) = it.value;
    return std::nullopt;
  }
  return oneOf(names);
}

constexpr std::array<Choice<socksplice::Lane>, 3> kLanes = {{{"auto", socksplice::Lane::kAuto},
                                                             {"splice", socksplice::Lane::kSplice},
                                                             {"copy", socksplice::Lane::kCopy}}};
constexpr std::array<Choice<http::ForwardedStyle>, 3> kForwarded = {
    {{"x-forwarded", http::ForwardedStyle::kXForwarded},
     {"forwarded", http::ForwardedStyle::kForwarded},
     {"off", http::ForwardedStyle::kNone}}};
constexpr std::array<Choice<http1::AccessFormat>, 2> kAccessFormats = {
    {{"combined", http1::AccessFormat::kCombined}, {"json", http1::AccessFormat::kJson}}};

// Setters of one option each.

Problem addEndpoint(std::vector<Endpoint>& to, const std::string& value, Role role) {
  auto endpoint = parseEndpoint(value, role);
  if (!endpoint) return endpoint.error();
  const bool anyPort = endpoint->scheme != Scheme::kUnix && endpoint->port == 0;
  const auto same = [&](const Endpoint& it) { return it.isWhere(*endpoint); };
  if (!anyPort && std::any_of(to.begin(), to.end(), same)) return "it is given twice";
  to.push_back(*std::move(endpoint));
  return std::nullopt;
}

Problem setListener(Configuration& c, const std::string& value, const Bounds& /*none*/) {
  return addEndpoint(c.listeners, value, Role::kListener);
}

Problem setRemote(Configuration& c, const std::string& value, const Bounds& /*none*/) {
  return addEndpoint(c.remotes, value, Role::kRemote);
}

Problem setLane(Configuration& c, const std::string& value, const Bounds& bounds) {
  auto problem =
      choice<kLanes, [](Configuration& it) -> auto& { return it.lane; }>(c, value, bounds);
  if (!problem && c.lane == socksplice::Lane::kSplice && !socksplice::kZeroCopy) {
    return "this build has no splice(2); say auto or copy";
  }
  return problem;
}

Problem setPollMethod(Configuration& c, const std::string& value, const Bounds& /*none*/) {
  const auto methods = EventLoop::methods();
  if (std::find(methods.begin(), methods.end(), value) == methods.end()) return oneOf(methods);
  c.pollMethod = value;
  return std::nullopt;
}

Problem setLogLevel(Configuration& c, const std::string& value, const Bounds& /*none*/) {
  const auto level = log::levelNamed(value);
  if (!level) return oneOf(log::levelNames());
  c.logLevel = *level;
  return std::nullopt;
}

// Calls `take` for each part of a list whose commas nothing else can stand for; false as soon as it
// says so.
template <class Take>
bool takeEach(const std::string& list, Take take) {
  for (std::size_t start = 0; start <= list.size();) {
    const std::size_t end = std::min(list.find(',', start), list.size());
    if (!take(list.substr(start, end - start))) return false;
    start = end + 1;
  }
  return true;
}

// Names would have to be looked up before they can be asked.
Problem setDnsServers(Configuration& c, const std::string& value, const Bounds& /*none*/) {
  const bool good = takeEach(value, [](const std::string& one) {
    if (Address::literal(one, 0)) return true;
    const auto endpoint = parseEndpoint(one, Role::kRemote);
    return endpoint && endpoint->scheme == Scheme::kTcp &&
           Address::literal(endpoint->host, endpoint->port).has_value();
  });
  if (!good) return "it must be addresses, like 192.0.2.53 or 192.0.2.53:5353,[2001:db8::53]:53";
  c.dnsServers = value;
  return std::nullopt;
}

Problem setConnectPorts(Configuration& c, const std::string& value, const Bounds& bounds) {
  const bool good = takeEach(value, [&](const std::string& one) {
    const auto port = parseNumber(one, bounds.least, bounds.most);
    if (port) c.gateway.connectPorts.push_back(static_cast<std::uint16_t>(*port));
    return port.has_value();
  });
  if (!good) return "it must be ports, like 443 or 443,8443";
  return std::nullopt;
}

Problem setVia(Configuration& c, const std::string& value, const Bounds& /*none*/) {
  if (value != "off" && !http::isToken(value)) {
    return "it must be a name without spaces, like proxy or edge1.example, or off";
  }
  c.http.forward.via = value == "off" ? "" : value;
  return std::nullopt;
}

Problem setHeadSize(Configuration& c, const std::string& value, const Bounds& bounds) {
  auto problem = store(parseSize(value, bounds.least, bounds.most), c.http.head.bytes);
  if (!problem) c.http.head.target = std::min(c.http.head.target, c.http.head.bytes / 2);
  return problem;
}

// What `Where` is for: MEMBER(http.head.fields) sets Configuration::http.head.fields.
#define MEMBER(path) [](Configuration& it) -> auto& { return it.path; }

constexpr std::array kOptions = {
    Option{"listen", 'l', "ENDPOINT", "",
           "accept clients here; port 0 stands for any free one; may be given again", setListener},
    Option{"remote", 'r', "ENDPOINT", "",
           "carry them to here; given again, sessions go round robin, and the next is tried when "
           "one cannot be reached",
           setRemote},
    Option{"threads",
           't',
           "N",
           "the CPUs the process may use",
           "worker threads",
           number<MEMBER(threads)>,
           Scope::kAlways,
           {1, 1024}},
    Option{"buffer",
           'b',
           "SIZE",
           "1M",
           "the most bytes held per direction of a session, and the largest step",
           size<MEMBER(bufferSize)>,
           Scope::kAlways,
           {4096, 1U << 30}},
    Option{"nodelay", 'n', "", "", "set TCP_NODELAY, which is the default",
           flag<MEMBER(noDelay), true>},
    Option{"nagle", 0, "", "", "do not set TCP_NODELAY", flag<MEMBER(noDelay), false>},
    Option{"lane", 0, "LANE", "auto",
           "how bytes cross: auto (small ones are copied, streams spliced), splice or copy",
           setLane},
    Option{"poll-method", 0, "METHOD", "the best there is", "epoll, kqueue, poll, select, ...",
           setPollMethod},
    Option{"dns-servers", 0, "HOST[:PORT],...", "the system's",
           "name servers to ask for remotes given by name", setDnsServers},
    Option{"connect-timeout", 0, "TIME", "5s", "for each address of a remote",
           positiveDuration<MEMBER(connectTimeout)>},
    Option{"idle-timeout", 0, "TIME", "1h",
           "end relayed sessions (upgraded ones too) in which nothing moves for so long",
           positiveDuration<MEMBER(idleTimeout)>},
    Option{"drain-timeout", 0, "TIME", "30s",
           "after SIGTERM or SIGINT, how long sessions may take to end by themselves",
           duration<MEMBER(drainTimeout)>},
    Option{"max-connections",
           0,
           "N",
           "what the descriptor limit allows",
           "sessions at once; beyond them, clients wait to be accepted",
           number<MEMBER(maxConnections)>,
           Scope::kAlways,
           {1, 10'000'000}},
    Option{"head-timeout", 0, "TIME", "10s", "for a client to send a whole request head",
           positiveDuration<MEMBER(http.headTimeout)>, Scope::kHttp},
    Option{"body-timeout", 0, "TIME", "60s",
           "how long a client may take for each --body-minimum bytes of a body, sent or received",
           positiveDuration<MEMBER(http.bodyTimeout)>, Scope::kHttp},
    Option{"body-minimum",
           0,
           "SIZE",
           "1K",
           "see --body-timeout; with 1, any progress is enough",
           size<MEMBER(http.bodyMinimum)>,
           Scope::kHttp,
           {1, 1U << 30}},
    Option{"keep-alive-timeout", 0, "TIME", "60s", "for a client's next request",
           positiveDuration<MEMBER(http.keepAliveTimeout)>, Scope::kHttp},
    Option{"keep-alive-requests",
           0,
           "N",
           "no limit",
           "requests of one connection",
           number<MEMBER(http.keepAliveRequests)>,
           Scope::kHttp,
           {1, 1'000'000'000}},
    Option{"max-head",
           0,
           "SIZE",
           "32K",
           "of a request or an answer without its body",
           setHeadSize,
           Scope::kHttp,
           {1024, 48 * 1024}},
    Option{"max-fields",
           0,
           "N",
           "100",
           "fields of a head",
           number<MEMBER(http.head.fields)>,
           Scope::kHttp,
           {1, 10'000}},
    Option{"max-body",
           0,
           "SIZE",
           "no limit",
           "of a request's body",
           size<MEMBER(http.maxBody)>,
           Scope::kHttp,
           {1}},
    Option{"answer-timeout", 0, "TIME", "60s",
           "for an upstream to begin its answer, once it has the request",
           positiveDuration<MEMBER(gateway.answerTimeout)>, Scope::kHttp},
    Option{"answer-body-timeout", 0, "TIME", "60s",
           "between two pieces of an upstream's answer, or of a request that it takes",
           positiveDuration<MEMBER(gateway.bodyTimeout)>, Scope::kHttp},
    Option{"upstream-idle",
           0,
           "N",
           "64",
           "connections of each thread to upstreams that are kept open for the next request",
           number<MEMBER(gateway.idleConnections)>,
           Scope::kHttp,
           {0, 100'000}},
    Option{"upstream-idle-timeout", 0, "TIME", "30s", "how long these are kept open",
           positiveDuration<MEMBER(gateway.idleTimeout)>, Scope::kHttp},
    Option{"fail-timeout", 0, "TIME", "10s",
           "how long an address that could not be reached, or did not answer, is left out, while "
           "there are others",
           duration<MEMBER(gateway.failTimeout)>, Scope::kHttp},
    Option{"via", 0, "NAME", "proxy", "what Via and Proxy-Status call this proxy; off adds no Via",
           setVia, Scope::kHttp},
    Option{"forwarded", 0, "STYLE", "x-forwarded",
           "tell upstreams who the client is: x-forwarded (-For, -Proto, -Host), forwarded "
           "(RFC 7239) or off",
           choice<kForwarded, MEMBER(http.forward.forwarded)>, Scope::kHttp},
    Option{"trust-forwarded", 0, "", "",
           "pass on what the client says of whom it speaks for; only behind another proxy of yours",
           flag<MEMBER(http.forward.trustForwarded), true>, Scope::kHttp},
    Option{"allow-connect",
           0,
           "PORT,...",
           "none",
           "let clients CONNECT to these ports; the remotes must be proxies that carry them there",
           setConnectPorts,
           Scope::kHttp,
           {1, 65535}},
    Option{"access-log", 0, "FILE", "none",
           "write a line for each request to this file; - is stdout", text<MEMBER(accessLog)>,
           Scope::kHttp},
    Option{"access-log-format", 0, "FORMAT", "combined",
           "combined (as Apache's and nginx's) or json (with durations and the upstream)",
           choice<kAccessFormats, MEMBER(accessLogFormat)>, Scope::kHttp},
    Option{"log-level", 0, "LEVEL", "info", "debug, info, warning, error or off", setLogLevel},
    Option{"help", 'h', "", "", "show this, and exit", nullptr},
    Option{"version", 'V', "", "", "show the version, and exit", nullptr},
};

#undef MEMBER

}  // namespace

std::span<const Option> optionTable() noexcept { return kOptions; }

}  // namespace proxy::app
