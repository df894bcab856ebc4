#include "core/next_turn.h"

#include "core/event_loop.h"

namespace proxy {

void TurnQueue::Link::insertBefore(Link& place) noexcept {
  previous = place.previous;
  next = &place;
  previous->next = this;
  place.previous = this;
}

void TurnQueue::Link::remove() noexcept {
  previous->next = next;
  next->previous = previous;
  next = previous = this;
}

TurnQueue::TurnQueue() noexcept = default;

void TurnQueue::run() {
  end_.insertBefore(head_);
  while (head_.next != &end_) {
    auto* turn = static_cast<NextTurn*>(head_.next);
    turn->remove();
    turn->callback_(turn->owner_);
  }
  end_.remove();
}

void NextTurn::queue(EventLoop& loop, void (*callback)(void*), void* owner) noexcept {
  callback_ = callback;
  owner_ = owner;
  remove();
  insertBefore(loop.turns_.head_);
}

}  // namespace proxy
