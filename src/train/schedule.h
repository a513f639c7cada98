// SPDX-License-Identifier: Apache-2.0
// The learning rate over a run: a straight warm-up, then half a cosine (Loshchilov, Hutter 2017, without restarts).
#pragma once
#include <cstdint>

namespace nibble {

struct Schedule {
  double peak = 1e-3;             ///< learning rate at the end of the warm-up; positive
  std::int64_t steps = 1;         ///< of the whole run, warm-up included; at least 1
  std::int64_t warmup_steps = 0;  ///< 0: starts at the peak; fewer than `steps`
  double final_fraction = 0.01;   ///< of the peak, reached at the last step; 0 to 1
};

/// Learning rate of update `step` (from 0):
///   step < warmup:  peak * (step + 1) / (warmup + 1)
///   after that:     peak * (f + (1 - f) * (1 + cos(pi * t)) / 2),  t from 0 at the first step after the warm-up to 1 at the last.
/// Steps past the end keep the last value. Error(usage) naming the field for a schedule that makes no sense.
/// Example: peak 1, 10 steps, warm-up 1, final 0: 0.5, 1, 0.96, 0.85, 0.69, 0.5, 0.31, 0.15, 0.04, 0.
double learning_rate(const Schedule& schedule, std::int64_t step);

}  // namespace nibble
