#include "config.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace faultio {
namespace {

constexpr unsigned kThousand = 1000;
// At a thousand per thousand no retry would ever succeed, and every program would hang.
constexpr unsigned kMostRetries = 900;

[[noreturn]] void refuse(std::initializer_list<std::string_view> sentence) {
  const auto say = [](std::string_view words) {
    // A raw call: write() is one of the functions this library replaces.
    (void)::syscall(SYS_write, STDERR_FILENO, words.data(), words.size());
  };
  say("faultio: ");
  for (const std::string_view words : sentence) say(words);
  say("\n");
  ::_exit(2);
}

[[noreturn]] void refuseValue(std::string_view key, std::string_view value,
                              std::string_view lesson) {
  refuse({"FAULTIO ", key, "=", value, ": ", lesson});
}

template <class Number>
std::optional<Number> parseNumber(std::string_view text, Number most) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number > most)
    return std::nullopt;
  return number;
}

unsigned parseRate(std::string_view key, std::string_view value) {
  if (const auto rate = parseNumber<unsigned>(value, kThousand)) return *rate;
  refuseValue(key, value, "the rate is per thousand calls, 0 to 1000");
}

unsigned parseRetryRate(std::string_view key, std::string_view value) {
  if (const auto rate = parseNumber<unsigned>(value, kMostRetries)) return *rate;
  refuseValue(key, value, "the rate is per thousand calls, 0 to 900, so that a retry can succeed");
}

std::uint64_t parseCount(std::string_view key, std::string_view value) {
  if (const auto count = parseNumber<std::uint64_t>(value, UINT64_MAX)) return *count;
  refuseValue(key, value, "a whole number is needed");
}

Cut parseCut(std::string_view key, std::string_view value) {
  if (value == "none") return Cut::None;
  if (value == "halves") return Cut::Halves;
  if (value == "one") return Cut::One;
  if (value == "random") return Cut::Random;
  refuseValue(key, value, "the cut is none, halves, one or random");
}

struct Key {
  std::string_view name;
  bool isFault;
  void (*set)(Config&, std::string_view key, std::string_view value);
};

using Text = std::string_view;

constexpr std::array kKeys{
    Key{"cut", true, [](Config& c, Text k, Text v) { c.cut = parseCut(k, v); }},
    Key{"eintr", true, [](Config& c, Text k, Text v) { c.eintr = parseRetryRate(k, v); }},
    Key{"eagain", true, [](Config& c, Text k, Text v) { c.eagain = parseRetryRate(k, v); }},
    Key{"emfile", true, [](Config& c, Text k, Text v) { c.emfile = parseRate(k, v); }},
    Key{"cut_rate", false, [](Config& c, Text k, Text v) { c.cutRate = parseRate(k, v); }},
    Key{"seed", false, [](Config& c, Text k, Text v) { c.seed = parseCount(k, v); }},
    Key{"after", false, [](Config& c, Text k, Text v) { c.after = parseCount(k, v); }},
    Key{"only", false,
        [](Config& c, Text k, Text v) {
          if (v != "sockets" && v != "pipes") refuseValue(k, v, "only takes sockets or pipes");
          c.sockets = v == "sockets";
          c.pipes = v == "pipes";
        }},
};

}  // namespace

Config parseConfig(std::string_view text) {
  Config config;
  std::bitset<kKeys.size()> given;
  bool asksForFaults = false;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) {
      refuse({"FAULTIO \"", pair, "\": write key=value, separated by commas"});
    }
    const std::string_view name = pair.substr(0, equals);
    const auto* const key =
        std::find_if(kKeys.begin(), kKeys.end(), [name](const Key& k) { return k.name == name; });
    if (key == kKeys.end()) {
      refuse({"FAULTIO has no key \"", name,
              "\"; it knows cut, cut_rate, eintr, eagain, emfile, seed, after and only"});
    }
    const auto index = static_cast<std::size_t>(key - kKeys.begin());
    if (given.test(index)) refuse({"FAULTIO names ", name, " twice; give each key once"});
    given.set(index);
    asksForFaults = asksForFaults || key->isFault;
    key->set(config, name, pair.substr(equals + 1));
  }
  if (!asksForFaults) {
    refuse({"FAULTIO=\"", text, "\" asks for no fault; name cut, eintr, eagain or emfile"});
  }
  return config;
}

Config configFromEnvironment() {
  const char* const text = std::getenv("FAULTIO");
  if (text == nullptr) {
    refuse(
        {"FAULTIO is not set; say which faults to add, for example FAULTIO=cut=halves,eintr=20"});
  }
  return parseConfig(text);
}

}  // namespace faultio
