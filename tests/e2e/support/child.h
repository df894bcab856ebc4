// A program that a test runs: its output is read, its end waited for, and it never outlives the
// test. Belongs to one thread, the one that made it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "e2e/support/deadline.h"
#include "socksplice/unique_fd.h"

namespace e2e {

struct Command {
  std::vector<std::string> words;             ///< the program, searched in PATH, and its arguments
  std::vector<std::string> environment = {};  ///< NAME=value, instead of our own
  std::size_t descriptors = 0;                ///< RLIMIT_NOFILE; 0: as ours
};

class Child {
 public:
  explicit Child(const Command& command);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const;

  /// What it wrote and was read so far.
  [[nodiscard]] const std::string& out() const { return out_.text; }
  [[nodiscard]] const std::string& err() const { return err_.text; }

  /// Reads what it writes until `done` says so; false if it ended before, or the time is over.
  bool readUntil(const std::function<bool()>& done, const Deadline& deadline = Deadline());

  /// Reads all, and waits for its end. Returns the exit status, or 128 + the signal that ended it;
  /// a child that does not end in time is killed.
  int wait(const Deadline& deadline = Deadline());

 private:
  struct Stream {
    socksplice::UniqueFd fd;
    std::string text;

    void read();
  };

  bool readMore(const Deadline& deadline);

  pid_t pid_ = -1;
  socksplice::UniqueFd process_;  // a pidfd: readable when the process has ended
  bool ended_ = false;
  int status_ = -1;
  Stream out_;
  Stream err_;
};

/// Runs a program to its end.
struct Finished {
  int status;
  std::string out;
  std::string err;
};
Finished run(const Command& command, const Deadline& deadline = Deadline());

}  // namespace e2e
