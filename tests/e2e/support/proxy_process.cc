#include "e2e/support/proxy_process.h"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include <gtest/gtest.h>

#include "support/eventually.h"

namespace e2e {

namespace {

constexpr std::string_view kListening = "listening at ";

std::vector<std::string> matchingLines(std::string_view text, std::string_view part) {
  std::vector<std::string> found;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    if (line.find(part) != std::string::npos) found.push_back(line);
  }
  return found;
}

std::string fileText(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The runtime of the address sanitizer objects to a library that is loaded before it.
std::string sanitizerOptions() {
  const char* const own = std::getenv("ASAN_OPTIONS");
  return "ASAN_OPTIONS=" + (own != nullptr ? std::string(own) + ":" : "") +
         "verify_asan_link_order=0";
}

}  // namespace

std::size_t linesWith(std::string_view text, std::string_view part) {
  return matchingLines(text, part).size();
}

Numbers numbersIn(std::string_view text) {
  Numbers numbers;
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) continue;
    std::uint64_t number = 0;
    const char* const end = word.data() + word.size();
    if (std::from_chars(word.data() + equals + 1, end, number).ptr == end) {
      numbers[word.substr(0, equals)] = number;
    }
  }
  return numbers;
}

Command ProxyCommand::command(const std::string& report) const {
  Command command{.words = {PROXY_BINARY}, .environment = {}, .descriptors = descriptors};
  command.words.insert(command.words.end(), arguments.begin(), arguments.end());
  if (!faults.empty()) {
    command.environment = {"LD_PRELOAD=" FAULTIO_LIBRARY, "FAULTIO=" + std::string(faults),
                           sanitizerOptions()};
    if (!report.empty()) command.environment.push_back("FAULTIO_REPORT=" + report);
  }
  return command;
}

Finished runProxy(const std::vector<std::string>& arguments) {
  return run(ProxyCommand{.arguments = arguments}.command(""));
}

std::uint64_t ProxyProcess::Ended::operator[](std::string_view total) const {
  const auto it = totals.find(total);
  if (it == totals.end()) throw std::out_of_range("there is no total " + std::string(total));
  return it->second;
}

ProxyProcess::ProxyProcess(const ProxyCommand& command)
    : faulty_(!command.faults.empty()),
      child_(command.command(directory_.file("faults").string())) {
  const auto listeners = static_cast<std::size_t>(
      std::count(command.arguments.begin(), command.arguments.end(), "-l"));
  if (!child_.readUntil([&] { return linesWith(log(), kListening) >= listeners; })) {
    throw std::runtime_error("the proxy does not listen; it said:\n" + log());
  }
  for (const std::string& line : matchingLines(log(), kListening)) {
    addresses_.push_back(line.substr(line.find(kListening) + kListening.size()));
  }
  started_ = vitals();
}

std::uint16_t ProxyProcess::port(std::size_t n) const {
  const std::string& text = address(n);
  return static_cast<std::uint16_t>(std::stoul(text.substr(text.rfind(':') + 1)));
}

void ProxyProcess::tell(int number, std::string_view answer, std::size_t times) {
  const auto answered = [&] { return linesWith(log(), answer) >= times; };
  constexpr int kTries = 6;
  // An answer that is merely late must not bring a second signal, which may mean something else.
  constexpr milliseconds kLate{5000};
  for (int i = 0; i < kTries; ++i) {
    signal(number);
    if (!faulty_ || child_.readUntil(answered, Deadline(kLate))) break;
  }
  waitForLog(answer, times);
}

std::string ProxyProcess::waitForLog(std::string_view text, std::size_t times) {
  const bool said = child_.readUntil([&] { return linesWith(log(), text) >= times; });
  if (!said) {
    throw std::runtime_error("the proxy does not say \"" + std::string(text) + "\"; it said:\n" +
                             log());
  }
  return matchingLines(log(), text).at(times - 1);
}

void ProxyProcess::waitUntilIdle() {
  EXPECT_TRUE(support::eventually([&] { return vitals().sockets <= started_.sockets; }))
      << "sockets at the start: " << started_.sockets << ", now: " << vitals().sockets;
}

ProxyProcess::Ended ProxyProcess::stop() {
  tell(SIGTERM, "stopping: ");
  return wait();
}

ProxyProcess::Ended ProxyProcess::wait() {
  Ended ended{.status = child_.wait(), .log = log(), .totals = {}, .faults = {}};
  const auto totals = matchingLines(ended.log, " stopped: ");
  if (!totals.empty()) ended.totals = numbersIn(totals.back());
  if (faulty_) ended.faults = numbersIn(fileText(directory_.file("faults").string()));
  EXPECT_EQ(ended.status, 0) << ended.log;
  EXPECT_EQ(totals.size(), 1U) << ended.log;
  EXPECT_EQ(linesWith(ended.log, " error "), 0U) << ended.log;
  return ended;
}

}  // namespace e2e
