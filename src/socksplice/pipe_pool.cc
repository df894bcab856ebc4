#include "socksplice/pipe_pool.h"

#include <utility>

namespace socksplice {

namespace {

// Where the kernel gave none, it costs several system calls to hear the same again: so many
// borrowers are refused without asking.
constexpr std::uint32_t kSpared = 64;

}  // namespace

PooledPipe::PooledPipe(PooledPipe&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)), pipe_(std::move(other.pipe_)) {}

PooledPipe& PooledPipe::operator=(PooledPipe&& other) noexcept {
  if (this != &other) {
    reset();
    pool_ = std::exchange(other.pool_, nullptr);
    pipe_ = std::move(other.pipe_);
  }
  return *this;
}

void PooledPipe::reset() noexcept {
  if (pool_ == nullptr) return;
  std::exchange(pool_, nullptr)->giveBack(std::move(pipe_));
}

PipePool::PipePool(Limits limits) : limits_(limits) { idle_.reserve(limits_.idle); }

PooledPipe PipePool::borrow() noexcept {
  Pipe pipe;
  if (!idle_.empty()) {
    pipe = std::move(idle_.back());
    idle_.pop_back();
  } else if (lent_ < limits_.lent && spared_ == 0) {
    pipe = Pipe::open(limits_.capacity);
    if (!pipe) spared_ = kSpared;
  } else if (spared_ > 0) {
    --spared_;
  }
  if (!pipe) {
    ++refused_;
    return {};
  }
  ++lent_;
  return {*this, std::move(pipe)};
}

void PipePool::giveBack(Pipe pipe) noexcept {
  --lent_;
  spared_ = 0;
  // Bytes of one session must never come out in another.
  if (pipe.held() == 0 && idle_.size() < limits_.idle) idle_.push_back(std::move(pipe));
}

}  // namespace socksplice
