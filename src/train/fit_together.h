// SPDX-License-Identifier: Apache-2.0
// What the processes of one training exchange (train/fit.h). With a single process these functions change nothing.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "nibble/error.h"
#include "train/fit.h"

namespace nibble {

/// Error(usage) in all processes unless `run` is the same in all.
void require_same_run(Processes& processes, const std::string& run);

/// Copies the first process's tensors into those of all others.
void share_start(Processes& processes, const std::vector<ParameterGroup>& groups);

/// Replaces each process's gradients by their sum over processes. A parameter that has a gradient in no process stays without one.
void add_up_gradients(Processes& processes, const std::vector<at::Tensor>& parameters);
/// Replaces each process's loss and its parts by their sums over processes.
void add_up_loss(Processes& processes, double& total, std::vector<std::pair<std::string, double>>& parts);

/// Calls `score` in the first process alone and returns its result in all. What it throws stops all processes, with an error of the same
/// kind.
double score_once(Processes& processes, const std::function<double()>& score);

/// Keeps an interrupt that has reached this process until all processes can stop at the same step.
class SharedInterrupt {
 public:
  explicit SharedInterrupt(Processes& processes) : processes_(processes) {}
  /// Calls `told`. With several processes, an Error(interrupted) that it throws is kept for throw_if_any; with one it leaves at once.
  void hold(const std::function<void()>& told);
  /// Error(interrupted) in all processes once one was interrupted.
  void throw_if_any();

 private:
  Processes& processes_;
  std::optional<Error> held_;
};

}  // namespace nibble
