#include "app/access_log.h"

#include <chrono>
#include <utility>

#include "core/format.h"

namespace proxy::app {

namespace {

http1::AccessTime now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace

Expected<std::unique_ptr<AccessLogFile>> AccessLogFile::open(const std::string& path,
                                                             http1::AccessFormat format) {
  auto file = LineFile::open(path);
  if (!file) return unexpected(fmt::format("--access-log \"{}\": {}", path, file.error()));
  return std::unique_ptr<AccessLogFile>(new AccessLogFile(*std::move(file), format));
}

AccessLogFile::AccessLogFile(std::unique_ptr<LineFile> file, http1::AccessFormat format)
    : file_(std::move(file)), format_(format) {}

void AccessLogFile::write(const http1::AccessEntry& entry) {
  thread_local std::string line;  // its room serves again
  line.clear();
  http1::appendLine(line, format_, entry, now());
  file_->write(line);
}

}  // namespace proxy::app
