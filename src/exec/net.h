// SPDX-License-Identifier: Apache-2.0
// A Graph as a function in LibTorch whose quantisers can be learned: latent weights, scales and biases are leaf tensors.
#pragma once
#include <ATen/ATen.h>

#include <map>
#include <optional>
#include <vector>

#include "graph/graph.h"

namespace nibble {

/// The tensors that are learned for one quantised convolution. Its weight is (round(latent) - zero point) * scale, with rounding and
/// saturation as in exec/fake_quant.h. After Net::start_from_weights, round((latent - zero point) * first scale / scale + zero point)
/// takes the place of round(latent): a latent then stands for a float weight, and its code changes when the scale does (LSQ, Esser et al.
/// 2020, equations 1 to 3).
struct LearnedLayer {
  std::size_t node = 0;             ///< index into Graph::nodes
  at::Tensor latent;                ///< [O,I/groups,kh,kw]: the code before rounding, so in steps of the scale, zero point included
  at::Tensor first_log_scale;       ///< the log_scale that latents count in after start_from_weights; else undefined
  at::Tensor log_scale;             ///< natural logarithm of the weight's scale, in the scale's shape (scale_shape)
  at::Tensor zero_point;            ///< f32, in the scale's shape; not learned
  at::Tensor bias;                  ///< [O]
  at::Tensor log_activation_scale;  ///< []: logarithm of the input's scale; undefined where the input is not quantised
  std::optional<std::size_t> activation_node;  ///< the QuantizeDequantize node of the input; empty where the input is not quantised
};

/// Teacher forcing (Williams and Zipser 1989) from layer to layer: each quantised convolution reads share times what it reads in the float
/// network plus (1 - share) times what the layers before it give.
struct TeacherForcing {
  double share = 0;                      ///< 0 to 1
  std::map<ValueId, at::Tensor> inputs;  ///< the float network's values of Net::layer_inputs(), detached; may be empty where share is 0
};

class Net {
 public:
  /// Copies `graph`. Latents start at the graph's codes, so that the net computes what the graph computes. All tensors are on `device`.
  /// Error(internal) where a quantised convolution has no bias.
  explicit Net(const Graph& graph, const at::Device& device = at::kCPU);
  /// Lets latents stand for the float weights of `baseline` instead, which must have the same ids of values; scales and zero points stay.
  void start_from_weights(const Graph& baseline);

  /// The values `wanted`, in that order, for images f32 [B,3,H,W] on the net's device. Nodes that they do not depend on are not computed.
  /// Gradients reach those of the layers' tensors that require them.
  std::vector<at::Tensor> forward(const at::Tensor& images, const std::vector<ValueId>& wanted, const TeacherForcing& forcing = {}) const;
  /// The values that the quantised convolutions read, before quantisation: ascending, each once.
  std::vector<ValueId> layer_inputs() const;

  /// Moves latents that are more than half a step outside the range of codes back to that limit: beyond it the gradient is 0 and could
  /// never bring them back. Does nothing where latents stand for weights, which come back when the scale grows.
  void clamp_latents();

  std::vector<LearnedLayer>& layers() { return layers_; }
  const std::vector<LearnedLayer>& layers() const { return layers_; }
  const Graph& graph() const { return graph_; }
  /// The graph with the codes, scales and biases that the layers now have, verified.
  Graph freeze() const;

 private:
  ValueId input_of(const LearnedLayer& layer) const;
  const QuantSpec& spec_of(const LearnedLayer& layer) const;
  /// The numbers that are rounded to codes, in the latent's shape.
  at::Tensor unrounded(const LearnedLayer& layer) const;
  at::Tensor weight_of(const LearnedLayer& layer) const;

  const Graph graph_;
  std::map<ValueId, at::Tensor> constants_;
  std::vector<LearnedLayer> layers_;
  std::map<std::size_t, std::size_t> layer_of_node_, layer_of_activation_;  // node -> index into layers_
};

}  // namespace nibble
