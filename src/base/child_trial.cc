// SPDX-License-Identifier: Apache-2.0
#include "base/child_trial.h"

#include <fcntl.h>
#include <sys/poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <optional>
#include <utility>

#include "base/progress.h"

namespace nibble {
namespace {

using Clock = std::chrono::steady_clock;
using Work = std::function<void(const std::function<void(const std::string&)>&)>;

// What the child writes into the pipe: a kind, then the words up to a zero byte.
constexpr char kStep = 'S', kDone = 'D', kThrew = 'T', kNoMemory = 'M';
constexpr std::size_t kMostWords = 2000;  // with its kind and end below PIPE_BUF: a message is written whole

void send(int pipe, char kind, const std::string& words) {
  const std::string message = kind + std::string(words.c_str()).substr(0, kMostWords) + '\0';
  [[maybe_unused]] const auto written = ::write(pipe, message.data(), message.size());
}

/// Bytes of address space that this process has; 0 where the system does not tell.
std::int64_t address_space_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  long pages = 0;
  const bool read = std::fscanf(file, "%ld", &pages) == 1;
  std::fclose(file);
  return read ? pages * ::sysconf(_SC_PAGESIZE) : 0;
}

void limit_memory(std::int64_t bytes) {
  const auto now = address_space_bytes();
  rlimit limit{};
  if (bytes < 0 || now == 0 || ::getrlimit(RLIMIT_AS, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_cur, static_cast<rlim_t>(now + bytes));
  ::setrlimit(RLIMIT_AS, &limit);
}

void silence() {
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0) return;
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(nowhere, STDERR_FILENO);
}

bool is_memory_failure(const std::string& words) {
  constexpr std::array kWords = {"bad_alloc", "Failed to allocate memory", "Cannot allocate memory", "bad allocation"};
  return std::any_of(kWords.begin(), kWords.end(), [&](const char* word) { return words.find(word) != std::string::npos; });
}

[[noreturn]] void be_child(int pipe, pid_t parent, const TrialLimits& limits, const Work& work) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it ended before the line above
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGFPE, SIGSEGV, SIGBUS, SIGILL, SIGABRT}) ::signal(signal, SIG_DFL);
  const rlimit none{};
  ::setrlimit(RLIMIT_CORE, &none);
  silence();
  limit_memory(limits.bytes);
  try {
    work([pipe](const std::string& step) { send(pipe, kStep, step); });
    send(pipe, kDone, "");
  } catch (const std::bad_alloc&) {
    send(pipe, kNoMemory, "");
  } catch (const std::exception& error) {
    send(pipe, is_memory_failure(error.what()) ? kNoMemory : kThrew, error.what());
  } catch (...) {
    send(pipe, kThrew, "an exception without words");
  }
  ::_exit(0);
}

std::string name_of_signal(int signal) {
  switch (signal) {
    case SIGFPE: return "SIGFPE: a division by zero or out of range";
    case SIGSEGV: return "SIGSEGV: memory that is not there";
    case SIGBUS: return "SIGBUS: memory that is not there";
    case SIGILL: return "SIGILL: no instruction of this processor";
    case SIGABRT: return "SIGABRT: it gave up";
    case SIGKILL: return "SIGKILL: the system ended it, as for want of memory";
    default: return "signal " + std::to_string(signal);
  }
}

/// A child that is ended and waited for, whatever happens.
class Child {
 public:
  Child(pid_t process, int pipe) : process_(process), pipe_(pipe) {}
  ~Child() { end(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Reads what the child says until it has ended or the time is over.
  Trial watch(double seconds) {
    const auto deadline = Clock::now() + std::chrono::duration<double>(seconds);
    while (true) {
      throw_if_interrupted();
      if (Clock::now() > deadline) return stopped(TrialOutcome::timed_out);
      constexpr int kSliceMs = 50;
      pollfd waiting{pipe_, POLLIN, 0};
      if (::poll(&waiting, 1, kSliceMs) <= 0) continue;
      std::array<char, 4096> buffer{};
      const auto count = ::read(pipe_, buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return stopped(TrialOutcome::crashed);
      text_.append(buffer.data(), static_cast<std::size_t>(count));
      if (auto trial = take_messages()) return std::move(*trial);
    }
  }

 private:
  std::optional<Trial> take_messages() {
    for (auto end = text_.find('\0'); end != std::string::npos; end = text_.find('\0')) {
      const std::string words = text_.substr(1, end - 1);
      const char kind = text_.front();
      text_.erase(0, end + 1);
      if (kind == kStep) step_ = words;
      if (kind == kDone) return Trial{TrialOutcome::done, "", step_};
      if (kind == kThrew) return Trial{TrialOutcome::threw, words, step_};
      if (kind == kNoMemory) return Trial{TrialOutcome::no_memory, words, step_};
    }
    return std::nullopt;
  }

  Trial stopped(TrialOutcome outcome) {
    const int status = end();
    const bool by_signal = outcome == TrialOutcome::crashed && WIFSIGNALED(status);
    return {outcome,
            by_signal                          ? name_of_signal(WTERMSIG(status))
            : outcome == TrialOutcome::crashed ? "it ended without a word"
                                               : "",
            step_};
  }

  /// The status of waitpid; 0 where somebody else has waited for the child.
  int end() {
    if (process_ <= 0) return 0;
    ::close(pipe_);
    int status = 0;
    // A child that crashed is no longer there to be killed, and keeps its own signal.
    ::kill(process_, SIGKILL);
    while (::waitpid(process_, &status, 0) < 0)
      if (errno != EINTR) {
        status = 0;
        break;
      }
    process_ = 0;
    return status;
  }

  pid_t process_;
  int pipe_;
  std::string text_, step_;
};

}  // namespace

void allow_more_memory(std::int64_t bytes) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  const auto pages = ::sysconf(_SC_PHYS_PAGES), page_bytes = ::sysconf(_SC_PAGESIZE);
  const auto machine = pages > 0 && page_bytes > 0 ? static_cast<rlim_t>(pages) * static_cast<rlim_t>(page_bytes) : RLIM_INFINITY;
  const auto wanted = std::min<rlim_t>(limit.rlim_cur + static_cast<rlim_t>(bytes), std::max(limit.rlim_cur, machine));
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, wanted);
  ::setrlimit(RLIMIT_AS, &limit);
}

Trial try_in_child(const TrialLimits& limits, const Work& work) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {TrialOutcome::no_child, std::strerror(errno), ""};
  const pid_t parent = ::getpid();
  const pid_t process = ::fork();
  if (process == 0) be_child(ends[1], parent, limits, work);
  const int reason = errno;
  ::close(ends[1]);
  if (process < 0) {
    ::close(ends[0]);
    return {TrialOutcome::no_child, std::strerror(reason), ""};
  }
  return Child(process, ends[0]).watch(limits.seconds);
}

}  // namespace nibble
