// The elements of a list, put together again, are a list of the same elements; none is empty, has
// white space around it or holds a comma outside of quoted strings; and each is found.
#include <cstdint>
#include <string>
#include <vector>

#include "core/check.h"
#include "fuzz/input.h"
#include "http/list.h"

namespace proxy::http {
namespace {

std::vector<std::string> elementsOf(std::string_view value) {
  std::vector<std::string> elements;
  for (List list(value); list.next();) elements.emplace_back(list.element());
  return elements;
}

bool hasBareComma(std::string_view element) {
  bool quoted = false;
  bool escaped = false;
  for (const char c : element) {
    if (escaped) {
      escaped = false;
    } else if (quoted && c == '\\') {
      escaped = true;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      return true;
    }
  }
  return false;
}

void check(std::string_view value) {
  const std::vector<std::string> elements = elementsOf(value);
  std::string joined;
  const Field fields[] = {{"Connection", value, Name::kConnection}};
  for (const std::string& element : elements) {
    CHECK(!element.empty());
    CHECK(std::string_view(" \t").find(element.front()) == std::string_view::npos);
    CHECK(std::string_view(" \t").find(element.back()) == std::string_view::npos);
    CHECK(!hasBareComma(element));
    CHECK(lists(fields, Name::kConnection, element));
    if (!joined.empty()) joined += " ,, ";
    joined += element;
  }
  CHECK(elementsOf(joined) == elements);
  CHECK(!isToken(value) || elements == std::vector<std::string>{std::string(value)});
}

}  // namespace
}  // namespace proxy::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  proxy::http::check(proxy::Input(data, size).rest());
  return 0;
}
