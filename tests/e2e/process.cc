// SPDX-License-Identifier: Apache-2.0
#include "e2e/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "base/files.h"
#include "support/scratch.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

std::string quoted(const std::string& word) {
  std::string result = "'";
  for (const char letter : word) result += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return result + "'";
}

/// When this program, nibble and its libraries were built.
std::string build_times() {
  std::set<fs::path> files = {fs::canonical("/proc/self/exe"), NIBBLE_BINARY_DIR "/nibble"};
  for (const auto& entry : fs::directory_iterator(NIBBLE_BINARY_DIR))
    if (entry.path().extension() == ".so") files.insert(entry.path());
  std::string times;
  for (const fs::path& file : files)
    times += file.string() + " " + std::to_string(fs::last_write_time(file).time_since_epoch().count()) + "\n";
  return times;
}

}  // namespace

fs::path shared_folder(const std::string& name, const std::function<void(const fs::path&)>& make) {
  const fs::path all = NIBBLE_BINARY_DIR "/shared_by_tests", made = all / (name + ".made");
  fs::path folder = all / name;
  fs::create_directories(all);
  const int lock = ::open((all / (name + ".lock")).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock < 0 || ::flock(lock, LOCK_EX) != 0) throw std::runtime_error("cannot lock " + (all / name).string());
  const std::string times = build_times();
  if (!fs::exists(made) || read_file(made) != times) {
    fs::remove(made);
    fs::remove_all(folder);
    fs::create_directories(folder);
    make(folder);
    write_file(made, times);
  }
  ::close(lock);
  return folder;
}

fs::path scratch_folder() {
  const auto* info = testing::UnitTest::GetInstance()->current_test_info();
  auto folder = test::process_folder() / "nibble_e2e" / info->test_suite_name() / info->name();
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

pid_t start_nibble(const std::vector<std::string>& arguments, const fs::path& folder, const std::string& setup) {
  std::string command = "cd " + quoted(folder.string()) + " && " + setup + " exec " + quoted(NIBBLE_BINARY_DIR "/nibble");
  for (const auto& argument : arguments) command += " " + quoted(argument);
  command += " >stdout.txt 2>stderr.txt";
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
  ::_exit(127);
}

Outcome wait_for(pid_t process, const fs::path& folder) {
  int status = 0;
  ::waitpid(process, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(folder / "stdout.txt"), read_file(folder / "stderr.txt")};
}

Outcome run_nibble(const std::vector<std::string>& arguments, const fs::path& folder, const std::string& setup) {
  return wait_for(start_nibble(arguments, folder, setup), folder);
}

bool happens_while_running(pid_t process, const std::function<bool()>& holds) {
  while (!holds()) {
    siginfo_t ended{};
    if (::waitid(P_PID, static_cast<id_t>(process), &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid != 0) return holds();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

bool has_child(pid_t process) {
  std::error_code gone;
  for (const auto& thread : fs::directory_iterator("/proc/" + std::to_string(process) + "/task", gone)) {
    int child = 0;
    if (std::ifstream(thread.path() / "children") >> child) return true;
  }
  return false;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace nibble
