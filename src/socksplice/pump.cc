#include "socksplice/pump.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "socksplice/socket_io.h"

namespace socksplice {

namespace {

// The first read of the copy lane; one that comes back full says that a stream is under way.
constexpr std::size_t kFirstRead = std::size_t{64} * 1024;

// Splicing less than this costs more than copying it, and so many in a row end the splice lane.
constexpr std::size_t kSmallSplice = std::size_t{16} * 1024;
constexpr std::uint8_t kSmallSplices = 4;

// EINVAL: this kind of socket cannot be spliced (or not now); ENOSYS: a seccomp filter, another
// kernel.
bool cannotSplice(int error) noexcept { return error == EINVAL || error == ENOSYS; }

}  // namespace

Pump::Pump(Pools& pools) noexcept
    : pools_(&pools),
      splicing_(kZeroCopy && pools.limits().lane == Lane::kSplice),
      canSplice_(kZeroCopy && pools.limits().lane != Lane::kCopy) {
  // Steps this small would be too large for the copy lane and too small for the other, by turns.
  if (pools.limits().lane == Lane::kAuto && pools.limits().hold < kFirstRead) canSplice_ = false;
}

void Pump::limit(std::uint64_t bytes) noexcept {
  left_ = bytes;
  // Here the size of what comes is known before it comes.
  if (pools_->limits().lane == Lane::kAuto) splicing_ = canSplice_ && bytes >= kFirstRead;
}

bool Pump::hold(std::span<const std::byte> bytes) noexcept {
  if (bytes.empty()) return true;
  buffer_ = pools_->buffers().borrow(bytes.size());
  if (!buffer_) return false;
  std::memcpy(buffer_.room().data(), bytes.data(), bytes.size());
  buffer_.commit(bytes.size());
  return true;
}

std::size_t Pump::held() const noexcept {
  return (pipe_ ? pipe_->held() : 0) + (buffer_ ? buffer_.bytes().size() : 0);
}

void Pump::drop() noexcept {
  pipe_.reset();
  buffer_.reset();
}

Pump::Progress Pump::move(int source, int target, std::size_t share) noexcept {
  Progress progress;
  Step wait;
  while (!wait) wait = step(source, target, share, progress);
  progress.wait = *wait;
  if (pipe_ && pipe_->held() == 0) pipe_.reset();  // to hold nothing is to borrow nothing
  return progress;
}

// What is held goes out before anything more comes in.
Pump::Step Pump::step(int source, int target, std::size_t share, Progress& progress) noexcept {
  if (buffer_) return sendBuffer(target, progress);
  if (pipe_ && pipe_->held() > 0) return drainPipe(target, progress);
  if (left_ == 0) return Wait::kEnd;
  if (ended_) return error_ == 0 ? Wait::kEnd : Wait::kSourceFailed;
  if (progress.moved() >= share) return Wait::kNothing;
  const bool splice =
      splicing_ && (left_ >= kSmallSplice || pools_->limits().lane == Lane::kSplice);
  return splice ? fillPipe(source, target, progress) : copy(source, target, progress);
}

Pump::Step Pump::fillPipe(int source, int target, Progress& progress) noexcept {
  if (!pipe_) pipe_ = pools_->pipes().borrow();
  if (!pipe_) return pass(source, target, progress);

  const ssize_t got = pipe_->fill(source, stepSize(pools_->limits().hold));
  if (got > 0) {
    left_ -= static_cast<std::uint64_t>(got);
    noteSplice(static_cast<std::size_t>(got));
    return {};
  }
  if (got < 0 && cannotSplice(errno)) {
    splicing_ = canSplice_ = false;
    return {};
  }
  if (got < 0 && wouldBlock(errno) && progress.moved() > 0) return Wait::kSource;
  // ENOMEM is no failure of the source; any other the kernel forgets by telling.
  if (got < 0 && !wouldBlock(errno) && errno != ENOMEM) sourceFailed(errno);
  // recv has the last word. At an urgent byte splice says EAGAIN for ever although the socket polls
  // readable, or tells of an end or a reset although data stands in front of it.
  return copy(source, target, progress);
}

// Without a pipe, what the target does not take stays where it is: a stream that waits for a slow
// target holds no memory of ours. It costs one more call in each step than copy().
Pump::Step Pump::pass(int source, int target, Progress& progress) noexcept {
  const std::size_t asked = stepSize(std::min(kFirstRead, pools_->limits().hold));
  const ssize_t seen = peek(source, pools_->scratch(), asked);
  if (seen == 0) return sourceEnded(0);
  if (seen < 0) return wouldBlock(errno) ? Step(Wait::kSource) : sourceEnded(errno);
  const auto count = static_cast<std::size_t>(seen);
  const ssize_t sent = transmit(target, pools_->scratch(), count, false);
  if (sent < 0) return wouldBlock(errno) ? Step(Wait::kTarget) : targetFailed(errno);
  const auto gone = static_cast<std::size_t>(sent);
  progress.copied += gone;
  left_ -= gone;
  if (!discard(source, pools_->scratch(), gone)) return sourceEnded(errno);
  noteSplice(count);
  if (gone < count) return Wait::kTarget;
  return count < asked && !endFollows_ ? Step(Wait::kSource) : Step();
}

Pump::Step Pump::copy(int source, int target, Progress& progress) noexcept {
  const std::size_t asked = stepSize(readSize());
  std::size_t count = 0;
  const Step wait = read(source, asked, count);
  left_ -= count;
  if (!splicing_) noteCopy(asked, count);
  if (const Step blocked = send(target, count, progress)) return blocked;
  return wait;
}

// Reads into the scratch buffer. A short read ends it: the caller is told again if there is more.
// Only an end that is known to follow is read as well, so that it leaves with the bytes in front of
// it.
Pump::Step Pump::read(int source, std::size_t asked, std::size_t& count) noexcept {
  while (count < asked) {
    const ssize_t got = receive(source, pools_->scratch() + count, asked - count);
    if (got == 0) return sourceEnded(0);
    if (got < 0) return wouldBlock(errno) ? Step(Wait::kSource) : sourceEnded(errno);
    count += static_cast<std::size_t>(got);
    if (count < asked && !endFollows_) return Wait::kSource;
  }
  return {};
}

// Sends from the scratch buffer; only what the target does not take at once is kept.
Pump::Step Pump::send(int target, std::size_t count, Progress& progress) noexcept {
  const std::byte* bytes = pools_->scratch();
  // Behind the last bytes the caller passes the end on at once: both then leave in one segment.
  const bool more = ended_ && error_ == 0;
  while (count > 0) {
    const ssize_t sent = transmit(target, bytes, count, more);
    if (sent < 0 && wouldBlock(errno)) {
      return hold({bytes, count}) ? Wait::kTarget : targetFailed(ENOMEM);
    }
    if (sent < 0) return targetFailed(errno);
    progress.copied += static_cast<std::size_t>(sent);
    bytes += sent;
    count -= static_cast<std::size_t>(sent);
  }
  return {};
}

Pump::Step Pump::sendBuffer(int target, Progress& progress) noexcept {
  const auto bytes = buffer_.bytes();
  const ssize_t sent = transmit(target, bytes.data(), bytes.size(), false);
  if (sent < 0) return wouldBlock(errno) ? Step(Wait::kTarget) : targetFailed(errno);
  progress.copied += static_cast<std::size_t>(sent);
  buffer_.consume(static_cast<std::size_t>(sent));
  if (buffer_.bytes().empty()) buffer_.reset();
  return {};
}

Pump::Step Pump::drainPipe(int target, Progress& progress) noexcept {
  const ssize_t sent = pipe_->drain(target);
  if (sent > 0) {
    progress.spliced += static_cast<std::size_t>(sent);
    return {};
  }
  if (sent < 0 && wouldBlock(errno)) return Wait::kTarget;
  if (sent < 0 && cannotSplice(errno)) return emptyPipeIntoBuffer();
  return targetFailed(sent < 0 ? errno : EIO);
}

// The target takes no splice: what is in the pipe goes on through memory.
Pump::Step Pump::emptyPipeIntoBuffer() noexcept {
  splicing_ = canSplice_ = false;
  buffer_ = pools_->buffers().borrow(pipe_->held());
  if (!buffer_) return targetFailed(ENOMEM);
  while (pipe_->held() > 0) {
    const ssize_t got = pipe_->read(buffer_.room().data(), buffer_.room().size());
    if (got <= 0) return targetFailed(got < 0 ? errno : EIO);
    buffer_.commit(static_cast<std::size_t>(got));
  }
  pipe_.reset();
  return {};
}

Pump::Step Pump::sourceEnded(int error) noexcept {
  ended_ = true;
  error_ = error != 0 ? error : sourceError_;
  return {};
}

Pump::Step Pump::targetFailed(int error) noexcept {
  error_ = error;
  drop();
  return Wait::kTargetFailed;
}

std::size_t Pump::stepSize(std::size_t most) const noexcept {
  return static_cast<std::size_t>(std::min<std::uint64_t>(most, left_));
}

std::size_t Pump::readSize() const noexcept {
  return std::min(kFirstRead << growth_, pools_->limits().hold);
}

void Pump::noteSplice(std::size_t got) noexcept {
  small_ = got < kSmallSplice ? static_cast<std::uint8_t>(small_ + 1) : std::uint8_t{0};
  if (small_ == kSmallSplices && pools_->limits().lane == Lane::kAuto) splicing_ = false;
}

void Pump::noteCopy(std::size_t asked, std::size_t got) noexcept {
  small_ = 0;
  if (got == asked) {
    splicing_ = canSplice_;
    if (readSize() < pools_->limits().hold) ++growth_;
  } else if (growth_ > 0 && got < asked / 4) {
    --growth_;
  }
}

}  // namespace socksplice
