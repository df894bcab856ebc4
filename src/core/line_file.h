// A file to which any thread adds lines. They are queued, and written by a thread of the file's
// own: nobody else ever waits for a disk, or for the reader of a pipe. Where those do not keep up,
// the oldest lines are dropped and counted.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "core/expected.h"

namespace proxy {

class LineFile {
 public:
  /// Appends to `path`, which is made if there is none; "-" is stdout. Or the reason why it cannot,
  /// and what would help. Throws std::system_error where threads or descriptors have run out.
  [[nodiscard]] static Expected<std::unique_ptr<LineFile>> open(const std::string& path);
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;
  ~LineFile();  ///< stop()

  /// Any thread. The line, which has no line break, is in the file within a second.
  void write(std::string_view line);

  /// Any thread. What is written from soon on goes to what `path` then names, as after a rename;
  /// if that cannot be opened, to the same file as before, with a warning.
  void reopen();

  /// Writes what is queued, in a second at most; what remains is dropped. The owner's thread.
  void stop();

  /// Any thread.
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  class Writer;

  explicit LineFile(std::shared_ptr<Writer> writer);

  std::shared_ptr<Writer> writer_;  // the thread's too: it may have to be left behind
  std::thread thread_;
};

}  // namespace proxy
