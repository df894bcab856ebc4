#include "core/line_file.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <deque>
#include <future>
#include <limits>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "core/rate_limit.h"
#include "core/wakeup.h"
#include "socksplice/unique_fd.h"

namespace proxy {

namespace {

using socksplice::UniqueFd;

// Bytes that wait at most: some 40,000 lines of an access log.
constexpr std::size_t kMostQueued = std::size_t{8} * 1024 * 1024;
// What is written, or dropped, as one.
constexpr std::size_t kChunk = std::size_t{64} * 1024;
constexpr std::size_t kSpareChunks = 8;

// A line waits so long, or until there are so many bytes, for others that share its wake-up and its
// write(2): to wake a thread for each line would cost its writer 2 us.
constexpr milliseconds kGatherTime{100};
constexpr std::size_t kGatherBytes = std::size_t{256} * 1024;

// stop(): for the last lines, and then for the thread to hear that there is no more time.
constexpr milliseconds kLastLines{900};
constexpr milliseconds kGiveUp{100};

// Instead of an errno.
constexpr int kNoMoreTime = -1;

struct Chunk {
  std::string bytes;  // whole lines
  std::uint64_t lines = 0;
};

// Lines in their order. Not for two threads at once.
class LineQueue {
 public:
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// Returns how many lines had to be dropped for it.
  std::uint64_t add(std::string_view line) {
    const std::size_t size = line.size() + 1;
    if (size > kMostQueued) return 1;
    std::uint64_t dropped = 0;
    while (bytes_ + size > kMostQueued) {
      Chunk oldest = take();
      dropped += oldest.lines;
      recycle(std::move(oldest));
    }
    if (chunks_.empty() || chunks_.back().bytes.size() + size > kChunk) addChunk();
    Chunk& last = chunks_.back();
    last.bytes.append(line).push_back('\n');
    ++last.lines;
    bytes_ += size;
    return dropped;
  }

  /// The oldest lines; none if there are none.
  [[nodiscard]] Chunk take() {
    if (chunks_.empty()) return {};
    Chunk oldest = std::move(chunks_.front());
    chunks_.pop_front();
    bytes_ -= oldest.bytes.size();
    return oldest;
  }

  /// Its room serves again, unless it grew for a long line.
  void recycle(Chunk chunk) {
    if (spare_.size() == kSpareChunks || chunk.bytes.capacity() > 2 * kChunk) return;
    chunk.bytes.clear();
    spare_.push_back(std::move(chunk.bytes));
  }

 private:
  void addChunk() {
    Chunk& chunk = chunks_.emplace_back();
    if (spare_.empty()) return chunk.bytes.reserve(kChunk);
    chunk.bytes = std::move(spare_.back());
    spare_.pop_back();
  }

  std::deque<Chunk> chunks_;
  std::vector<std::string> spare_;
  std::size_t bytes_ = 0;
};

std::string teach(int error) {
  switch (error) {
    case ENOENT:
      return "its directory does not exist; make it first, or give - for stdout";
    case EACCES:
    case EPERM:
    case EROFS:
      return "this user may not write there; give a file that it may write, or - for stdout";
    case EISDIR:
      return "that is a directory; give a file in it, or - for stdout";
    case ENOTDIR:
      return "a part of its path is no directory; give a file in one, or - for stdout";
    case ENXIO:
      return "nobody reads from it; start its reader first, or give a file, or - for stdout";
    case EBADF:
      return "stdout is closed; give a file";
    default:
      return std::generic_category().message(error) +
             "; give a file that can be written, or - for stdout";
  }
}

bool isStdout(const std::string& path) { return path == "-"; }

// Empty, and errno, if it cannot be opened.
UniqueFd openFile(const std::string& path) {
  if (isStdout(path)) return UniqueFd(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
  // O_NONBLOCK: to open a named pipe would otherwise wait for its reader.
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY;
  UniqueFd fd(::open(path.c_str(), kFlags | O_NONBLOCK, 0644));
  if (fd) fcntl(fd.get(), F_SETFL, O_APPEND);
  return fd;
}

// Of what is no file, poll(2) promises room for so many bytes: a write(2) of them does not wait,
// and to a pipe it is all or nothing.
std::size_t longestWrite(int fd) {
  struct stat status{};
  const bool isFile = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  return isFile ? std::numeric_limits<std::size_t>::max() : PIPE_BUF;
}

}  // namespace

// What the callers' threads and the file's own share, and what is the latter's.
class LineFile::Writer {
 public:
  Writer(std::string path, UniqueFd fd)
      : path_(std::move(path)), fd_(std::move(fd)), longestWrite_(longestWrite(fd_.get())) {}

  // Any thread.
  void add(std::string_view line);
  void ask(std::atomic<bool>& what);  // one of these
  std::atomic<bool> reopens{false};
  std::atomic<bool> stops{false};
  std::atomic<bool> givesUp{false};

  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  [[nodiscard]] bool isDoneWithin(milliseconds time) const {
    return over_.wait_for(time) == std::future_status::ready;
  }

  // The file's thread.
  void run();

 private:
  static constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

  void sleepUntil(std::size_t bytes, int timeout);
  void writeQueued();
  [[nodiscard]] Chunk take();
  void write(const Chunk& chunk);
  [[nodiscard]] int writeAll(std::string_view& bytes);
  [[nodiscard]] bool waitForRoom();
  [[nodiscard]] std::size_t pieceOf(std::string_view bytes) const;
  void lose(const Chunk& chunk, std::string_view rest, int error);
  void reopen();

  Wakeup wakeup_;
  std::atomic<std::uint64_t> dropped_{0};
  std::promise<void> done_;
  const std::future<void> over_ = done_.get_future();

  std::mutex mutex_;
  LineQueue queue_;              // guarded by mutex_
  std::size_t wakeAt_ = kNever;  // guarded by mutex_: the thread sleeps until so many bytes wait
  RateLimit overflows_{1, std::chrono::minutes(1)};  // guarded by mutex_

  const std::string path_;

  // The file's thread's.
  UniqueFd fd_;
  std::size_t longestWrite_;
  bool torn_ = false;  // the file ends within a line
  RateLimit warnings_{1, std::chrono::minutes(1)};
};

void LineFile::Writer::add(std::string_view line) {
  bool wakes = false;
  bool warns = false;
  {
    const std::lock_guard lock(mutex_);
    if (stops) {
      ++dropped_;
      return;
    }
    const std::uint64_t lost = queue_.add(line);
    if (lost > 0) {
      dropped_ += lost;
      warns = overflows_.pass(monotonicNow()).has_value();
    }
    wakes = queue_.bytes() >= wakeAt_;
    if (wakes) wakeAt_ = kNever;
  }
  if (wakes) wakeup_.signal();
  if (warns) log::warning("\"{}\" does not take its lines fast enough: some are dropped", path_);
}

void LineFile::Writer::ask(std::atomic<bool>& what) {
  {
    const std::lock_guard lock(mutex_);  // not between the thread's look and its sleep
    what = true;
  }
  wakeup_.signal();
}

void LineFile::Writer::run() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);  // and so a pipe without a reader is EPIPE
#ifdef __linux__
  pthread_setname_np(pthread_self(), "line file");
#endif
  while (!stops) {
    sleepUntil(1, -1);
    sleepUntil(kGatherBytes, static_cast<int>(kGatherTime.count()));
    if (reopens.exchange(false)) reopen();  // though there be no lines
    writeQueued();
  }
  writeQueued();
  done_.set_value();
}

// Or until something is asked for.
void LineFile::Writer::sleepUntil(std::size_t bytes, int timeout) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.bytes() >= bytes || reopens || stops) return;
    wakeAt_ = bytes;
  }
  pollfd woken = {.fd = wakeup_.fd(), .events = POLLIN, .revents = 0};
  poll(&woken, 1, timeout);
  const std::lock_guard lock(mutex_);
  wakeAt_ = kNever;
  wakeup_.clear();
}

void LineFile::Writer::writeQueued() {
  for (Chunk chunk = take(); chunk.lines > 0; chunk = take()) {
    if (reopens.exchange(false)) reopen();  // lines may come as fast as they are written
    write(chunk);
    const std::lock_guard lock(mutex_);
    queue_.recycle(std::move(chunk));
  }
}

Chunk LineFile::Writer::take() {
  const std::lock_guard lock(mutex_);
  return queue_.take();
}

void LineFile::Writer::write(const Chunk& chunk) {
  std::string_view lineEnd = torn_ ? "\n" : "";
  std::string_view rest = chunk.bytes;
  int error = writeAll(lineEnd);
  if (error == 0) {
    torn_ = false;
    error = writeAll(rest);
    const std::size_t written = chunk.bytes.size() - rest.size();
    if (written > 0) torn_ = chunk.bytes[written - 1] != '\n';
  }
  if (error != 0) lose(chunk, rest, error);
}

// Leaves in `bytes` what was not written; then the errno says why.
int LineFile::Writer::writeAll(std::string_view& bytes) {
  while (!bytes.empty()) {
    if (!waitForRoom()) return kNoMoreTime;
    const ssize_t wrote = ::write(fd_.get(), bytes.data(), pieceOf(bytes));
    if (wrote >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(wrote));
    } else if (errno != EINTR && errno != EAGAIN) {
      return errno;
    }
  }
  return 0;
}

// False if there is no more time.
bool LineFile::Writer::waitForRoom() {
  while (!givesUp) {
    std::array<pollfd, 2> ready = {
        {{fd_.get(), POLLOUT, 0}, {.fd = wakeup_.fd(), .events = POLLIN, .revents = 0}}};
    poll(ready.data(), ready.size(), -1);
    if (ready[0].revents != 0) return true;
    wakeup_.clear();
  }
  return false;
}

// Whole lines, if that many fit into a write.
std::size_t LineFile::Writer::pieceOf(std::string_view bytes) const {
  if (bytes.size() <= longestWrite_) return bytes.size();
  const std::size_t end = bytes.rfind('\n', longestWrite_ - 1);
  return end == bytes.npos ? longestWrite_ : end + 1;
}

// What is left of a chunk; most often all of it, which need not be counted again.
void LineFile::Writer::lose(const Chunk& chunk, std::string_view rest, int error) {
  const std::uint64_t lines =
      rest.size() == chunk.bytes.size()
          ? chunk.lines
          : static_cast<std::uint64_t>(std::count(rest.begin(), rest.end(), '\n'));
  dropped_ += lines;
  const auto heldBack = error == kNoMoreTime ? std::nullopt : warnings_.pass(monotonicNow());
  if (heldBack) {
    log::warning("\"{}\" cannot be written: {}; {} lines are dropped", path_,
                 std::generic_category().message(error), lines);
  }
}

void LineFile::Writer::reopen() {
  if (isStdout(path_)) return;
  UniqueFd fd = openFile(path_);
  if (!fd) {
    return log::warning("\"{}\" cannot be opened again, lines go to the file as it was: {}", path_,
                        teach(errno));
  }
  fd_ = std::move(fd);
  longestWrite_ = longestWrite(fd_.get());
  torn_ = false;
  log::info("\"{}\" is opened again", path_);
}

Expected<std::unique_ptr<LineFile>> LineFile::open(const std::string& path) {
  UniqueFd fd = openFile(path);
  if (!fd) return unexpected(teach(errno));
  auto writer = std::make_shared<Writer>(path, std::move(fd));
  return std::unique_ptr<LineFile>(new LineFile(std::move(writer)));
}

LineFile::LineFile(std::shared_ptr<Writer> writer)
    : writer_(std::move(writer)), thread_([it = writer_] { it->run(); }) {}

LineFile::~LineFile() { stop(); }

void LineFile::write(std::string_view line) { writer_->add(line); }

void LineFile::reopen() { writer_->ask(writer_->reopens); }

void LineFile::stop() {
  if (!thread_.joinable()) return;
  writer_->ask(writer_->stops);
  if (!writer_->isDoneWithin(kLastLines)) writer_->ask(writer_->givesUp);
  if (writer_->isDoneWithin(kGiveUp)) {
    thread_.join();
  } else {
    thread_.detach();  // in a write(2) that does not return
  }
}

std::uint64_t LineFile::dropped() const { return writer_->dropped(); }

}  // namespace proxy
