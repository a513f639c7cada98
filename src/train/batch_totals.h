// SPDX-License-Identifier: Apache-2.0
// What the losses of a batch are divided by, when it is looked at in parts, by one process or several: a loss divided by its own part's
// count would give small parts too much weight.
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
    double number = 0;    ///< of its elements; a part's mean times the part's number / `number` adds up to the mean over all
    at::Tensor variance;  ///< scalar, of all elements
  };
  std::vector<Output> outputs;
};

/// Counts this process's parts of a batch.
class BatchCounter {
 public:
  /// `outputs`: how many tensors each part has.
  explicit BatchCounter(std::size_t outputs);
  /// `part`: its counts, `outputs` empty. A process without an image adds no part.
  void add(const BatchTotals& part, const std::vector<at::Tensor>& outputs);
  /// Over the parts of all processes, which ask together.
  BatchTotals sum(Processes& processes) const;

 private:
  std::vector<double> counts_;  // images, detections, targets; then of each output number, sum and sum of squares
};

}  // namespace nibble
