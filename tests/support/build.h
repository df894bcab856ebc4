// What kind of build the tests run in, so that the heavy ones can take less of it. The tests of a
// sanitized program need not be sanitized themselves; then SANITIZED_ADDRESS tells them.
#pragma once

#include <cstddef>

namespace support {

#if defined(__SANITIZE_ADDRESS__) || defined(SANITIZED_ADDRESS)
inline constexpr bool kAddressSanitizer = true;
#else
inline constexpr bool kAddressSanitizer = false;
#endif

#if defined(__SANITIZE_THREAD__)
inline constexpr bool kThreadSanitizer = true;
#else
inline constexpr bool kThreadSanitizer = false;
#endif

inline constexpr bool kSanitized = kAddressSanitizer || kThreadSanitizer;

/// Heavy amounts are divided by this.
inline constexpr std::size_t kSlowness = kThreadSanitizer ? 16 : kAddressSanitizer ? 8 : 1;

}  // namespace support
