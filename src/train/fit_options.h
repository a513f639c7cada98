// SPDX-License-Identifier: Apache-2.0
// Options, reports and result of a training (train/fit.h), in plain types without LibTorch.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "train/divergence_watch.h"

namespace nibble {

/// The constants of Adam, as train/adam.h defines them.
struct AdamOptions {
  double beta1 = 0.9;     ///< of the mean of gradients; 0 to below 1
  double beta2 = 0.999;   ///< of the mean of their squares; 0 to below 1
  double epsilon = 1e-8;  ///< added to the root of that mean
};

/// The moving average of weights, as train/weight_average.h defines it.
struct AverageOptions {
  double decay = 0.9999;     ///< part of the old average that a step keeps, after many steps; 0 to below 1
  double ramp_steps = 2000;  ///< after this many steps the decay has reached 63 % of that, so that short runs average less; positive
};

struct FitOptions {
  std::int64_t epochs = 1;
  std::int64_t max_steps = 0;     ///< the run ends after this many steps, also within an epoch; 0 for no such limit
  std::int64_t warmup_steps = 0;  ///< steps in which learning rates rise to their peak (train/schedule.h); fewer than all steps
  double final_fraction = 0.01;   ///< learning rates fall to this fraction of their peak at the last step, 0..1
  double max_gradient_norm = 10;  ///< a gradient whose Euclidean norm over all parameters is larger is scaled down to it; positive
  AdamOptions adam;
  AverageOptions average;
  DivergenceOptions divergence;
  std::int64_t score_every_epochs = 1;  ///< the averages are scored after every so many epochs, and after the last one; at least 1
  /// How much scores fluctuate: a later state replaces the kept one where it scores above the highest score less this margin, and above
  /// the start. 0 keeps the state of the highest score.
  double score_margin = 0;
  std::int64_t patience = 0;              ///< training stops after this many scorings in a row without a new highest score; 0 for never
  std::int64_t snapshot_every_steps = 0;  ///< snapshots are written after every so many steps too; 0 for the ends of epochs only
  std::filesystem::path snapshot;         ///< the file of snapshots; empty where none are to be written
  std::string run;                        ///< the key of this run (train/snapshot.h): only its own snapshots are resumed from
  bool resume = false;                    ///< whether to go on from `snapshot`, which must exist then
};

/// What an observer is told after each step.
struct StepReport {
  std::int64_t step = 0, epoch = 0;                   ///< both count from 0
  double loss = 0;                                    ///< of the whole batch, summed over processes
  std::vector<std::pair<std::string, double>> parts;  ///< parts of the loss by name, summed over processes
  double gradient_norm = 0;                           ///< before it was limited
  std::vector<std::pair<std::string, double>> rates;  ///< learning rate of each parameter group in this step, by the group's name
};
/// What an observer is told after each scoring.
struct ScoreReport {
  std::int64_t step = 0, epoch = 0;  ///< the last finished ones; the start has step 0 and epoch -1
  double score = 0;
  bool is_best = false;  ///< whether this state is the one that is kept now
};

/// Functions that are called while training runs; each may be empty.
struct FitObserver {
  /// Before the first step: the step that the run begins or goes on with, and the number of steps of the whole run.
  std::function<void(std::int64_t first_step, std::int64_t steps)> begin;
  std::function<void(const StepReport&)> step;
  std::function<void(const ScoreReport&)> score;
  /// After a rollback: what happened, the factor of all learning rates from here on, and the step whose state was taken back.
  std::function<void(const DivergenceEvent&, double rate_factor, std::int64_t back_to_step)> divergence;
};

struct FitResult {
  std::int64_t steps = 0;                           ///< finished steps, those before a resumption included
  std::optional<double> initial_score, best_score;  ///< of the start, and of the state that was kept; empty where nothing is scored
  std::int64_t best_epoch = -1;                     ///< the epoch after which the kept state was reached; -1 where it is the start
  bool stopped_early = false;                       ///< whether `patience` ended the run
  std::int64_t rollbacks = 0;                       ///< how often training diverged and went back
};

}  // namespace nibble
