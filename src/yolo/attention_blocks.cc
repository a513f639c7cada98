// SPDX-License-Identifier: Apache-2.0
// Attention over the pixels of a map: softmax(q^T k / sqrt(d)) weights the values (Vaswani et al. 2017, arXiv 1706.03762), in the forms of
// YOLOv10 (PSA, arXiv 2405.14458), YOLO11 (C2PSA) and YOLOv12 (area attention, arXiv 2502.12524).
#include <fmt/format.h>

#include <cmath>

#include "yolo/block_parts.h"

namespace nibble {
namespace {

constexpr std::int64_t kMaxAttentionSize = 1 << 16;  // heads, channels of a head, areas

struct AttentionSize {
  std::int64_t heads, key, value;  ///< channels of a head's queries and keys, and of its values
  std::int64_t height, width;
  std::int64_t areas = 1;  ///< parts of the map, of as many pixels each, that attend only to themselves
  std::int64_t pixels() const { return height * width; }
};

AttentionSize attention_size(const Module& module, const Shape& shape) {
  const auto number = [&](std::string_view name) { return module.integer(name, 1, kMaxAttentionSize); };
  return {number("num_heads"), number("key_dim"), number("head_dim"), shape[2], shape[3]};
}

/// The axis before the last one becomes the last one, of four or five.
op::Transpose swap_last(std::size_t rank) {
  op::Transpose swap;
  for (std::size_t i = 0; i < rank; ++i) swap.perm.push_back(static_cast<std::int64_t>(i));
  std::swap(swap.perm[rank - 2], swap.perm[rank - 1]);
  return swap;
}

/// q, k and v are [..., channels, pixels], and so is the result. The scale goes on q, the smaller factor, which also keeps the product in
/// FP16's range.
ValueId add_weighted_values(Graph& graph, const Module& module, const Inputs& qkv, double scale) {
  const auto path = module.path();
  const auto swap = swap_last(shape_of(graph, qkv[0]).size());
  const auto factor = graph.add_constant(path + ".scale", Tensor::scalar(static_cast<float>(scale)));
  const auto queries = graph.add(path + ".q_transposed", swap, {qkv[0]});
  const auto scaled = graph.add(path + ".q_scaled", op::Mul{}, {queries, factor});
  const auto scores = graph.add(path + ".qk", op::MatMul{}, {scaled, qkv[1]});
  const auto weights = graph.add(path + ".softmax", op::Softmax{-1}, {scores});
  const auto transposed = graph.add(path + ".weights_transposed", swap, {weights});
  return graph.add(path + ".weighted", op::MatMul{}, {qkv[2], transposed});
}

/// [B,C,H,W] with the channels of each head together -> [B,heads,C/heads,pixels], or [B,heads,areas,C/heads,pixels/areas].
ValueId add_by_head(Graph& graph, const std::string& name, ValueId x, const AttentionSize& size) {
  const auto channels = shape_of(graph, x)[1] / size.heads;
  if (size.areas == 1) return graph.add(name, op::Reshape{{0, size.heads, channels, size.pixels()}}, {x});
  const auto parts = graph.add(name + ".areas", op::Reshape{{0, size.heads, channels, size.areas, size.pixels() / size.areas}}, {x});
  return graph.add(name, op::Transpose{{0, 1, 3, 2, 4}}, {parts});
}

/// The way back to [B,C,H,W].
ValueId add_map_of(Graph& graph, const std::string& name, ValueId x, const AttentionSize& size) {
  const op::Reshape to_map{{0, size.heads * size.value, size.height, size.width}};
  if (size.areas > 1) x = graph.add(name + ".channels_first", op::Transpose{{0, 1, 3, 2, 4}}, {x});
  return graph.add(name, to_map, {x});
}

/// What attention and the position (what pe makes of the values' neighbourhood) add up to.
ValueId add_projection(Graph& graph, const Module& module, ValueId attended, ValueId position) {
  return add_child(graph, module, "proj", graph.add(module.path() + ".add", op::Add{}, {attended, position}));
}

Inputs add_split_of_heads(Graph& graph, const Module& module, ValueId by_head, const AttentionSize& size) {
  const std::int64_t axis = size.areas > 1 ? 3 : 2;
  return graph.add_node(module.path() + ".split", op::Split{.axis = axis, .sizes = {size.key, size.key, size.value}}, {by_head});
}

/// Queries, keys and values from one convolution, the three of a head together.
ValueId add_joint_attention(Graph& graph, const Module& module, ValueId x, const AttentionSize& size, double scale) {
  const auto path = module.path();
  const auto qkv = add_split_of_heads(graph, module, add_by_head(graph, path + ".heads", add_child(graph, module, "qkv", x), size), size);
  const auto attended = add_map_of(graph, path + ".attended", add_weighted_values(graph, module, qkv, scale), size);
  const auto position = add_child(graph, module, "pe", add_map_of(graph, path + ".v_map", qkv[2], size));
  return add_projection(graph, module, attended, position);
}

/// The authors' form of area attention: queries and keys from one convolution, values from another, which pe reads as they are.
ValueId add_separate_attention(Graph& graph, const Module& module, ValueId x, const AttentionSize& size, double scale) {
  const auto path = module.path();
  const auto halves = add_halves(graph, module, add_child(graph, module, "qk", x));
  const auto values = add_child(graph, module, "v", x);
  const Inputs qkv{add_by_head(graph, path + ".q", halves[0], size), add_by_head(graph, path + ".k", halves[1], size),
                   add_by_head(graph, path + ".values", values, size)};
  const auto attended = add_map_of(graph, path + ".attended", add_weighted_values(graph, module, qkv, scale), size);
  return add_projection(graph, module, attended, add_child(graph, module, "pe", values));
}

/// x + f(x) where the block has its shortcuts.
ValueId add_step(Graph& graph, const Module& module, const std::string& child, ValueId x, bool shortcut) {
  const auto y = add_child(graph, module, child, x);
  return shortcut ? graph.add(module.path() + "." + child + "_add", op::Add{}, {x, y}) : y;
}

}  // namespace

ValueId add_attention(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = only(module, inputs);
  return add_joint_attention(graph, module, x, attention_size(module, shape_of(graph, x)), module.real("scale"));
}

/// The map is cut into `area` stripes of rows, as many pixels each; queries see the keys of their own stripe.
ValueId add_area_attention(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = only(module, inputs);
  const Shape shape = shape_of(graph, x);
  const auto channels = module.integer("head_dim", 1, kMaxAttentionSize);
  const AttentionSize size{module.integer("num_heads", 1, kMaxAttentionSize), channels, channels, shape[2], shape[3],
                           module.integer("area", 1, kMaxAttentionSize)};
  if (size.pixels() % size.areas != 0)
    module.fail(ErrorKind::unsupported,
                fmt::format("{} areas do not divide a map of {} x {}; take another image size", size.areas, size.height, size.width));
  const double scale = 1 / std::sqrt(static_cast<double>(channels));
  return module.find_child("qk") ? add_separate_attention(graph, module, x, size, scale)
                                 : add_joint_attention(graph, module, x, size, scale);
}

ValueId add_psa_block(Graph& graph, const Module& module, const Inputs& inputs) {
  const bool shortcut = module.boolean_or("add", true);
  return add_step(graph, module, "ffn", add_step(graph, module, "attn", only(module, inputs), shortcut), shortcut);
}

ValueId add_a_block(Graph& graph, const Module& module, const Inputs& inputs) {
  return add_step(graph, module, "mlp", add_step(graph, module, "attn", only(module, inputs), true), true);
}

/// Half of the channels go through attention and a feed-forward part, both with a shortcut.
ValueId add_psa(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto halves = add_halves(graph, module, add_child(graph, module, "cv1", only(module, inputs)));
  const auto fed = add_step(graph, module, "ffn", add_step(graph, module, "attn", halves[1], true), true);
  return add_child(graph, module, "cv2", add_concat_of(graph, module, {halves[0], fed}));
}

/// The same with any number of such blocks.
ValueId add_c2_psa(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto halves = add_halves(graph, module, add_child(graph, module, "cv1", only(module, inputs)));
  return add_child(graph, module, "cv2", add_concat_of(graph, module, {halves[0], add_child(graph, module, "m", halves[1])}));
}

/// cv1 through every block, all results side by side into cv2; where there is a gamma, x + gamma y by channel.
ValueId add_a2c2f(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = only(module, inputs);
  Inputs parts{add_child(graph, module, "cv1", x)};
  for (const auto& block : module.child("m").children()) parts.push_back(add_module(graph, block, {parts.back()}));
  const auto y = add_child(graph, module, "cv2", add_concat_of(graph, module, parts));
  const auto gamma = module.find_tensor("gamma");
  if (!gamma) return y;
  const auto channels = shape_of(graph, y)[1];
  const Tensor stored = module.tensor("gamma", {channels});
  const auto values = stored.as<float>();
  const auto factor = graph.add_constant(module.path() + ".gamma",
                                         Tensor::of<float>({1, channels, 1, 1}, std::vector<float>(values.begin(), values.end())));
  return graph.add(module.path() + ".add", op::Add{}, {x, graph.add(module.path() + ".scaled", op::Mul{}, {y, factor})});
}

}  // namespace nibble
