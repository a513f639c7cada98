// SPDX-License-Identifier: Apache-2.0
// Pooling pyramids, and blocks that lead from one size of map to another.
#include <fmt/format.h>

#include "yolo/block_parts.h"

namespace nibble {
namespace {

constexpr std::int64_t kMaxPools = 64;        // of an SPPF; published networks have 3
constexpr std::int64_t kMaxEnlargement = 64;  // of a map that is added to a finer one

/// The map of a CBLinear that a CBFuse wants.
ValueId part_of(const Graph& graph, const Module& module, ValueId source, std::int64_t index) {
  const Node* split = producer_of(graph, source);
  if (split == nullptr || !std::holds_alternative<op::Split>(split->op) || split->outputs.front() != source)
    module.fail(ErrorKind::input, "it should read from CBLinear modules");
  if (index < 0 || index >= static_cast<std::int64_t>(split->outputs.size()))
    module.fail(ErrorKind::input, fmt::format("it takes part {} of {}", index, split->outputs.size()));
  return split->outputs[static_cast<std::size_t>(index)];
}

/// Enlarged to the height and width of `target`; whole factors only, as between the levels of a network.
ValueId add_enlarged(Graph& graph, const Module& module, const std::string& name, ValueId x, const Shape& target) {
  const Shape& shape = shape_of(graph, x);
  const auto factor = shape[2] > 0 ? target[2] / shape[2] : 0;
  if (factor < 1 || factor > kMaxEnlargement || shape[2] * factor != target[2] || shape[3] * factor != target[3])
    module.fail(ErrorKind::unsupported, fmt::format("a map of {} x {} is to become one of {} x {}; only whole factors are supported",
                                                    shape[2], shape[3], target[2], target[3]));
  return factor == 1 ? x : graph.add(module.path() + name, op::ResizeNearest{factor}, {x});
}

}  // namespace

ValueId add_spp(Graph& graph, const Module& module, const Inputs& inputs) {
  Inputs parts{add_child(graph, module, "cv1", only(module, inputs))};
  for (const auto& pool : module.child("m").children()) parts.push_back(add_max_pool(graph, pool, pool.path(), parts.front()));
  return add_child(graph, module, "cv2", add_concat_of(graph, module, parts));
}

ValueId add_sppf(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = only(module, inputs);
  Inputs parts{add_child(graph, module, "cv1", x)};
  const auto pool = module.child("m");
  const auto repeats = module.find("n") == nullptr ? 3 : module.integer("n", 1, kMaxPools);
  for (std::int64_t i = 0; i < repeats; ++i) parts.push_back(add_max_pool(graph, pool, fmt::format("{}.{}", pool.path(), i), parts.back()));
  return add_with_shortcut(graph, module, x, add_child(graph, module, "cv2", add_concat_of(graph, module, parts)));
}

ValueId add_spp_elan(Graph& graph, const Module& module, const Inputs& inputs) {
  Inputs parts{add_child(graph, module, "cv1", only(module, inputs))};
  for (const char* pool : {"cv2", "cv3", "cv4"}) parts.push_back(add_child(graph, module, pool, parts.back()));
  return add_child(graph, module, "cv5", add_concat_of(graph, module, parts));
}

/// The mean of each 2 x 2 window, of columns and then of rows: ONNX Runtime adds four numbers in another order from opset 19 on, so that
/// files of the same weights would differ in last bits, but two in any order are the same.
ValueId add_mean(Graph& graph, const Module& module, ValueId x) {
  const auto of_columns = graph.add(module.path() + ".mean_y", op::AveragePool{{2, 1}, {1, 1}}, {x});
  return graph.add(module.path() + ".mean_x", op::AveragePool{{1, 2}, {1, 1}}, {of_columns});
}

/// Means, then a strided convolution.
ValueId add_a_conv(Graph& graph, const Module& module, const Inputs& inputs) {
  return add_child(graph, module, "cv1", add_mean(graph, module, only(module, inputs)));
}

/// The same on half of the channels; the other half goes through a strided maximum.
ValueId add_a_down(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto halves = add_halves(graph, module, add_mean(graph, module, only(module, inputs)));
  const auto convolved = add_child(graph, module, "cv1", halves[0]);
  const auto largest = graph.add(module.path() + ".max", op::MaxPool{{3, 3}, {2, 2}, {1, 1}}, {halves[1]});
  return add_concat_of(graph, module, {convolved, add_child(graph, module, "cv2", largest)});
}

/// One convolution whose channels are several maps. The first of them stands for all: a CBFuse finds the others beside it.
ValueId add_cb_linear(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = add_child(graph, module, "conv", only(module, inputs));
  return graph.add_node(module.path() + ".split", op::Split{.axis = 1, .sizes = module.integers("c2s")}, {x}).front();
}

/// The last input plus one map of each other input, enlarged to its size.
ValueId add_cb_fuse(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto indices = module.integers("idx");
  if (inputs.size() < 2 || indices.size() < inputs.size() - 1)
    module.fail(ErrorKind::input, fmt::format("it reads {} values and has {} indices", inputs.size(), indices.size()));
  const Shape target = shape_of(graph, inputs.back());
  auto sum = inputs.back();
  for (std::size_t i = 0; i + 1 < inputs.size(); ++i) {
    const auto map = part_of(graph, module, inputs[i], indices[i]);
    const auto enlarged = add_enlarged(graph, module, fmt::format(".enlarged.{}", i), map, target);
    sum = graph.add(fmt::format("{}.sum.{}", module.path(), i), op::Add{}, {sum, enlarged});
  }
  return sum;
}

/// torch.nn.ZeroPad2d: left, right, above, below.
ValueId add_zero_pad(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto sides = module.integers("padding");
  if (sides.size() != 4) module.fail(ErrorKind::input, fmt::format("'padding' has {} numbers, expected 4", sides.size()));
  for (const auto side : sides)
    if (side < 0 || side > kMaxPools)
      module.fail(ErrorKind::unsupported, fmt::format("'padding' has {}; 0 to {} are supported", side, kMaxPools));
  return graph.add(module.path(), op::ZeroPad{{sides[2], sides[0]}, {sides[3], sides[1]}}, {only(module, inputs)});
}

}  // namespace nibble
