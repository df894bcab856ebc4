// What holds of every head that is read, be it a request's or a response's.
#pragma once

#include <string_view>

#include "core/check.h"
#include "fuzz/passing_on.h"
#include "http/head_parser.h"
#include "http/list.h"
#include "http/parsing.h"

namespace proxy::http {

inline constexpr HeadLimits kLimits{1024, 16, 128};
/// For what has become of a head within kLimits.
inline constexpr HeadLimits kWide{8192, 100, 8192};

/// A head comes to the same whole as byte by byte. Returns whether `parser` has one now;
/// `reset`: makes it begin anew.
template <typename Parser, typename Reset>
bool isRead(Parser& parser, std::string_view bytes, const Reset& reset) {
  reset();
  const Reading slowly = readInSteps(parser, bytes, 1);
  reset();
  const Reading whole = readStep(parser, bytes);
  CHECK(whole == slowly);
  CHECK((whole.parsed == Parsed::kRefused) == (whole.problem != Problem::kNone));
  if (whole.parsed != Parsed::kDone) return false;
  CHECK(parser.parse(bytes) == Parsed::kDone);  // of bytes that stay
  CHECK(parser.headSize() == slowly.taken);
  return true;
}

inline void checkHead(std::string_view text, Fields fields) {
  CHECK(text.ends_with("\r\n\r\n"));
  for (const Field& field : fields) {
    CHECK(isToken(field.name));
    CHECK(isHarmless(field.value));
    CHECK(field.known == nameOf(field.name));
  }
}

}  // namespace proxy::http
