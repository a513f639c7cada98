// SPDX-License-Identifier: Apache-2.0
// Running the built `nibble` as a process.
#pragma once
#include <sys/types.h>

#include <filesystem>
#include <functional>
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

/// A folder for all tests of this program, each of which is a process of its own: the first that asks has `make` fill it, the others wait.
/// It lies in the build folder, and is made anew when nibble or the tests were built again. What `make` throws is thrown.
std::filesystem::path shared_folder(const std::string& name, const std::function<void(const std::filesystem::path&)>& make);

/// Runs `build/nibble` with these arguments in `folder`. `setup` is shell text in front of it ("ulimit -f 8;").
Outcome run_nibble(const std::vector<std::string>& arguments, const std::filesystem::path& folder, const std::string& setup = "");

/// The same without waiting; wait_for ends it.
pid_t start_nibble(const std::vector<std::string>& arguments, const std::filesystem::path& folder, const std::string& setup = "");
Outcome wait_for(pid_t process, const std::filesystem::path& folder);

/// Asks every few milliseconds until `holds`. False where the process ended before; wait_for still has its outcome.
bool happens_while_running(pid_t process, const std::function<bool()>& holds);
/// Whether the process has a child of its own.
bool has_child(pid_t process);

/// Lines of a text, without the last empty one.
std::vector<std::string> lines_of(const std::string& text);

}  // namespace nibble
