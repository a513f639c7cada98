// SPDX-License-Identifier: Apache-2.0
// What the user sees while something runs: a bar on a terminal, a line for every tenth elsewhere. All on stderr; results
// go to stdout.
#pragma once
#include <chrono>
#include <string>

#include "base/log.h"
#include "base/progress.h"

namespace nibble {

/// To stderr, at once and without terminal codes (base/printable.h); a closed or full stderr is no reason to fail.
void say(const std::string& text);

/// From then on what C libraries print to their `stderr` (libpng's "libpng error", libtiff's warnings) becomes messages of the log, level
/// debug, in which --verbose and --log show them: an error of nibble is one line.
void keep_libraries_quiet();

/// Where standard input, output or error is closed, something that cannot be written to takes its number, so that no file that is opened
/// later does and gets what is printed.
void open_missing_streams();

enum class Verbosity { quiet, normal, verbose };

class Terminal : public Progress {
 public:
  explicit Terminal(Verbosity verbosity);
  ~Terminal() override;
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void begin(const std::string& title, std::int64_t total) override;
  /// Also where an interrupt takes effect in loops that only report progress: may throw Error(interrupted).
  void step(const std::string& note) override;
  void end(const std::string& summary) override;

 private:
  void draw_bar(const std::string& note);
  void print_tenth(std::int64_t before);
  void clear_bar();
  void show(LogLevel level, const std::string& message);
  double seconds() const;

  Verbosity verbosity_;
  bool is_terminal_;
  bool bar_is_drawn_ = false;
  std::string title_;
  std::int64_t total_ = 0;
  std::int64_t done_ = 0;
  std::chrono::steady_clock::time_point start_{};
  std::chrono::steady_clock::time_point drawn_{};
};

}  // namespace nibble
