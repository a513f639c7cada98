// SPDX-License-Identifier: Apache-2.0
#include "e2e/process.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>

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

}  // namespace

fs::path scratch_folder() {
  const auto* info = testing::UnitTest::GetInstance()->current_test_info();
  const auto folder = test::process_folder() / "nibble_e2e" / info->test_suite_name() / info->name();
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

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace nibble
