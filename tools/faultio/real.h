#pragma once

// The functions that interpose.cc replaces, as they are without it: the next ones in the search
// order (libc's, or a sanitizer's in front of it), and raw system calls until those have been
// looked up.

#include <dlfcn.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <atomic>
#include <cstddef>

namespace faultio {

template <class Signature>
class Real;

template <class Result, class... Arguments>
class Real<Result(Arguments...)> {
 public:
  using Function = Result(Arguments...);

  constexpr Real(const char* name, Function* rawCall) : name_(name), function_(rawCall) {}

  void find() {
    if (void* const found = ::dlsym(RTLD_NEXT, name_)) {
      function_.store(reinterpret_cast<Function*>(found), std::memory_order_relaxed);
    }
  }

  [[nodiscard]] Function* function() const { return function_.load(std::memory_order_relaxed); }
  Result operator()(Arguments... arguments) const { return function()(arguments...); }

 private:
  const char* name_;
  std::atomic<Function*> function_;
};

/// Looks all of them up. Once, from the library's constructor: dlsym may allocate, and an allocator
/// may make the very calls that are being looked up.
void findRealFunctions();

namespace real {

extern Real<ssize_t(int, const void*, std::size_t, int)> send;
extern Real<ssize_t(int, const void*, std::size_t, int, const sockaddr*, socklen_t)> sendto;
extern Real<ssize_t(int, const msghdr*, int)> sendmsg;
extern Real<ssize_t(int, void*, std::size_t, int)> recv;
extern Real<ssize_t(int, void*, std::size_t, int, sockaddr*, socklen_t*)> recvfrom;
extern Real<ssize_t(int, msghdr*, int)> recvmsg;
extern Real<ssize_t(int, void*, std::size_t)> read;
extern Real<ssize_t(int, const void*, std::size_t)> write;
extern Real<ssize_t(int, const iovec*, int)> readv;
extern Real<ssize_t(int, const iovec*, int)> writev;
extern Real<ssize_t(int, int, off_t*, std::size_t)> sendfile;
extern Real<ssize_t(int, int, off64_t*, std::size_t)> sendfile64;
extern Real<ssize_t(int, off64_t*, int, off64_t*, std::size_t, unsigned)> splice;
extern Real<ssize_t(int, int, std::size_t, unsigned)> tee;
extern Real<int(int, sockaddr*, socklen_t*)> accept;
extern Real<int(int, sockaddr*, socklen_t*, int)> accept4;
extern Real<int(int, int, int)> socket;
extern Real<int(int*)> pipe;
extern Real<int(int*, int)> pipe2;
extern Real<int(int, int, int, epoll_event*)> epollCtl;
extern Real<int(int)> close;

}  // namespace real
}  // namespace faultio
