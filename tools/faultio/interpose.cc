// The functions that the preloaded library puts in front of libc's, one after the other. Each says
// what the call would move and how its shorter form is made; judge() says what becomes of it.

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <type_traits>

#include "config.h"
#include "faults.h"
#include "real.h"
#include "short_vector.h"
#include "watch.h"

namespace faultio {
namespace {

[[gnu::constructor]] void start() {
  findRealFunctions();
  startFaults(configFromEnvironment());
}

[[gnu::destructor]] void finish() {
  if (const char* const path = std::getenv("FAULTIO_REPORT")) reportFaults(path);
}

int failWith(int error) {
  errno = error;
  return -1;
}

/// `call(limit)` performs the transfer for at most `limit` bytes.
template <class Call>
ssize_t bend(const Transfer& transfer, const Call& call) {
  const Verdict verdict = judge(transfer);
  if (verdict.error != 0) return failWith(verdict.error);
  const ssize_t moved = call(verdict.limit);
  const bool isCut = verdict.limit < transfer.asked && moved == static_cast<ssize_t>(verdict.limit);
  if (isCut) noteCut(transfer);
  return moved;
}

Transfer onSocket(int fd, std::size_t size, int flags) {
  Transfer transfer{.fd = fd, .asked = size, .dontWait = (flags & MSG_DONTWAIT) != 0};
  if ((flags & MSG_PEEK) != 0) transfer.bending = Bending::Fail;
  if ((flags & (MSG_OOB | MSG_ERRQUEUE)) != 0) transfer.bending = Bending::Nothing;
  return transfer;
}

Transfer onPipes(int in, int out, std::size_t size, unsigned flags) {
  return {.fd = in, .other = out, .asked = size, .dontWait = (flags & SPLICE_F_NONBLOCK) != 0};
}

template <class Message>
ssize_t bendMessage(Real<ssize_t(int, Message*, int)>& call, int fd, Message* message, int flags) {
  const std::size_t bytes =
      message == nullptr ? 0 : ShortVector::bytesOf(message->msg_iov, message->msg_iovlen);
  return bend(onSocket(fd, bytes, flags), [&](std::size_t limit) {
    if (limit == bytes) return call(fd, message, flags);
    ShortVector vector(message->msg_iov, limit);
    msghdr shortened = *message;
    shortened.msg_iov = vector.entries();
    shortened.msg_iovlen = vector.count();
    const ssize_t moved = call(fd, &shortened, flags);
    if constexpr (!std::is_const_v<Message>) {
      message->msg_namelen = shortened.msg_namelen;
      message->msg_controllen = shortened.msg_controllen;
      message->msg_flags = shortened.msg_flags;
    }
    return moved;
  });
}

ssize_t bendVector(Real<ssize_t(int, const iovec*, int)>& call, int fd, const iovec* vector,
                   int count, Bending bending) {
  const std::size_t bytes =
      count < 0 ? 0 : ShortVector::bytesOf(vector, static_cast<std::size_t>(count));
  return bend({.fd = fd, .asked = bytes, .bending = bending}, [&](std::size_t limit) {
    if (limit == bytes) return call(fd, vector, count);
    ShortVector shortened(vector, limit);
    return call(fd, shortened.entries(), static_cast<int>(shortened.count()));
  });
}

}  // namespace
}  // namespace faultio

namespace real = faultio::real;
using faultio::bend;
using faultio::Bending;
using faultio::onPipes;
using faultio::onSocket;

extern "C" {
#pragma GCC visibility push(default)

[[noreturn]] void __chk_fail();

ssize_t send(int fd, const void* data, size_t size, int flags) {
  return bend(onSocket(fd, size, flags),
              [=](size_t limit) { return real::send(fd, data, limit, flags); });
}

ssize_t sendto(int fd, const void* data, size_t size, int flags, const sockaddr* to,
               socklen_t length) {
  return bend(onSocket(fd, size, flags),
              [=](size_t limit) { return real::sendto(fd, data, limit, flags, to, length); });
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  return faultio::bendMessage(real::sendmsg, fd, message, flags);
}

ssize_t recv(int fd, void* data, size_t size, int flags) {
  return bend(onSocket(fd, size, flags),
              [=](size_t limit) { return real::recv(fd, data, limit, flags); });
}

ssize_t recvfrom(int fd, void* data, size_t size, int flags, sockaddr* from, socklen_t* length) {
  return bend(onSocket(fd, size, flags),
              [=](size_t limit) { return real::recvfrom(fd, data, limit, flags, from, length); });
}

ssize_t recvmsg(int fd, msghdr* message, int flags) {
  return faultio::bendMessage(real::recvmsg, fd, message, flags);
}

ssize_t read(int fd, void* data, size_t size) {
  return bend({.fd = fd, .asked = size}, [=](size_t limit) { return real::read(fd, data, limit); });
}

ssize_t write(int fd, const void* data, size_t size) {
  return bend({.fd = fd, .asked = size, .bending = Bending::PipeWrite},
              [=](size_t limit) { return real::write(fd, data, limit); });
}

ssize_t readv(int fd, const iovec* vector, int count) {
  return faultio::bendVector(real::readv, fd, vector, count, Bending::Full);
}

ssize_t writev(int fd, const iovec* vector, int count) {
  return faultio::bendVector(real::writev, fd, vector, count, Bending::PipeWrite);
}

// What the fortified headers call; `room` is the size of the buffer.
ssize_t __read_chk(int fd, void* data, size_t size, size_t room) {
  if (size > room) __chk_fail();
  return read(fd, data, size);
}

ssize_t __recv_chk(int fd, void* data, size_t size, size_t room, int flags) {
  if (size > room) __chk_fail();
  return recv(fd, data, size, flags);
}

ssize_t __recvfrom_chk(int fd, void* data, size_t size, size_t room, int flags, sockaddr* from,
                       socklen_t* length) {
  if (size > room) __chk_fail();
  return recvfrom(fd, data, size, flags, from, length);
}

ssize_t sendfile(int out, int in, off_t* offset, size_t size) noexcept {
  return bend({.fd = out, .other = in, .asked = size},
              [=](size_t limit) { return real::sendfile(out, in, offset, limit); });
}

ssize_t sendfile64(int out, int in, off64_t* offset, size_t size) noexcept {
  return bend({.fd = out, .other = in, .asked = size},
              [=](size_t limit) { return real::sendfile64(out, in, offset, limit); });
}

ssize_t splice(int in, off64_t* inOffset, int out, off64_t* outOffset, size_t size,
               unsigned flags) {
  return bend(onPipes(in, out, size, flags), [=](size_t limit) {
    return real::splice(in, inOffset, out, outOffset, limit, flags);
  });
}

ssize_t tee(int in, int out, size_t size, unsigned flags) {
  return bend(onPipes(in, out, size, flags),
              [=](size_t limit) { return real::tee(in, out, limit, flags); });
}

int accept(int listener, sockaddr* from, socklen_t* length) {
  const int error = faultio::judgeAccept(listener);
  return error != 0 ? faultio::failWith(error) : real::accept(listener, from, length);
}

int accept4(int listener, sockaddr* from, socklen_t* length, int flags) {
  const int error = faultio::judgeAccept(listener);
  return error != 0 ? faultio::failWith(error) : real::accept4(listener, from, length, flags);
}

int socket(int domain, int type, int protocol) noexcept {
  const int error = faultio::judgeOpen(faultio::Kind::Socket);
  return error != 0 ? faultio::failWith(error) : real::socket(domain, type, protocol);
}

int pipe(int* ends) noexcept {
  const int error = faultio::judgeOpen(faultio::Kind::Pipe);
  return error != 0 ? faultio::failWith(error) : real::pipe(ends);
}

int pipe2(int* ends, int flags) noexcept {
  const int error = faultio::judgeOpen(faultio::Kind::Pipe);
  return error != 0 ? faultio::failWith(error) : real::pipe2(ends, flags);
}

int epoll_ctl(int epfd, int operation, int fd, epoll_event* event) noexcept {
  return faultio::watch(real::epollCtl.function(), epfd, operation, fd, event);
}

int close(int fd) {
  faultio::forget(fd);
  return real::close(fd);
}

#pragma GCC visibility pop
}
