// Parses a head whole, and again as it comes in byte by byte, each time from a buffer that has just
// the bytes there are and lies elsewhere: a sanitizer sees what is read beyond it, or kept of it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "http/head_parser.h"

namespace proxy::http {

struct Reading {
  Parsed parsed = Parsed::kMore;
  Problem problem = Problem::kNone;
  std::size_t size = 0;   ///< of the head; where it is done
  std::size_t taken = 0;  ///< bytes that the parser had been given then

  bool operator==(const Reading& other) const {
    return parsed == other.parsed && problem == other.problem && size == other.size;
  }
};

template <typename Parser>
Reading readStep(Parser& parser, std::string_view bytes) {
  const std::vector<char> copy(bytes.begin(), bytes.end());
  Reading reading;
  reading.parsed = parser.parse({copy.data(), copy.size()});
  reading.problem = parser.problem();
  if (reading.parsed == Parsed::kDone) reading.size = parser.headSize();
  reading.taken = bytes.size();
  return reading;
}

/// With `step` more bytes each time, until it is decided or there are no more.
template <typename Parser>
Reading readInSteps(Parser& parser, std::string_view bytes, std::size_t step) {
  Reading reading;
  for (std::size_t end = std::min(step, bytes.size());; end = std::min(end + step, bytes.size())) {
    reading = readStep(parser, bytes.substr(0, end));
    if (reading.parsed != Parsed::kMore || end == bytes.size()) return reading;
  }
}

inline const char* nameOf(Parsed parsed) {
  switch (parsed) {
    case Parsed::kMore:
      return "more";
    case Parsed::kDone:
      return "done";
    case Parsed::kRefused:
      return "refused";
  }
  return "?";
}

inline std::ostream& operator<<(std::ostream& out, const Reading& reading) {
  return out << nameOf(reading.parsed) << ", head " << reading.size << ", problem "
             << static_cast<int>(reading.problem.reason()) << " (" << info(reading.problem).text
             << ")";
}

}  // namespace proxy::http
