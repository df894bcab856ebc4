// The parts of a target or an authority, put together, are the text that they came from; and an
// IPv6 address is one for the system as well.
#include <arpa/inet.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/check.h"
#include "fuzz/input.h"
#include "http/target.h"

namespace proxy::http {
namespace {

bool systemKnows(const std::string& address) {
  in6_addr parsed{};
  return address.find('\0') == std::string::npos &&
         inet_pton(AF_INET6, address.c_str(), &parsed) == 1;
}

bool isGraphic(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

void checkAuthority(std::string_view text) {
  const auto authority = parseAuthority(text);
  const bool bracketed = text.starts_with('[') && text.ends_with(']');
  const std::string inner(bracketed ? text.substr(1, text.size() - 2) : "");
  if (bracketed) CHECK(authority.has_value() == systemKnows(inner));
  if (!authority) return;

  CHECK(isGraphic(text));
  CHECK(!authority->host.empty());
  CHECK(authority->host.find_first_of("/?#@,\\\"[]<> ") == std::string_view::npos);
  const bool six = text.starts_with('[');
  const std::string host =
      six ? "[" + std::string(authority->host) + "]" : std::string(authority->host);
  CHECK(text.starts_with(host));
  CHECK(six || host.find(':') == std::string::npos);
  const std::string_view port = text.substr(host.size());
  CHECK(port.empty() == (authority->port == 0));
  CHECK(port.empty() || std::stoi(std::string(port.substr(1))) == authority->port);
}

void checkTarget(std::string_view method, std::string_view text) {
  const auto target = parseTarget(method, text);
  if (!target) return;
  CHECK(isGraphic(text));
  CHECK(text.find('#') == std::string_view::npos);
  CHECK((target->form == TargetForm::kAuthority) == (method == "CONNECT"));
  switch (target->form) {
    case TargetForm::kOrigin:
      CHECK(target->path == text && text.starts_with('/'));
      break;
    case TargetForm::kAsterisk:
      CHECK(method == "OPTIONS" && text == "*" && target->path == "*");
      break;
    case TargetForm::kAuthority:
      CHECK(target->authority == text && parseAuthority(text)->port != 0);
      break;
    case TargetForm::kAbsolute: {
      const std::string start =
          std::string(target->scheme) + "://" + std::string(target->authority);
      CHECK(text.starts_with(start));
      CHECK(parseAuthority(target->authority).has_value());
      const std::string_view path = text.substr(start.size());
      const std::string_view root = method == "OPTIONS" ? "*" : "/";
      CHECK(target->path == (path.empty() ? root : path));
      break;
    }
  }
}

}  // namespace
}  // namespace proxy::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  proxy::Input input(data, size);
  constexpr std::string_view kMethods[] = {"GET", "OPTIONS", "CONNECT"};
  const std::string_view method = kMethods[input.choice(3)];
  proxy::http::checkAuthority(input.rest());
  proxy::http::checkTarget(method, input.rest());
  return 0;
}
