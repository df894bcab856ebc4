#pragma once

// The vocabulary of the program that faultio_test runs under the preload library. It makes the
// calls, prints what came back as "name=number" lines, and exits 1 with a sentence where a call did
// what it never may. One command per function below; faultio_probe.cc lists them.

#include <cstddef>
#include <string_view>

namespace probe {

[[noreturn]] void fail(const char* what);
void require(bool isSo, const char* what);
void report(std::string_view name, long long value);

/// Where bytes are put in, and where they come out.
struct Ends {
  int in = -1;
  int out = -1;
};

[[nodiscard]] Ends socketEnds(int type);
[[nodiscard]] Ends pipeEnds(int flags = 0);

/// Owns both ends.
class Channel {
 public:
  explicit Channel(Ends ends) : ends_(ends) {}
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  [[nodiscard]] int in() const { return ends_.in; }
  [[nodiscard]] int out() const { return ends_.out; }
  void closeIn();

  /// Puts bytes in past the library, so that the call under test is the only one it sees.
  void fill(std::size_t bytes) const;

 private:
  Ends ends_;
};

/// What one call of each kind moved.
void lengths();
/// Descriptors that are never touched.
void untouched();
/// Calls that are never cut.
void whole();
/// Patterned bytes through retry loops; `kind` names the calls.
void stream(std::string_view kind, std::size_t bytes, bool nonBlocking);
/// How often each errno came.
void rates();
/// The faults of two threads, one after the other.
void threads();
/// Whether epoll reports again after a fault.
void rearm();
/// Both ends of a channel on one edge-triggered epoll; takes a short count for the end if told so.
void edges(bool isPipe, bool stopsAtShort, std::size_t bytes);

}  // namespace probe
