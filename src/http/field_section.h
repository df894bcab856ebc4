// A header or trailer section as text (RFC 9112, 5), taken apart into fields. Private to this
// folder; pure.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "http/field.h"

namespace proxy::http {

enum class Split : unsigned char { kDone, kMalformed, kTooMany };

/// `text` ends with the empty line, and llhttp found no fault in it: that values hold no control
/// characters is not looked at again. The fields are views into `text`.
[[nodiscard]] Split splitSection(std::string_view text, std::size_t limit,
                                 std::vector<Field>& fields);

}  // namespace proxy::http
