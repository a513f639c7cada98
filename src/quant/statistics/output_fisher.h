// SPDX-License-Identifier: Apache-2.0
// How much the detection head notices of errors in a convolution's outputs: of which combinations of channels, and where.
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <vector>

#include "base/progress.h"
#include "quant/calibrate.h"

namespace nibble {

/// Of d, the gradient of a sampled -log p of the head's distributions with respect to the outputs [B,O,H,W].
struct OutputFisher {
  at::Tensor channels;                               ///< [O,O], f32: sum of d d^T over images and positions, the Fisher information
  std::vector<std::vector<std::int64_t>> positions;  ///< of each batch: where d d^T is looked for, drawn as often as its trace says
};

/// By index of the convolution's node.
using FisherByNode = std::map<std::size_t, OutputFisher>;

/// The head's divergence (quant/head_loss.h) is, to second order, half of e^T d d^T e summed over
/// positions, e the outputs' error, as far as positions are independent. `nodes`: ungrouped and grouped convolutions. Drawn positions:
/// the part `weights.importance` of the recipe by the trace, the rest evenly. The same images, recipe and seed give the same numbers.
FisherByNode output_fisher(const at::Device& device, const Graph& baseline, const std::vector<std::size_t>& nodes,
                           const CalibrationImages& images, const CalibrateOptions& options, Progress& progress);

}  // namespace nibble
