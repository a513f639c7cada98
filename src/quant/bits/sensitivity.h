// SPDX-License-Identifier: Apache-2.0
// What a layer's quantisation does to the detections, measured: the float network with this one layer replaced.
#pragma once
#include <map>
#include <vector>

#include "quant/calibrate.h"
#include "quant/statistics/paired_run.h"

namespace nibble {

/// A convolution to be replaced, and by what.
struct LayerVariant {
  std::size_t node = 0;
  SubstituteConv substitute;
};

/// Divergence of the head (head_loss.h, classes and boxes, per detection of the float network) on the first `image_count`
/// images with each variant alone in place; one number per variant.
std::vector<double> measure_damage(const at::Device& device, const Graph& baseline, const std::vector<LayerVariant>& variants,
                                   const CalibrationImages& images, std::int64_t image_count, const CalibrateOptions& options,
                                   Progress& progress);

}  // namespace nibble
