#include "e2e/support/stream.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <gtest/gtest.h>

namespace e2e {

namespace {

constexpr std::size_t kPiece = std::size_t{256} * 1024;
constexpr int kPieces = 4;  // of one stream before the next has its turn

// How long nothing may go on until it is taken for stuck: longer than a sender's kernel waits
// before it asks a full receiver again.
constexpr int kStuck = 300;

}  // namespace

Stream::Stream(Peer& from, Peer& to, std::uint64_t seed, std::uint64_t bytes)
    : from_(&from), to_(&to), pattern_(seed), bytes_(bytes) {}

void Stream::giveUp() { endedWriting_ = over_ = true; }

void Stream::send() {
  for (int i = 0; i < kPieces && sent_ < bytes_; ++i) {
    const auto piece =
        pattern_.from(sent_).substr(0, std::min<std::uint64_t>(kPiece, bytes_ - sent_));
    const std::size_t taken = from_->sendSome(piece);
    if (taken == 0) return;
    sent_ += taken;
  }
  if (sent_ == bytes_ && !heldOpen_) {
    from_->endWriting();
    endedWriting_ = true;
  }
}

void Stream::receive() {
  static std::vector<char> room(kPiece);
  for (int i = 0; i < kPieces; ++i) {
    const ssize_t got = ::recv(to_->fd(), room.data(), room.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got < 0) {
      ADD_FAILURE() << "after " << received_ << " of " << bytes_
                    << " bytes: " << std::strerror(errno);
      return giveUp();
    }
    if (got == 0) {
      EXPECT_EQ(received_, bytes_) << "the stream ended early";
      over_ = true;
      return;
    }
    const auto count = static_cast<std::size_t>(got);
    if (const auto wrong = pattern_.firstWrong(received_, {room.data(), count})) {
      ADD_FAILURE() << "byte " << *wrong << " of " << bytes_ << " is not the one that was sent";
      return giveUp();
    }
    received_ += count;
  }
}

void drive(std::vector<Stream>& streams, const Deadline& deadline) {
  for (;;) {
    std::vector<pollfd> waiting;
    for (const Stream& stream : streams) {
      waiting.push_back({stream.isSending() ? stream.from().fd() : -1, POLLOUT, 0});
      waiting.push_back({stream.isReceiving() ? stream.to().fd() : -1, POLLIN, 0});
    }
    if (std::all_of(waiting.begin(), waiting.end(), [](const pollfd& w) { return w.fd < 0; }))
      return;
    if (::poll(waiting.data(), waiting.size(), deadline.left()) <= 0) {
      for (const Stream& stream : streams) {
        if (!stream.isReceiving()) continue;
        ADD_FAILURE() << "a stream hangs: " << stream.sent() << " bytes went in, "
                      << stream.received() << " came out";
      }
      return;
    }
    for (std::size_t i = 0; i < streams.size(); ++i) {
      if (waiting[2 * i].revents != 0) streams[i].send();
      if (waiting[2 * i + 1].revents != 0) streams[i].receive();
    }
  }
}

void fill(std::vector<Stream>& streams) {
  for (;;) {
    std::vector<pollfd> waiting;
    for (const Stream& stream : streams) {
      waiting.push_back({stream.isSending() ? stream.from().fd() : -1, POLLOUT, 0});
    }
    if (::poll(waiting.data(), waiting.size(), kStuck) <= 0) return;
    for (std::size_t i = 0; i < streams.size(); ++i) {
      if (waiting[i].revents != 0) streams[i].send();
    }
  }
}

}  // namespace e2e
