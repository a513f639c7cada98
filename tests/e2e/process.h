// SPDX-License-Identifier: Apache-2.0
// Running the built `nibble` as a process.
#pragma once
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace nibble {

struct Outcome {
  int exit_code = -1;  ///< -1: killed by a signal
  std::string out;
  std::string err;
};

/// A folder of its own for the running test, emptied at the start.
std::filesystem::path scratch_folder();

/// Runs `build/nibble` with these arguments in `folder`. `setup` is shell text in front of it ("ulimit -f 8;").
Outcome run_nibble(const std::vector<std::string>& arguments, const std::filesystem::path& folder, const std::string& setup = "");

/// The same without waiting; wait_for ends it.
pid_t start_nibble(const std::vector<std::string>& arguments, const std::filesystem::path& folder, const std::string& setup = "");
Outcome wait_for(pid_t process, const std::filesystem::path& folder);

/// Lines of a text, without the last empty one.
std::vector<std::string> lines_of(const std::string& text);

}  // namespace nibble
