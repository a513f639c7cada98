// SPDX-License-Identifier: Apache-2.0
// How much the detection head notices of errors in a convolution's outputs: in which combinations of channels, and at which positions.
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <vector>

#include "base/progress.h"
#include "quant/calibrate.h"

namespace nibble {

/// Gradients are taken of at most so many images, in whole batches: of more, every so many batches give theirs, the first one always.
inline constexpr std::int64_t kGradientImages = 100;

/// What is known about one convolution from gradients of the head. d [O] is, at one position of one image, the gradient with respect to the
/// convolution's outputs [B,O,H,W] of a random function of the head's logits, whose gradient there has the Fisher information of the head's
/// distributions as its covariance.
struct OutputFisher {
  /// [O,O], f32, on the CPU: the sum of d d^T over images and positions, an estimate of the Fisher information of the outputs.
  at::Tensor channels;
  /// For each batch the output positions at which calibration samples the layer's input: ascending indices into the flattened [B,H,W]. One
  /// with a larger trace of d d^T is drawn more often, several times if need be. In a batch without gradients they are spread evenly.
  std::vector<std::vector<std::int64_t>> positions;
};

/// The key is the index of the convolution in Graph::nodes.
using FisherByNode = std::map<std::size_t, OutputFisher>;

/// Computes the above on `device` for the convolutions `nodes`, grouped or not; a node that the head does not depend on is missing in the
/// result. For an error e of the outputs, the head's divergence (quant/statistics/head_loss.h) is to second order half of the sum over
/// positions of e^T d d^T e, as far as positions are independent of each other. Of the drawn positions the part `weights.importance` of
/// the recipe follows the trace, or less where affordable_importance (sample_positions.h) says so; the rest is even. Needs options.head.
/// The same images, recipe and seed give the same numbers. The processes of options share the images; in others than process 0 the result
/// is empty.
FisherByNode output_fisher(const at::Device& device, const Graph& baseline, const std::vector<std::size_t>& nodes,
                           const CalibrationImages& images, const CalibrateOptions& options, Progress& progress);

}  // namespace nibble
