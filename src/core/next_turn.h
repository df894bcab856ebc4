// A place in the queue of those who used up their share of a turn and go on behind the others.
// Belongs to the loop's thread; destroying it leaves the queue.
#pragma once

namespace proxy {

class EventLoop;
class NextTurn;

/// First in, first out. Those who queue up while it runs wait for the run after.
class TurnQueue {
 public:
  TurnQueue() noexcept;
  TurnQueue(const TurnQueue&) = delete;
  TurnQueue& operator=(const TurnQueue&) = delete;

  [[nodiscard]] bool empty() const noexcept { return head_.next == &head_; }
  void run();

 private:
  friend class NextTurn;
  struct Link {
    Link* next = this;
    Link* previous = this;
    void insertBefore(Link& place) noexcept;
    void remove() noexcept;
  };
  Link head_;
  Link end_;  // while run() is under way: those behind it came since
};

class NextTurn : private TurnQueue::Link {
 public:
  NextTurn() noexcept = default;
  NextTurn(const NextTurn&) = delete;
  NextTurn& operator=(const NextTurn&) = delete;
  ~NextTurn() { remove(); }

  /// Leaves the queue.
  void cancel() noexcept { remove(); }

  /// Calls `(owner->*Method)()` in the next turn; once, however often asked for.
  template <auto Method, class Owner>
  void ask(EventLoop& loop, Owner* owner) noexcept {
    queue(loop, [](void* it) { (static_cast<Owner*>(it)->*Method)(); }, owner);
  }

 private:
  friend class TurnQueue;
  void queue(EventLoop& loop, void (*callback)(void*), void* owner) noexcept;

  void (*callback_)(void*) = nullptr;
  void* owner_ = nullptr;
};

}  // namespace proxy
