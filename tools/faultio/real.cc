#include "real.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace faultio {
namespace {

// Returns -1 and sets errno, as the library functions do.
template <class Result, class... Arguments>
Result raw(long number, Arguments... arguments) {
  return static_cast<Result>(::syscall(number, arguments...));
}

}  // namespace

namespace real {

constinit Real<ssize_t(int, const void*, std::size_t, int)> send{
    "send", [](int fd, const void* data, std::size_t size, int flags) {
      return raw<ssize_t>(SYS_sendto, fd, data, size, flags, nullptr, 0);
    }};

constinit Real<ssize_t(int, const void*, std::size_t, int, const sockaddr*, socklen_t)> sendto{
    "sendto",
    [](int fd, const void* data, std::size_t size, int flags, const sockaddr* to,
       socklen_t length) { return raw<ssize_t>(SYS_sendto, fd, data, size, flags, to, length); }};

constinit Real<ssize_t(int, const msghdr*, int)> sendmsg{
    "sendmsg", [](int fd, const msghdr* message, int flags) {
      return raw<ssize_t>(SYS_sendmsg, fd, message, flags);
    }};

constinit Real<ssize_t(int, void*, std::size_t, int)> recv{
    "recv", [](int fd, void* data, std::size_t size, int flags) {
      return raw<ssize_t>(SYS_recvfrom, fd, data, size, flags, nullptr, nullptr);
    }};

constinit Real<ssize_t(int, void*, std::size_t, int, sockaddr*, socklen_t*)> recvfrom{
    "recvfrom",
    [](int fd, void* data, std::size_t size, int flags, sockaddr* from, socklen_t* length) {
      return raw<ssize_t>(SYS_recvfrom, fd, data, size, flags, from, length);
    }};

constinit Real<ssize_t(int, msghdr*, int)> recvmsg{
    "recvmsg", [](int fd, msghdr* message, int flags) {
      return raw<ssize_t>(SYS_recvmsg, fd, message, flags);
    }};

constinit Real<ssize_t(int, void*, std::size_t)> read{
    "read",
    [](int fd, void* data, std::size_t size) { return raw<ssize_t>(SYS_read, fd, data, size); }};

constinit Real<ssize_t(int, const void*, std::size_t)> write{
    "write", [](int fd, const void* data, std::size_t size) {
      return raw<ssize_t>(SYS_write, fd, data, size);
    }};

constinit Real<ssize_t(int, const iovec*, int)> readv{
    "readv", [](int fd, const iovec* vector, int count) {
      return raw<ssize_t>(SYS_readv, fd, vector, count);
    }};

constinit Real<ssize_t(int, const iovec*, int)> writev{
    "writev", [](int fd, const iovec* vector, int count) {
      return raw<ssize_t>(SYS_writev, fd, vector, count);
    }};

constinit Real<ssize_t(int, int, off_t*, std::size_t)> sendfile{
    "sendfile", [](int out, int in, off_t* offset, std::size_t size) {
      return raw<ssize_t>(SYS_sendfile, out, in, offset, size);
    }};

constinit Real<ssize_t(int, int, off64_t*, std::size_t)> sendfile64{
    "sendfile64", [](int out, int in, off64_t* offset, std::size_t size) {
      return raw<ssize_t>(SYS_sendfile, out, in, offset, size);
    }};

constinit Real<ssize_t(int, off64_t*, int, off64_t*, std::size_t, unsigned)> splice{
    "splice",
    [](int in, off64_t* inOffset, int out, off64_t* outOffset, std::size_t size, unsigned flags) {
      return raw<ssize_t>(SYS_splice, in, inOffset, out, outOffset, size, flags);
    }};

constinit Real<ssize_t(int, int, std::size_t, unsigned)> tee{
    "tee", [](int in, int out, std::size_t size, unsigned flags) {
      return raw<ssize_t>(SYS_tee, in, out, size, flags);
    }};

constinit Real<int(int, sockaddr*, socklen_t*)> accept{
    "accept", [](int listener, sockaddr* from, socklen_t* length) {
      return raw<int>(SYS_accept4, listener, from, length, 0);
    }};

constinit Real<int(int, sockaddr*, socklen_t*, int)> accept4{
    "accept4", [](int listener, sockaddr* from, socklen_t* length, int flags) {
      return raw<int>(SYS_accept4, listener, from, length, flags);
    }};

constinit Real<int(int, int, int)> socket{"socket", [](int domain, int type, int protocol) {
                                            return raw<int>(SYS_socket, domain, type, protocol);
                                          }};

constinit Real<int(int*)> pipe{"pipe", [](int* ends) { return raw<int>(SYS_pipe2, ends, 0); }};

constinit Real<int(int*, int)> pipe2{
    "pipe2", [](int* ends, int flags) { return raw<int>(SYS_pipe2, ends, flags); }};

constinit Real<int(int, int, int, epoll_event*)> epollCtl{
    "epoll_ctl", [](int epfd, int operation, int fd, epoll_event* event) {
      return raw<int>(SYS_epoll_ctl, epfd, operation, fd, event);
    }};

constinit Real<int(int)> close{"close", [](int fd) { return raw<int>(SYS_close, fd); }};

}  // namespace real

void findRealFunctions() {
  const auto find = [](auto&... functions) { (functions.find(), ...); };
  find(real::send, real::sendto, real::sendmsg, real::recv, real::recvfrom, real::recvmsg,
       real::read, real::write, real::readv, real::writev, real::sendfile, real::sendfile64,
       real::splice, real::tee, real::accept, real::accept4, real::socket, real::pipe, real::pipe2,
       real::epollCtl, real::close);
}

}  // namespace faultio
