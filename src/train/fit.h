// SPDX-License-Identifier: Apache-2.0
// The training loop: schedule, Adam, clipping, averages, rollback, scoring, early stop, and snapshots from which a run goes on
// bit for bit. What is trained and on what is the caller's.
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

struct ParameterGroup {
  std::string name;                 ///< "weights", "scales": as progress and event files call it
  std::vector<at::Tensor> tensors;  ///< leaves that require gradients; trained in place
  double rate = 1e-3;               ///< learning rate at the schedule's peak
  std::vector<double> factors;      ///< of the rate, for each tensor; empty: all 1
};

/// Of several processes: this one's addends. Their sums are the step's.
struct StepLoss {
  at::Tensor total;  ///< scalar, differentiable; without gradients where they are added up already, or there are no images
  std::vector<std::pair<std::string, double>> parts;  ///< to be shown: the same names at each step
};

/// The functions must depend on their arguments and the tensors alone (random numbers: keyed by the step), else a run that was
/// interrupted does not go on the same.
struct FitProblem {
  std::vector<ParameterGroup> groups;
  std::int64_t steps_per_epoch = 1;
  std::function<void(std::int64_t epoch, std::int64_t first_step)> start_epoch;  ///< first_step: of the epoch, 0 but after a resume
  std::function<StepLoss(std::int64_t step)> loss;                               ///< of the next batch; steps count from 0 over all epochs
  std::function<void()> constrain;  ///< after each update: keeps the tensors where they make sense; may be empty
  std::function<double()> score;    ///< of the tensors as they are; higher is better. Empty: the last weights are the best
  std::shared_ptr<Processes> processes = std::make_shared<Processes>();  ///< that train together
};

/// Trains. Afterwards the tensors hold the best-scored averages (of equals, up to FitOptions::score_margin, the last): the start itself,
/// where no epoch was better. Error(numeric)
/// when it diverges once too often. An interrupt (base/progress.h) is answered with a snapshot at the last finished step; a
/// killed process goes on from the last snapshot written.
///
/// Several processes start from the first one's tensors, add up gradients before they are clipped, and so hold the same bits after
/// every step and decide the same. The first scores and writes snapshots, which all read to go on. An interrupt of one stops
/// all at the same step. Error(usage) where they were not started for the same FitOptions::run.
FitResult fit(const FitProblem& problem, const FitOptions& options, const FitObserver& observer);

}  // namespace nibble
