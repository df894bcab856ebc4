#include "e2e/support/vitals.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace e2e {

namespace {

namespace fs = std::filesystem;

void countDescriptors(const fs::path& process, Vitals& vitals) {
  for (const auto& entry : fs::directory_iterator(process / "fd")) {
    std::error_code gone;
    const std::string target = fs::read_symlink(entry.path(), gone).string();
    if (gone) continue;
    ++vitals.descriptors;
    if (target.starts_with("socket:")) ++vitals.sockets;
    if (target.starts_with("pipe:")) ++vitals.pipeEnds;
  }
}

// The number behind `key` in a file of "key: number" lines, or 0.
std::uint64_t field(const fs::path& file, const std::string& key) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(key)) return std::stoull(line.substr(key.size()));
  }
  return 0;
}

// Nanoseconds on a CPU (the first number of schedstat).
std::uint64_t onCpu(const fs::path& thread) {
  std::uint64_t nanoseconds = 0;
  std::ifstream(thread / "schedstat") >> nanoseconds;
  return nanoseconds;
}

}  // namespace

Vitals Vitals::of(pid_t process) {
  const fs::path path = fs::path("/proc") / std::to_string(process);
  Vitals vitals;
  countDescriptors(path, vitals);
  vitals.residentKiB = field(path / "status", "VmRSS:");
  std::uint64_t nanoseconds = 0;
  for (const auto& thread : fs::directory_iterator(path / "task")) {
    nanoseconds += onCpu(thread.path());
    vitals.naps += field(thread.path() / "status", "voluntary_ctxt_switches:");
  }
  vitals.cpu =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::nanoseconds(nanoseconds));
  return vitals;
}

}  // namespace e2e
