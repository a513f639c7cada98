// SPDX-License-Identifier: Apache-2.0
// Shows a training while it runs: progress with losses, TensorBoard event files, the curve for the report, and divergences in the log.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/progress.h"
#include "report/task_words.h"
#include "report/training_curve.h"
#include "train/event_file.h"
#include "train/fit_options.h"

namespace nibble {

class QatMonitor {
 public:
  /// `task` decides what the score is called. Event files go to `events`, losses and scores also to the file `curve`; `now_s` is the clock,
  /// seconds since 1970.
  QatMonitor(std::string title, Task task, std::filesystem::path events, std::filesystem::path curve, std::function<double()> now_s,
             Progress& progress);

  /// The functions that a training is to call. They refer to this object, which must outlive them.
  FitObserver observer();

 private:
  void begin(std::int64_t first_step, std::int64_t steps);
  void step(const StepReport& report);
  void score(const ScoreReport& report);
  void divergence(const DivergenceEvent& event, double rate_factor, std::int64_t back_to_step);

  std::string title_;
  const TaskWords& words_;
  std::filesystem::path events_, curve_path_;
  std::function<double()> now_s_;
  Progress& progress_;
  std::optional<EventFile> file_;
  std::optional<CurveFile> curve_;
  std::optional<double> mean_loss_;
  std::string last_score_;
};

}  // namespace nibble
