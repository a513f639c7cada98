// SPDX-License-Identifier: Apache-2.0
// What the losses of a batch are divided by, when several processes have a share of it each: a loss divided by its own share's
// count would give small shares too much weight.
#pragma once
#include <ATen/ATen.h>

#include <vector>

#include "comm/processes.h"

namespace nibble {

struct BatchTotals {
  double images = 0;
  double detections = 0;  ///< HeadLoss::detections
  double targets = 0;     ///< DetectionLoss::targets
  struct Output {
    double share = 1;     ///< of its elements, this process's: a mean over them times `share` adds up to the mean over all
    at::Tensor variance;  ///< scalar, of all elements
  };
  std::vector<Output> outputs;
};

/// `own`: this process's counts, and its part of `outputs` tensors in own_outputs; none where it has no image. One process: the
/// same counts, and at::var.
BatchTotals add_up_totals(Processes& processes, BatchTotals own, const std::vector<at::Tensor>& own_outputs, std::size_t outputs);

}  // namespace nibble
