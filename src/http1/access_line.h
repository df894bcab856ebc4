// One entry of the access log as a line, without its line break. Pure. Nothing that a client sends
// can end a line, or look like another field of it: such bytes are escaped, as each format has it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "http1/access_log.h"

namespace proxy::http1 {

using AccessTime = std::chrono::sys_time<std::chrono::milliseconds>;

enum class AccessFormat : std::uint8_t { kCombined, kJson };

/// Apache's: client - - [21/Nov/2026:14:03:59 +0000] "GET / HTTP/1.1" 200 612 "referer" "user
/// agent" The time is UTC's. What there is none of is "-", a status 000. Quotes, backslashes and
/// all that is not printable ASCII become \xHH, as nginx does it.
void appendCombined(std::string& line, const AccessEntry& entry, AccessTime time);

/// An object that always has the same keys; what the exchange did not come to is null, a text that
/// is not there is empty. Of UTF-8, control characters and U+2028 and U+2029, which some readers
/// take for line breaks, are escaped; a byte that is no UTF-8 becomes \u00HH.
void appendJson(std::string& line, const AccessEntry& entry, AccessTime time);

void appendLine(std::string& line, AccessFormat format, const AccessEntry& entry, AccessTime time);

}  // namespace proxy::http1
