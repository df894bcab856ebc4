// The access log of the program: a file, or stdout, to which every worker's thread writes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/expected.h"
#include "core/line_file.h"
#include "http1/access_line.h"
#include "http1/access_log.h"

namespace proxy::app {

class AccessLogFile final : public http1::AccessLog {
 public:
  /// Or the sentence why there can be none; "-" is stdout.
  [[nodiscard]] static Expected<std::unique_ptr<AccessLogFile>> open(const std::string& path,
                                                                     http1::AccessFormat format);

  /// Any thread; never waits.
  void write(const http1::AccessEntry& entry) override;

  /// After the file was renamed: what is to come goes to a new one.
  void reopen() { file_->reopen(); }

  /// Writes what is queued, in a second at most. No write() may come any more.
  void stop() { file_->stop(); }

  /// Lines that were not written.
  [[nodiscard]] std::uint64_t dropped() const { return file_->dropped(); }

 private:
  AccessLogFile(std::unique_ptr<LineFile> file, http1::AccessFormat format);

  const std::unique_ptr<LineFile> file_;
  const http1::AccessFormat format_;
};

}  // namespace proxy::app
