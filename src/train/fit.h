// SPDX-License-Identifier: Apache-2.0
// The training loop: schedule, Adam, clipping, averages, rollback, scoring, early stop, and snapshots from which a run goes on
// bit for bit. The caller decides what is trained and on what.
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "comm/processes.h"
#include "train/fit_options.h"

namespace nibble {

/// Tensors that share a learning rate.
struct ParameterGroup {
  std::string name;                 ///< how progress and event files call it: "weights", "scales"
  std::vector<at::Tensor> tensors;  ///< leaf tensors that require gradients; they are changed in place
  double rate = 1e-3;               ///< learning rate at the peak of the schedule
  std::vector<double> factors;      ///< one for each tensor, by which the rate is multiplied; empty where all are 1
};

/// The loss of one step. Where several processes train together, each returns its own share, and the sum of all shares is the loss.
struct StepLoss {
  /// A scalar. It is differentiated, unless it does not require gradients: then the function has already added them to the parameters, or
  /// this process has no images in this step.
  at::Tensor total;
  std::vector<std::pair<std::string, double>> parts;  ///< parts of the loss to be shown, with the same names in the same order at each step
};

/// What is to be trained. The functions must depend only on their arguments and the tensors (random numbers must be keyed by the step);
/// otherwise a resumed run does not give the same bits as one that was not interrupted.
struct FitProblem {
  std::vector<ParameterGroup> groups;
  std::int64_t steps_per_epoch = 1;  ///< at least 1
  /// Called before the first step of each epoch. `first_step` is the step within the epoch that comes next: 0, or after a resume within an
  /// epoch the one that the run goes on with.
  std::function<void(std::int64_t epoch, std::int64_t first_step)> start_epoch;
  std::function<StepLoss(std::int64_t step)> loss;  ///< the loss of the next batch; steps count from 0 over all epochs
  std::function<void()> constrain;                  ///< called after each update to bring tensors back into their range; may be empty
  /// Returns how good the tensors are as they stand; higher is better. Where it is empty, the averages after the last epoch are kept.
  std::function<double()> score;
  std::shared_ptr<Processes> processes = std::make_shared<Processes>();  ///< the processes that train together; by default this one alone
};

/// Trains. Afterwards the tensors hold the averages that scored best. Scores that differ by less than FitOptions::score_margin count as
/// equal, and the later state is kept then; where no epoch was better than the start, the tensors are as they were. An interrupt
/// (base/progress.h) writes a snapshot of the last finished step and leaves as Error(interrupted); a killed process goes on from the last
/// snapshot that was written. Error(usage) for options out of range, Error(numeric) when training diverges more often than
/// DivergenceOptions::rollbacks allows.
///
/// Several processes start from the first one's tensors and add up their gradients before these are clipped. So they hold the same bits
/// after every step and take the same decisions. Only the first scores and writes snapshots; all read them to resume. An interrupt of one
/// process stops all of them at the same step. Error(usage) where they were not started with the same FitOptions::run.
FitResult fit(const FitProblem& problem, const FitOptions& options, const FitObserver& observer);

}  // namespace nibble
