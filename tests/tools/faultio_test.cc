// Runs faultio_probe under the preload library and judges by what it prints.

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

extern char** environ;

namespace {

using Numbers = std::map<std::string, long long>;

struct Outcome {
  int status = -1;   // the exit status; 128 + the signal that ended it
  std::string text;  // stdout and stderr
  Numbers numbers;   // the "name=number" words of it
};

Numbers numbersIn(const std::string& text) {
  Numbers numbers;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) continue;
    numbers[word.substr(0, equals)] = std::strtoll(word.c_str() + equals + 1, nullptr, 10);
  }
  return numbers;
}

std::vector<char*> pointersTo(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> environmentWith(const std::vector<std::string>& settings) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!text.starts_with("FAULTIO") && !text.starts_with("LD_PRELOAD="))
      environment.emplace_back(text);
  }
  environment.insert(environment.end(), settings.begin(), settings.end());
  // In an address sanitizer build the preloaded library comes before its runtime, which objects.
  const char* const options = std::getenv("ASAN_OPTIONS");
  const std::string before = options == nullptr ? "" : std::string(options) + ":";
  std::erase_if(environment, [](const std::string& e) { return e.starts_with("ASAN_OPTIONS="); });
  environment.push_back("ASAN_OPTIONS=" + before + "verify_asan_link_order=0");
  return environment;
}

int statusOf(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Outcome run(std::vector<std::string> arguments, std::vector<std::string> environment) {
  std::array<int, 2> ends{};
  EXPECT_EQ(0, ::pipe2(ends.data(), O_CLOEXEC));
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  pid_t child = -1;
  const int error = ::posix_spawn(&child, arguments.front().c_str(), &actions, nullptr,
                                  pointersTo(arguments).data(), pointersTo(environment).data());
  EXPECT_EQ(0, error);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);

  Outcome outcome;
  std::array<char, 4096> chunk{};
  for (ssize_t size = 0; (size = ::read(ends[0], chunk.data(), chunk.size())) > 0;) {
    outcome.text.append(chunk.data(), static_cast<std::size_t>(size));
  }
  ::close(ends[0]);
  outcome.status = statusOf(child);
  outcome.numbers = numbersIn(outcome.text);
  return outcome;
}

std::vector<std::string> wordsOf(const std::string& command) {
  std::istringstream stream(command);
  return {std::istream_iterator<std::string>(stream), {}};
}

class ReportFile {
 public:
  ReportFile() : path_(testing::TempDir() + "faultio_report_" + std::to_string(::getpid())) {}
  ~ReportFile() { std::filesystem::remove(path_); }
  ReportFile(const ReportFile&) = delete;
  ReportFile& operator=(const ReportFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Numbers numbers() const {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return numbersIn(text.str());
  }

 private:
  std::string path_;
};

Outcome probe(const std::string& command, const std::vector<std::string>& settings) {
  std::vector<std::string> arguments = wordsOf(command);
  arguments.insert(arguments.begin(), FAULTIO_PROBE);
  std::vector<std::string> environment = environmentWith(settings);
  environment.emplace_back("LD_PRELOAD=" FAULTIO_LIBRARY);
  return run(std::move(arguments), std::move(environment));
}

Numbers numbersOf(const std::string& command, const std::string& faults) {
  const Outcome outcome = probe(command, {"FAULTIO=" + faults});
  EXPECT_EQ(0, outcome.status) << command << " with " << faults << ": " << outcome.text;
  return outcome.numbers;
}

void expectAbout(long long wanted, long long found, std::string_view name) {
  EXPECT_GT(found, wanted * 8 / 10) << name;
  EXPECT_LT(found, wanted * 12 / 10) << name;
}

constexpr std::array kSocketCalls{"send",     "sendto",   "sendmsg",      "write",    "writev",
                                  "recv",     "recvfrom", "recvmsg",      "read",     "readv",
                                  "read_chk", "recv_chk", "recvfrom_chk", "sendfile", "sendfile64"};
constexpr std::array kSpliceCalls{"splice_in", "splice_out"};
constexpr std::array kPipeCalls{"tee", "pipe_read"};
constexpr std::array kPipeWrites{"pipe_write", "pipe_writev"};
constexpr long long kAsked = 64;
constexpr long long kPipeWritten = 8192;

void expectLengths(Numbers numbers, long long sockets, long long splices, long long pipes,
                   long long writes) {
  for (const char* const name : kSocketCalls) EXPECT_EQ(sockets, numbers[name]) << name;
  for (const char* const name : kSpliceCalls) EXPECT_EQ(splices, numbers[name]) << name;
  for (const char* const name : kPipeCalls) EXPECT_EQ(pipes, numbers[name]) << name;
  for (const char* const name : kPipeWrites) EXPECT_EQ(writes, numbers[name]) << name;
}

TEST(FaultioCuts, LeaveHalf) {
  const Numbers numbers = numbersOf("lengths", "cut=halves");
  expectLengths(numbers, kAsked / 2, kAsked / 2, kAsked / 2, kPipeWritten / 2);
}

TEST(FaultioCuts, LeaveOneByte) { expectLengths(numbersOf("lengths", "cut=one"), 1, 1, 1, 1); }

TEST(FaultioCuts, LeaveAnyNumber) {
  std::map<std::string, std::set<long long>> seen;
  for (int seed = 1; seed <= 12; ++seed) {
    for (const auto& [name, length] :
         numbersOf("lengths", "cut=random,seed=" + std::to_string(seed))) {
      EXPECT_GE(length, 1) << name;
      EXPECT_LE(length, kPipeWritten) << name;
      seen[name].insert(length);
    }
  }
  EXPECT_EQ(kSocketCalls.size() + kSpliceCalls.size() + kPipeCalls.size() + kPipeWrites.size() + 1,
            seen.size());
  for (const auto& [name, lengths] : seen) EXPECT_GE(lengths.size(), 5U) << name;
}

TEST(FaultioCuts, AreNotMadeUnlessAskedFor) {
  expectLengths(numbersOf("lengths", "cut=none"), kAsked, kAsked, kAsked, kPipeWritten);
  expectLengths(numbersOf("lengths", "cut=one,cut_rate=0"), kAsked, kAsked, kAsked, kPipeWritten);
  expectLengths(numbersOf("lengths", "cut=one,after=1000"), kAsked, kAsked, kAsked, kPipeWritten);
}

TEST(FaultioCuts, KeepToTheKindOfDescriptor) {
  expectLengths(numbersOf("lengths", "cut=one,only=sockets"), 1, 1, kAsked, kPipeWritten);
  expectLengths(numbersOf("lengths", "cut=one,only=pipes"), kAsked, 1, 1, 1);
}

TEST(FaultioCuts, KeepToTheFirstEntriesOfALongVector) {
  EXPECT_EQ(32, numbersOf("lengths", "cut=halves")["long_vector"]);
  EXPECT_EQ(100, numbersOf("lengths", "cut=none")["long_vector"]);
}

TEST(FaultioCuts, NeverSplitWhatTheKernelKeepsWhole) {
  EXPECT_EQ(1, numbersOf("whole", "cut=one")["whole"]);
}

TEST(Faultio, LeavesOtherDescriptorsAlone) {
  EXPECT_EQ(1, numbersOf("untouched", "cut=one,eintr=500,eagain=500")["untouched"]);
}

class FaultioStream : public testing::TestWithParam<std::string> {};

TEST_P(FaultioStream, LosesAndDoublesNothing) {
  struct Case {
    std::string faults;
    long long bytes;
  };
  for (const auto& [faults, bytes] :
       {Case{"cut=halves,eintr=50,eagain=50", 1 << 20},
        Case{"cut=random,cut_rate=700,eintr=200,eagain=200,seed=7", 1 << 20},
        Case{"cut=one,eintr=20,eagain=20", 1 << 14}}) {
    for (const char* const mode : {" blocking", " nonblocking"}) {
      Numbers numbers =
          numbersOf("stream " + GetParam() + " " + std::to_string(bytes) + mode, faults);
      EXPECT_EQ(bytes, numbers["received"]) << faults << mode;
      EXPECT_GT(numbers["retries"], 0) << faults << mode;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Calls, FaultioStream,
                         testing::Values("send", "sendto", "sendmsg", "write", "writev", "sendfile",
                                         "splice", "tee"),
                         [](const auto& test) { return test.param; });

TEST(FaultioErrors, ComeAtTheirRates) {
  Numbers numbers = numbersOf("rates", "eintr=60,eagain=100,emfile=150");
  const long long calls = numbers["calls"];
  expectAbout(calls * 60 / 1000, numbers["eintr"], "eintr");
  for (const char* const name : {"eagain", "eagain_dontwait", "eagain_watched_pipe"}) {
    expectAbout(calls * 100 / 1000, numbers[name], name);
  }
  for (const char* const name :
       {"emfile_socket", "emfile_pipe", "emfile_pipe2", "emfile_accept", "emfile_accept4"}) {
    expectAbout(calls * 150 / 1000, numbers[name], name);
  }
}

TEST(FaultioErrors, AreNeverEagainWhereNobodyCouldWait) {
  Numbers numbers = numbersOf("rates", "eagain=500");
  EXPECT_GT(numbers["eagain"], 0);
  EXPECT_EQ(0, numbers["eagain_blocking"]);
  EXPECT_EQ(0, numbers["eagain_private_pipe"]);
}

TEST(FaultioErrors, AreNoneWhereNoneWereAskedFor) {
  Numbers numbers = numbersOf("rates", "cut=halves");
  for (const char* const name :
       {"eintr", "eagain", "emfile_socket", "emfile_pipe", "emfile_accept"}) {
    EXPECT_EQ(0, numbers[name]) << name;
  }
}

TEST(FaultioErrors, RepeatForASeed) {
  const auto sequence = [](const std::string& seed) {
    return numbersOf("rates", "eintr=50,eagain=50,seed=" + seed)["sequence"];
  };
  EXPECT_EQ(sequence("42"), sequence("42"));
  EXPECT_NE(sequence("42"), sequence("43"));
}

TEST(FaultioErrors, RepeatForEachThread) {
  Numbers once = numbersOf("threads", "eintr=50,eagain=50,seed=42");
  EXPECT_EQ(once, numbersOf("threads", "eintr=50,eagain=50,seed=42"));
  EXPECT_NE(once["first"], once["second"]);
  EXPECT_NE(once["second"], numbersOf("threads", "eintr=50,eagain=50,seed=43")["first"]);
}

TEST(FaultioErrors, StartAfterTheSparedCalls) {
  EXPECT_EQ(1234, numbersOf("rates", "eintr=900,eagain=900,after=1234,seed=3")["first_fault"]);
}

class FaultioEdges : public testing::TestWithParam<std::string> {};

// Without the re-arming these would wait for ever, and the probe's alarm would end it.
TEST_P(FaultioEdges, AreNotLost) {
  struct Case {
    std::string faults;
    long long bytes;
  };
  for (const auto& [faults, bytes] :
       {Case{"cut=halves,eagain=300", 1 << 20}, Case{"cut=random,eagain=800,eintr=300", 1 << 20},
        Case{"cut=one,cut_rate=950,eagain=300", 1 << 18}, Case{"cut=one,eagain=300", 1 << 14}}) {
    EXPECT_EQ(bytes,
              numbersOf("edges " + GetParam() + " " + std::to_string(bytes), faults)["received"])
        << faults;
  }
}

INSTANTIATE_TEST_SUITE_P(Readers, FaultioEdges,
                         testing::Values("socket eagain", "socket short", "pipe eagain",
                                         "pipe short"),
                         [](const auto& test) {
                           std::string name = test.param;
                           name[name.find(' ')] = '_';
                           return name;
                         });

TEST(FaultioEdgesOnce, AreMadeOnlyForWhatEpollWasAskedToWatch) {
  for (const char* const faults : {"cut=halves", "eagain=900"}) {
    Numbers numbers = numbersOf("rearm", faults);
    EXPECT_EQ(1, numbers["reading"]) << faults;
    EXPECT_EQ(1, numbers["writing"]) << faults;
    // The proof that the two above are the library's work: nobody told it of this one.
    EXPECT_EQ(0, numbers["unknown"]) << faults;
    EXPECT_EQ(0, numbers["one_shot"]) << faults;
    EXPECT_EQ(0, numbers["removed"]) << faults;
    EXPECT_EQ(0, numbers["reused"]) << faults;
  }
}

TEST(FaultioReport, CountsWhatWasDone) {
  const ReportFile report;
  const std::string faults = "FAULTIO=cut=halves,eintr=50,eagain=50";
  const Outcome outcome =
      probe("edges socket eagain 65536", {faults, "FAULTIO_REPORT=" + report.path()});
  ASSERT_EQ(0, outcome.status) << outcome.text;
  Numbers numbers = report.numbers();
  for (const char* const name : {"calls", "cuts", "eintr", "eagain", "rearmed"})
    EXPECT_GT(numbers[name], 0) << name;
  EXPECT_EQ(0, numbers["emfile"]);
}

TEST(FaultioReport, CountsEachFaultThatTheProgramSaw) {
  const ReportFile report;
  const Outcome outcome = probe("rates", {"FAULTIO=emfile=100", "FAULTIO_REPORT=" + report.path()});
  ASSERT_EQ(0, outcome.status) << outcome.text;
  long long seen = 0;
  for (const auto& [name, number] : outcome.numbers)
    seen += name.starts_with("emfile") ? number : 0;
  EXPECT_GT(seen, 0);
  EXPECT_EQ((Numbers{{"calls", 100000},
                     {"cuts", 0},
                     {"eintr", 0},
                     {"eagain", 0},
                     {"emfile", seen},
                     {"rearmed", 0}}),
            report.numbers());
}

TEST(FaultioSettings, ThatAreWrongEndTheProgramWithASentence) {
  struct Wrong {
    std::string faults;
    std::string sentence;
  };
  for (const auto& [faults, sentence] : {
           Wrong{"", "asks for no fault; name cut, eintr, eagain or emfile"},
           Wrong{"seed=4", "asks for no fault"},
           Wrong{"cuts=halves", "has no key \"cuts\"; it knows cut, cut_rate,"},
           Wrong{"cut", "write key=value"},
           Wrong{"cut=one,,eintr=1", "write key=value"},
           Wrong{"cut=half", "cut=half: the cut is none, halves, one or random"},
           Wrong{"cut=one,cut=one", "names cut twice"},
           Wrong{"cut=one,cut_rate=1001",
                 "cut_rate=1001: the rate is per thousand calls, 0 to 1000"},
           Wrong{"eintr=", "eintr=: the rate is per thousand calls"},
           Wrong{"eintr=-1", "eintr=-1: the rate is per thousand calls"},
           Wrong{"eintr=5%", "eintr=5%: the rate is per thousand calls"},
           Wrong{"eagain=1000", "0 to 900, so that a retry can succeed"},
           Wrong{"emfile=99999999999", "0 to 1000"},
           Wrong{"cut=one,seed=x", "seed=x: a whole number is needed"},
           Wrong{"cut=one,after=", "after=: a whole number is needed"},
           Wrong{"cut=one,only=files", "only=files: only takes sockets or pipes"},
       }) {
    const Outcome outcome = probe("whole", {"FAULTIO=" + faults});
    EXPECT_EQ(2, outcome.status) << faults;
    EXPECT_TRUE(outcome.text.starts_with("faultio: FAULTIO")) << outcome.text;
    EXPECT_NE(std::string::npos, outcome.text.find(sentence)) << faults << ": " << outcome.text;
    EXPECT_EQ(outcome.text.size() - 1, outcome.text.find('\n')) << outcome.text;
  }
}

TEST(FaultioSettings, ThatAreMissingEndTheProgramWithASentence) {
  const Outcome outcome = probe("whole", {});
  EXPECT_EQ(2, outcome.status);
  EXPECT_NE(std::string::npos, outcome.text.find("FAULTIO is not set")) << outcome.text;
}

}  // namespace
