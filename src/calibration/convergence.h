// SPDX-License-Identifier: Apache-2.0
// Tells how many calibration images are enough, by the sampling error of what calibration measures.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "base/progress.h"
#include "base/tensor.h"
#include "nibble/run.h"

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

struct ConvergenceRow {
  std::int64_t images = 0;
  double median_error = 0, worst_error = 0;  ///< moment_error of the median layer, and of the layer that only a tenth are worse than
  double median_range = 0, worst_range = 0;  ///< range_reached of the median layer, and of the one that only a tenth reach less than
};
struct Convergence {
  std::int64_t images = 0;
  std::int64_t layers = 0;
  std::vector<ConvergenceRow> rows;  ///< 8, 16, 32, ... 1024
  std::int64_t recommended = 0;      ///< images of the first row whose worst_error is at most kEnough; 0 where there is none
};
/// The sampling error of the second moments that counts as small enough: below it, twice as many images lower it by less than 0.03.
inline constexpr double kEnough = 0.1;

/// Runs the float file `model` on images 0 .. images-1 (at least 2), optimisations off.
Convergence measure_convergence(const std::filesystem::path& model, std::int64_t images, const std::function<Tensor(std::int64_t)>& input,
                                const RuntimeOptions& runtime, Progress& progress);

}  // namespace nibble
