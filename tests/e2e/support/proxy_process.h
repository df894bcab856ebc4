// The real binary under test. Starts on port 0, waits until it listens, and gives the addresses; at
// the end, the totals that it logs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/support/child.h"
#include "e2e/support/temporary_directory.h"
#include "e2e/support/vitals.h"

namespace e2e {

/// "name=number" words.
using Numbers = std::map<std::string, std::uint64_t, std::less<>>;
Numbers numbersIn(std::string_view text);

struct ProxyCommand {
  std::vector<std::string> arguments;
  std::string_view faults = {};  ///< FAULTIO; empty: happy I/O
  std::size_t descriptors = 0;   ///< RLIMIT_NOFILE; 0: as ours

  /// `report`: where faultio writes what it did; empty: nowhere.
  [[nodiscard]] Command command(const std::string& report) const;
};

/// Runs the binary to its end, for command lines that do not serve.
Finished runProxy(const std::vector<std::string>& arguments);

class ProxyProcess {
 public:
  struct Ended {
    int status = -1;
    std::string log;
    Numbers totals;  ///< of the line `stopped:`
    Numbers faults;  ///< what faultio did

    [[nodiscard]] std::uint64_t operator[](std::string_view total) const;
  };

  /// Throws with the log if it does not come to listen at every -l.
  explicit ProxyProcess(const ProxyCommand& command);

  /// Of the n-th listener.
  [[nodiscard]] const std::string& address(std::size_t n = 0) const { return addresses_.at(n); }
  [[nodiscard]] std::uint16_t port(std::size_t n = 0) const;

  [[nodiscard]] Vitals vitals() const { return Vitals::of(child_.pid()); }
  void signal(int number) const { child_.signal(number); }

  /// Sends a signal and waits until the log has `times` lines with `answer`. Under faults it is
  /// sent again: libevent's handler passes it on by a single send(2), which faultio may let fail.
  void tell(int signal, std::string_view answer, std::size_t times = 1);

  /// Waits until the log has `times` lines with `text`, and returns the last of these.
  std::string waitForLog(std::string_view text, std::size_t times = 1);

  /// What was logged and read so far.
  [[nodiscard]] const std::string& log() const { return child_.err(); }

  /// Waits until every session has ended: the sockets are as many as when it had just started.
  void waitUntilIdle();

  /// SIGTERM, then wait().
  Ended stop();

  /// Waits for its end, which must be in order: status 0, and with the totals told.
  Ended wait();

 private:
  TemporaryDirectory directory_;
  bool faulty_;
  Child child_;
  std::vector<std::string> addresses_;
  Vitals started_;
};

/// How many lines of `text` have `part` in them.
std::size_t linesWith(std::string_view text, std::string_view part);

}  // namespace e2e
