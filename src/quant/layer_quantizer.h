// SPDX-License-Identifier: Apache-2.0
// One convolution from float to codes.
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

/// Scale of the input's quantiser; inputs come batch by batch from `batch(i)`.
QuantParams choose_activation(const QuantSpec& spec, const ActivationRecipe& recipe, std::int64_t batches,
                              const std::function<at::Tensor(std::int64_t)>& batch);

/// Weights by the recipe's method on the moments. For GPTQ the target is the least-squares weight
///   w* = w + t w D H^-1,   D = E[(x - x') x'^T],   H = E[x' x'^T] + damping,   t = target_correction;
/// with restore_gain the scales are then multiplied by E[y^2] / E[y y'] per channel (y = w x, y' = w' x'); with bias
/// correction b' = b + w E[x] - w' E[x'], and all moments are centred.
/// `channels` [O,O], undefined: errors of output channels make up for each other (coupled_rows.h), where the layer is not grouped and has
/// less than 8 bits and a scale for each channel.
/// Where the Hessian cannot be factorised at any damping, its diagonal serves (method "diagonal"), and without one every input counts
/// alike ("nearest"); stat.note says why. Error(numeric) naming the node where the statistics are not finite.
QuantizedLayer quantize_layer(const Node& node, const at::Tensor& weight, const at::Tensor& bias, const LayerPlan& plan,
                              const Recipe& recipe, const PatchMoments& moments, const at::Tensor& channels);

/// Fills in what can be said of the codes of a weight alone: sqnr_db, clipped, zeroed.
void describe_codes(const at::Tensor& weight, const at::Tensor& codes, const QuantParams& params, LayerStat& stat);

}  // namespace nibble
