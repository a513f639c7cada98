// SPDX-License-Identifier: Apache-2.0
// Tells how many calibration images are enough, by the sampling error of what calibration measures.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "base/progress.h"
#include "base/tensor.h"
#include "nibble/calibration.h"
#include "nibble/options.h"

namespace nibble {

/// Statistics of the input of one convolution: for each image the mean square of each channel and the largest magnitude.
class InputStatistics {
 public:
  /// Adds the input [1,C,...] of one image. Error(numeric) on a number that is not finite.
  void add(const Tensor& input);
  /// Relative standard error of the channels' second moments when n images are averaged: sqrt(sum of variances / n) over
  /// sqrt(sum of squared means). Falls with 1 / sqrt(n), so it is known beyond the images there are. At least two images.
  double moment_error(std::int64_t n) const;
  /// Expected largest magnitude of n of these images, as a fraction of that of all; 1 from their number on.
  double range_reached(std::int64_t n) const;

 private:
  std::vector<double> sum_, sum_of_squares_;  ///< of the mean squares, per channel
  std::vector<double> largest_;               ///< per image
};

/// Runs the float file `model` on images 0 .. images-1 (at least 2).
Convergence measure_convergence(const std::filesystem::path& model, std::int64_t images, const std::function<Tensor(std::int64_t)>& input,
                                const RuntimeOptions& runtime, Progress& progress);

}  // namespace nibble
