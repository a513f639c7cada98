// SPDX-License-Identifier: Apache-2.0
// The counts by which the losses of a batch are divided where the batch goes through the network in parts, in one process or in several.
// They are those of the whole batch: a loss divided by its own part's count would give small parts too much weight.
#pragma once
#include <ATen/ATen.h>

#include <vector>

#include "comm/processes.h"

namespace nibble {

struct BatchTotals {
  double images = 0;
  double detections = 0;  ///< sum of HeadLoss::detections
  double targets = 0;     ///< sum of DetectionLoss::targets
  struct Output {
    double number = 0;    ///< how many elements it has; means of parts, each times the part's elements / `number`, add up to the whole mean
    at::Tensor variance;  ///< variance of all its elements, a scalar
  };
  std::vector<Output> outputs;
};

/// Adds up the counts of this process's parts of a batch.
class BatchCounter {
 public:
  /// `outputs` is the number of tensors that each part has.
  explicit BatchCounter(std::size_t outputs);
  /// Adds one part: its counts (with `outputs` left empty) and its tensors. A process that has no image of the batch adds no part.
  void add(const BatchTotals& part, const std::vector<at::Tensor>& outputs);
  /// The sums over the parts of all processes, which must all call this.
  BatchTotals sum(Processes& processes) const;

 private:
  std::vector<double> counts_;  // images, detections, targets; then of each output number, sum and sum of squares
};

}  // namespace nibble
