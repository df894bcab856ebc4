#include "e2e/support/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <system_error>

#include <gtest/gtest.h>

extern char** environ;

namespace e2e {

namespace {

struct Pipe {
  socksplice::UniqueFd out;
  socksplice::UniqueFd in;
};

Pipe makePipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) < 0) {
    throw std::system_error(errno, std::generic_category(), "pipe2");
  }
  fcntl(ends[1], F_SETFL, 0);                 // for the child it blocks, as pipes do
  fcntl(ends[1], F_SETPIPE_SZ, 1024 * 1024);  // so that it seldom does
  return {socksplice::UniqueFd(ends[0]), socksplice::UniqueFd(ends[1])};
}

std::vector<std::string> environmentWith(const std::vector<std::string>& own) {
  std::vector<std::string> all = own;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto name = text.substr(0, text.find('=') + 1);
    const bool replaced = std::any_of(own.begin(), own.end(),
                                      [&](const auto& other) { return other.starts_with(name); });
    if (!replaced) all.emplace_back(text);
  }
  return all;
}

std::vector<char*> pointersTo(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

int statusFrom(int waited) {
  return WIFEXITED(waited) ? WEXITSTATUS(waited) : 128 + WTERMSIG(waited);
}

}  // namespace

Child::Child(const Command& command) {
  Pipe out = makePipe();
  Pipe err = makePipe();
  std::vector<std::string> words = command.words;
  std::vector<std::string> environment = environmentWith(command.environment);
  const auto argv = pointersTo(words);
  const auto envp = pointersTo(environment);
  const rlimit limit{.rlim_cur = command.descriptors, .rlim_max = command.descriptors};

  pid_ = fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) {  // only what is safe after the fork of a program with threads
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(out.in.get(), STDOUT_FILENO);
    dup2(err.in.get(), STDERR_FILENO);
    if (command.descriptors != 0) setrlimit(RLIMIT_NOFILE, &limit);
    execvpe(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  process_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  out_.fd = std::move(out.out);
  err_.fd = std::move(err.out);
}

Child::~Child() {
  if (ended_) return;
  signal(SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Child::signal(int number) const {
  if (!ended_) kill(pid_, number);
}

bool Child::readUntil(const std::function<bool()>& done, const Deadline& deadline) {
  while (!done()) {
    if (!readMore(deadline)) return done();
  }
  return true;
}

int Child::wait(const Deadline& deadline) {
  while (readMore(deadline)) {
  }
  if (!ended_) {
    ADD_FAILURE() << "the program does not end";
    signal(SIGKILL);
    int waited = 0;
    waitpid(pid_, &waited, 0);
    ended_ = true;
    status_ = statusFrom(waited);
  }
  return status_;
}

// False when it has ended and all is read, or when the time is over.
bool Child::readMore(const Deadline& deadline) {
  if (ended_) return false;
  std::array<pollfd, 3> waiting = {
      {{out_.fd.get(), POLLIN, 0}, {err_.fd.get(), POLLIN, 0}, {process_.get(), POLLIN, 0}}};
  if (::poll(waiting.data(), waiting.size(), deadline.left()) <= 0) return false;
  if (waiting[2].revents != 0) {
    int waited = 0;
    waitpid(pid_, &waited, 0);
    ended_ = true;
    status_ = statusFrom(waited);
  }
  out_.read();
  err_.read();
  return !ended_;
}

void Child::Stream::read() {
  std::array<char, 65536> buffer;
  while (fd) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
    if (got == 0) fd.reset();
    if (got < 0 && errno != EINTR) return;
  }
}

Finished run(const Command& command, const Deadline& deadline) {
  Child child(command);
  const int status = child.wait(deadline);
  return {status, child.out(), child.err()};
}

}  // namespace e2e
