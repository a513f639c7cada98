// SPDX-License-Identifier: Apache-2.0
// Prototypes of masks: maps of a quarter of the image's size, of which each detection's mask is a weighted sum (YOLACT, Bolya et al. 2019,
// arXiv 1904.02689), in the forms of YOLOv8 (Proto) and YOLO26 (Proto26).
#include <fmt/format.h>

#include "yolo/block_parts.h"

namespace nibble {
namespace {

constexpr std::int64_t kMostLevels = 6;  // that are fused: the coarsest of them is enlarged 32 times

/// Row (o * k + i) * k + j of the result makes what the transposed convolution puts into row i and column j of a k x k patch of channel o.
Tensor pointwise_weight(const Tensor& weight) {
  const auto& shape = weight.shape();  // [I,O,k,k]
  const auto inputs = shape[0], rows = shape[1] * shape[2] * shape[3];
  const auto from = weight.as<float>();
  std::vector<float> to(from.size());
  for (std::int64_t input = 0; input < inputs; ++input)
    for (std::int64_t row = 0; row < rows; ++row)
      to[static_cast<std::size_t>(row * inputs + input)] = from[static_cast<std::size_t>(input * rows + row)];
  return Tensor::of<float>({rows, inputs, 1, 1}, std::move(to));
}

Tensor repeated_bias(const Tensor& bias, std::int64_t times) {
  std::vector<float> values;
  for (const float value : bias.as<float>()) values.insert(values.end(), static_cast<std::size_t>(times), value);
  const auto count = static_cast<std::int64_t>(values.size());
  return Tensor::of<float>({count}, std::move(values));
}

}  // namespace

/// Whose patches do not overlap: a pointwise convolution to k * k times the channels, which are then put side by side in the map. The
/// numbers are the same, and it is quantised as all convolutions are.
ValueId add_conv_transpose(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = only(module, inputs);
  const auto kernel = module.pair("kernel_size");
  if (kernel[0] != kernel[1] || kernel[0] < 1 || module.pair("stride") != kernel || module.pair("padding") != op::Pair{0, 0} ||
      module.pair("output_padding") != op::Pair{0, 0} || module.pair("dilation") != op::Pair{1, 1} || module.integer("groups") != 1)
    module.fail(ErrorKind::unsupported,
                "only transposed convolutions with a stride as large as their square kernel, without padding, dilation and groups, are "
                "supported");
  const auto k = kernel[0], outputs = module.integer("out_channels");
  const Shape map = shape_of(graph, x);
  Inputs operands{x, graph.add_constant(module.path() + ".weight", pointwise_weight(module.tensor("weight", {map[1], outputs, k, k})))};
  if (module.find_tensor("bias"))
    operands.push_back(graph.add_constant(module.path() + ".bias", repeated_bias(module.tensor("bias", {outputs}), k * k)));
  const auto patches = graph.add(module.path(), op::Conv{}, operands);
  const auto split = graph.add(module.path() + ".patches", op::Reshape{{0, outputs, k, k, map[2], map[3]}}, {patches});
  const auto placed = graph.add(module.path() + ".placed", op::Transpose{{0, 1, 4, 2, 5, 3}}, {split});
  return graph.add(module.path() + ".map", op::Reshape{{0, outputs, map[2] * k, map[3] * k}}, {placed});
}

ValueId add_proto(Graph& graph, const Module& module, const Inputs& inputs) {
  auto x = only(module, inputs);
  for (const char* step : {"cv1", "upsample", "cv2", "cv3"}) x = add_child(graph, module, step, x);
  return x;
}

/// All maps, enlarged to the finest one and added to it, then as above. `semseg` is for training only.
ValueId add_proto26(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto refine = module.child("feat_refine").children();
  if (inputs.size() != refine.size() + 1 || static_cast<std::int64_t>(inputs.size()) > kMostLevels)
    module.fail(ErrorKind::input, fmt::format("it refines {} maps of {}, expected all but the first, of at most {}", refine.size(),
                                              inputs.size(), kMostLevels));
  auto sum = inputs[0];
  for (std::size_t i = 0; i < refine.size(); ++i) {
    const auto refined = add_module(graph, refine[i], {inputs[i + 1]});
    const auto enlarged = graph.add(fmt::format("{}.enlarged.{}", module.path(), i), op::ResizeNearest{std::int64_t{2} << i}, {refined});
    sum = graph.add(fmt::format("{}.sum.{}", module.path(), i), op::Add{}, {sum, enlarged});
  }
  return add_proto(graph, module, {add_child(graph, module, "feat_fuse", sum)});
}

}  // namespace nibble
