// SPDX-License-Identifier: Apache-2.0
// What a run leaves behind: the directory, the log, the growing report; true at any moment, also when the run breaks off.
#pragma once
#include <chrono>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/progress.h"
#include "compare/task_comparison.h"
#include "eval/task_numbers.h"
#include "nibble/run.h"
#include "run/run_plan.h"

namespace nibble {

/// Hands progress on and writes begin and end of each stage to the log, with times.
class LoggedProgress : public Progress {
 public:
  explicit LoggedProgress(Progress& inner) : inner_(inner) {}
  void begin(const std::string& title, std::int64_t total) override;
  void step(const std::string& note) override { inner_.step(note); }
  void end(const std::string& summary) override;
  Json stages() const { return stages_; }

 private:
  Progress& inner_;
  std::string title_;
  std::chrono::steady_clock::time_point start_{};
  Json stages_ = Json::array();
};

/// Boxes of the files scored in this process, by artifact: comparing them needs no second pass over the images.
using SeenDetections = std::map<std::string, std::vector<Detection>>;

class RunJournal {
 public:
  /// Opens the directory, no more: what fails after that can be recorded in it.
  RunJournal(const RunPlan& plan, Progress& progress);

  /// Opens the log, writes manifest, config and environment.
  void begin();

  RunDirectory& directory() { return directory_; }
  LoggedProgress& progress() { return progress_; }
  Report& report() { return report_; }
  SeenDetections& seen() { return seen_; }
  /// What the FP32 baseline sees of another task than detection, once a file was compared with it.
  std::optional<SeenObjects>& baseline_objects() { return baseline_objects_; }
  /// Of the FP32 baseline, once it is scored.
  std::optional<TaskNumbers>& baseline() { return baseline_; }

  /// Checks the gates and writes summary, gates and manifest.
  RunResult conclude();
  /// The same as far as it is still possible, for a run that ends early. Never throws.
  void break_off(const std::exception& reason) noexcept;
  /// Whether a file has been scored, and what summary.md would say: for a disk that takes it no more.
  bool has_scores() const;
  std::string summary_so_far() const;

 private:
  void write_report(const std::string& status);
  void write_manifest();
  void write_config();
  void write_evidence();
  const RunPlan& plan_;
  RunDirectory directory_;
  std::optional<LogFile> log_;
  LoggedProgress progress_;
  Report report_;
  SeenDetections seen_;
  std::optional<SeenObjects> baseline_objects_;
  std::optional<TaskNumbers> baseline_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace nibble
