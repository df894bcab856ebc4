// Other people's programs, as clients and upstreams. tools/setup installs them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "e2e/support/child.h"

namespace e2e {

inline Finished runProgram(std::vector<std::string> words) {
  auto finished = run({.words = std::move(words)}, Deadline(milliseconds(60'000)));
  EXPECT_NE(finished.status, 127) << "the program is missing: run tools/setup test";
  return finished;
}

inline std::string fileText(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// A second of wrk, with `words` behind its first ones; no request may fail. Returns how many it
/// made.
inline std::uint64_t runWrk(const std::vector<std::string>& words) {
  std::vector<std::string> all = {"wrk", "-d", "1"};
  all.insert(all.end(), words.begin(), words.end());
  const auto wrk = runProgram(std::move(all));
  EXPECT_EQ(wrk.status, 0) << wrk.out << wrk.err;
  EXPECT_EQ(wrk.out.find("Socket errors"), std::string::npos) << wrk.out;
  EXPECT_EQ(wrk.out.find("Non-2xx"), std::string::npos) << wrk.out;
  const std::size_t count = wrk.out.find(" requests in ");
  if (count == std::string::npos) {
    ADD_FAILURE() << wrk.out << wrk.err;
    return 0;
  }
  const std::uint64_t requests = std::stoul(wrk.out.substr(wrk.out.rfind('\n', count) + 1));
  EXPECT_GT(requests, 10U) << wrk.out;
  return requests;
}

}  // namespace e2e
