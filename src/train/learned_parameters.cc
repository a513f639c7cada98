// SPDX-License-Identifier: Apache-2.0
#include "train/learned_parameters.h"

#include <algorithm>

namespace nibble {

std::vector<ParameterGroup> learned_parameters(Net& net, const QatSettings& settings) {
  ParameterGroup weights{"weights", {}, settings.weight_rate, {}}, scales{"scales", {}, settings.scale_rate, {}};
  ParameterGroup activations{"activations", {}, settings.activation_rate, {}}, biases{"biases", {}, settings.bias_rate, {}};
  for (LearnedLayer& layer : net.layers()) {
    weights.tensors.push_back(layer.latent);
    scales.tensors.push_back(layer.log_scale);
    if (layer.activation_node) activations.tensors.push_back(layer.log_activation_scale);
    biases.tensors.push_back(layer.bias);
    constexpr double kLeastBias = 1e-3;  // a layer of zero biases still learns
    biases.factors.push_back(std::max(kLeastBias, layer.bias.detach().square().mean().sqrt().item<double>()));
  }
  std::vector<ParameterGroup> learned;
  for (auto& group : {weights, scales, activations, biases})
    if (!group.tensors.empty() && group.rate > 0) learned.push_back(group);
  for (const auto& group : learned)
    for (const at::Tensor& tensor : group.tensors) tensor.set_requires_grad(true);
  return learned;
}

}  // namespace nibble
