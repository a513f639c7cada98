// SPDX-License-Identifier: Apache-2.0
// Quantises one convolution: from float weights and the moments of its inputs to integer codes.
#pragma once
#include <ATen/ATen.h>

#include <optional>

#include "graph/graph.h"
#include "graph/layer_codes.h"
#include "quant/calibrate.h"
#include "quant/place.h"
#include "quant/statistics/moments.h"

namespace nibble {

struct QuantizedLayer : LayerCodes {
  LayerStat stat;
};

/// Chooses codes, scales, zero points and the bias of `node` by the recipe. `weight` [O,I/groups,kh,kw] and `bias` [O] are the float ones.
/// For GPTQ the target that is rounded is the least-squares weight
///   w* = w + t D H^-1,   D = E[w (x - x') x'^T],   H = E[x' x'^T] + damping,   t = target_correction;
/// with restore_gain the scales are then multiplied by E[y^2] / E[y y'] per channel (y = w x, y' = w' x'); with bias
/// correction b' = b + w E[x] - w' E[x'], and all moments are centred.
/// `channels` [O,O] is the Fisher information of the outputs (output_fisher.h) or undefined. Where it is given, errors of output channels
/// make up for each other (coupled_rows.h), unless the layer is grouped, has 8 bits, or has one scale for the whole tensor. The result's
/// `activation` is left empty. Damping that does not suffice is raised tenfold, from 1e-8 where it is less, up to 1. Where the Hessian
/// cannot be factorised at any damping, its diagonal serves (method "diagonal"), and without one every input counts alike ("nearest");
/// stat.note says why. Error(numeric) naming the node where statistics or damping are not finite.
QuantizedLayer quantize_layer(const Node& node, const at::Tensor& weight, const at::Tensor& bias, const LayerPlan& plan,
                              const Recipe& recipe, const PatchMoments& moments, const at::Tensor& channels);

/// Fills in those statistics of a layer that follow from its weights and codes alone: sqnr_db, clipped and zeroed.
void describe_codes(const at::Tensor& weight, const at::Tensor& codes, const QuantParams& params, LayerStat& stat);

}  // namespace nibble
