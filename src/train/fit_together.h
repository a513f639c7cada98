// SPDX-License-Identifier: Apache-2.0
// What the processes of one training tell each other (train/fit.h). A single process computes as if none of this were there.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "nibble/error.h"
#include "train/fit.h"

namespace nibble {

/// Error(usage) in all of them unless `run` is the same everywhere.
void require_same_run(Processes& processes, const std::string& run);

/// The first process's tensors, everywhere.
void share_start(Processes& processes, const std::vector<ParameterGroup>& groups);

/// In place of each process's gradients, and of the loss and its parts, their sums. A parameter without a gradient in every
/// process stays without one.
void add_up_gradients(Processes& processes, const std::vector<at::Tensor>& parameters);
void add_up_loss(Processes& processes, double& total, std::vector<std::pair<std::string, double>>& parts);

/// The first process's score, everywhere. What it throws stops the others too, as an error of the same kind.
double score_once(Processes& processes, const std::function<double()>& score);

/// An interrupt that reached this process, until all can stop at the same step.
class SharedInterrupt {
 public:
  explicit SharedInterrupt(Processes& processes) : processes_(processes) {}
  /// Calls `told`; of several processes, an Error(interrupted) out of it waits for throw_if_any.
  void hold(const std::function<void()>& told);
  /// Error(interrupted) in all processes once one was interrupted.
  void throw_if_any();

 private:
  Processes& processes_;
  std::optional<Error> held_;
};

}  // namespace nibble
