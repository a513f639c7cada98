// SPDX-License-Identifier: Apache-2.0
// A Graph as a function in LibTorch whose quantisers can be learned: latent weights, scales and biases are leaf tensors.
#pragma once
#include <ATen/ATen.h>

#include <map>
#include <optional>
#include <vector>

#include "graph/graph.h"

namespace nibble {

/// One quantised convolution. weight = (round(latent) - zero point) * scale; rounding and saturation as in exec/fake_quant.h.
/// Where latents are weights, round((latent - zero point) * first scale / scale + zero point) stands for round(latent): codes follow
/// when the scale moves (LSQ, Esser et al. 2020, equations 1 to 3).
struct LearnedLayer {
  std::size_t node = 0;                        ///< index into Graph::nodes
  at::Tensor latent;                           ///< [O,I/groups,kh,kw], in steps of the scale, zero point included
  at::Tensor first_log_scale;                  ///< of the steps that latents are in, where they are weights; else undefined
  at::Tensor log_scale;                        ///< natural logarithm of the weight's scale, in the scale's shape
  at::Tensor zero_point;                       ///< f32, in the scale's shape; not learned
  at::Tensor bias;                             ///< [O]
  at::Tensor log_activation_scale;             ///< [], undefined where the input is not quantised
  std::optional<std::size_t> activation_node;  ///< its QuantizeDequantize node
};

/// Teacher forcing (Williams & Zipser 1989) from layer to layer: each quantised convolution reads share * the float network's input
/// + (1 - share) * its own.
struct TeacherForcing {
  double share = 0;                      ///< 0 to 1
  std::map<ValueId, at::Tensor> inputs;  ///< of Net::layer_inputs(), without gradients; not looked at where share is 0
};

class Net {
 public:
  /// Latents start at the graph's codes. All tensors are on `device`. Error(internal) where a quantised convolution has no bias.
  explicit Net(const Graph& graph, const at::Device& device = at::kCPU);
  /// Latents are the weights of `baseline`, the float graph with the same ids of values.
  void start_from_weights(const Graph& baseline);

  /// Values of `wanted` for images [B,3,S,S] on the net's device; computes no node they do not need. Gradients reach the layers' tensors
  /// that require them.
  std::vector<at::Tensor> forward(const at::Tensor& images, const std::vector<ValueId>& wanted, const TeacherForcing& forcing = {}) const;
  /// What the layers read, before it is quantised; ascending, each once.
  std::vector<ValueId> layer_inputs() const;

  /// Latents beyond the range of codes, back to its ends: they could not come back by a gradient that sees no change there.
  void clamp_latents();

  std::vector<LearnedLayer>& layers() { return layers_; }
  const std::vector<LearnedLayer>& layers() const { return layers_; }
  const Graph& graph() const { return graph_; }
  /// The graph with the codes, scales and biases the layers now stand for.
  Graph freeze() const;

 private:
  ValueId input_of(const LearnedLayer& layer) const;
  const QuantSpec& spec_of(const LearnedLayer& layer) const;
  /// What is rounded to codes.
  at::Tensor unrounded(const LearnedLayer& layer) const;
  at::Tensor weight_of(const LearnedLayer& layer) const;

  const Graph graph_;
  std::map<ValueId, at::Tensor> constants_;
  std::vector<LearnedLayer> layers_;
  std::map<std::size_t, std::size_t> layer_of_node_, layer_of_activation_;  // node -> index into layers_
};

}  // namespace nibble
