// SPDX-License-Identifier: Apache-2.0
#include "yolo/blocks.h"

#include <fmt/format.h>

#include <cmath>
#include <map>

namespace nibble {

namespace {

using Inputs = std::vector<ValueId>;

constexpr std::int64_t kMaxPools = 64;               // of an SPPF; YOLOv10 has 3
constexpr std::int64_t kMaxAttentionSize = 1 << 16;  // heads, channels of a head

const Shape& shape_of(const Graph& graph, ValueId id) { return graph.value(id).shape; }

ValueId add_child(Graph& graph, const Module& module, std::string_view name, ValueId x) {
  return add_module(graph, module.child(name), {x});
}

ValueId only(const Module& module, const Inputs& inputs) {
  if (inputs.size() != 1) module.fail(ErrorKind::input, fmt::format("it reads {} values, expected one", inputs.size()));
  return inputs[0];
}

void require_attribute(const Module& module, std::string_view name, const std::string& expected) {
  const auto found = module.find(name);
  if (found != nullptr && python_text(found) != expected)
    module.fail(ErrorKind::unsupported, fmt::format("'{}' is {}; only {} is supported", name, python_text(found), expected));
}

ValueId add_batchnorm(Graph& graph, const Module& module, ValueId x) {
  const Shape channels{module.integer("num_features")};
  Inputs inputs{x};
  for (const char* name : {"weight", "bias", "running_mean", "running_var"})
    inputs.push_back(graph.add_constant(fmt::format("{}.{}", module.path(), name), module.tensor(name, channels)));
  return graph.add(module.path(), op::BatchNorm{module.real("eps")}, inputs);
}

/// Ultralytics' Conv: convolution, BatchNorm (absent once fused), activation.
ValueId add_conv(Graph& graph, const Module& module, const Inputs& inputs) {
  auto x = add_child(graph, module, "conv", only(module, inputs));
  if (const auto norm = module.find_child("bn")) x = add_module(graph, *norm, {x});
  return add_child(graph, module, "act", x);
}

ValueId add_with_shortcut(Graph& graph, const Module& module, ValueId x, ValueId y) {
  return module.boolean_or("add", false) ? graph.add(module.path() + ".add", op::Add{}, {x, y}) : y;
}

ValueId add_bottleneck(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = only(module, inputs);
  return add_with_shortcut(graph, module, x, add_child(graph, module, "cv2", add_child(graph, module, "cv1", x)));
}

/// Compact inverted block: one Sequential, with a shortcut.
ValueId add_cib(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = only(module, inputs);
  return add_with_shortcut(graph, module, x, add_child(graph, module, "cv1", x));
}

/// C2f and C2fCIB: halves of cv1, the second one through every block; all results side by side into cv2.
ValueId add_c2f(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = add_child(graph, module, "cv1", only(module, inputs));
  const auto half = shape_of(graph, x)[1] / 2;
  auto parts = graph.add_node(module.path() + ".split", op::Split{.axis = 1, .sizes = {half, half}}, {x});
  for (const auto& block : module.child("m").children()) parts.push_back(add_module(graph, block, {parts.back()}));
  return add_child(graph, module, "cv2", graph.add(module.path() + ".concat", op::Concat{.axis = 1}, parts));
}

/// Large depthwise kernel beside a small one; only the large one is left once fused, then as a plain Conv2d.
ValueId add_repvgg_dw(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = only(module, inputs);
  auto y = add_child(graph, module, "conv", x);
  if (const auto small = module.find_child("conv1")) y = graph.add(module.path() + ".sum", op::Add{}, {y, add_module(graph, *small, {x})});
  return add_child(graph, module, "act", y);
}

/// Pointwise, then strided depthwise.
ValueId add_scdown(Graph& graph, const Module& module, const Inputs& inputs) {
  return add_child(graph, module, "cv2", add_child(graph, module, "cv1", only(module, inputs)));
}

ValueId add_max_pool(Graph& graph, const Module& module, const std::string& name, ValueId x) {
  if (module.class_key() != "torch.MaxPool2d") module.fail(ErrorKind::unsupported, "expected a MaxPool2d here");
  require_attribute(module, "ceil_mode", "False");
  require_attribute(module, "dilation", "1");
  return graph.add(name, op::MaxPool{module.pair("kernel_size"), module.pair("stride"), module.pair("padding")}, {x});
}

ValueId add_sppf(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = only(module, inputs);
  Inputs parts{add_child(graph, module, "cv1", x)};
  const auto pool = module.child("m");
  const auto repeats = module.find("n") == nullptr ? 3 : module.integer("n", 1, kMaxPools);
  for (std::int64_t i = 0; i < repeats; ++i) parts.push_back(add_max_pool(graph, pool, fmt::format("{}.{}", pool.path(), i), parts.back()));
  const auto concat = graph.add(module.path() + ".concat", op::Concat{.axis = 1}, parts);
  return add_with_shortcut(graph, module, x, add_child(graph, module, "cv2", concat));
}

struct AttentionSize {
  std::int64_t heads, key, value, height, width;
  std::int64_t pixels() const { return height * width; }
};

AttentionSize attention_size(const Module& module, const Shape& shape) {
  const auto number = [&](std::string_view name) { return module.integer(name, 1, kMaxAttentionSize); };
  return {number("num_heads"), number("key_dim"), number("head_dim"), shape[2], shape[3]};
}

/// Over the pixels of the map: softmax(q^T k / sqrt(d)), then the values so weighted. The scale goes on q, the smaller
/// factor, which also keeps the product in FP16's range.
ValueId add_weighted_values(Graph& graph, const Module& module, const Inputs& qkv) {
  const auto path = module.path();
  const auto scale = graph.add_constant(path + ".scale", Tensor::scalar(static_cast<float>(module.real("scale"))));
  const auto queries = graph.add(path + ".q_transposed", op::Transpose{{0, 1, 3, 2}}, {qkv[0]});
  const auto scaled = graph.add(path + ".q_scaled", op::Mul{}, {queries, scale});
  const auto scores = graph.add(path + ".qk", op::MatMul{}, {scaled, qkv[1]});
  const auto weights = graph.add(path + ".softmax", op::Softmax{-1}, {scores});
  const auto transposed = graph.add(path + ".weights_transposed", op::Transpose{{0, 1, 3, 2}}, {weights});
  return graph.add(path + ".weighted", op::MatMul{}, {qkv[2], transposed});
}

ValueId add_attention(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = only(module, inputs);
  const auto path = module.path();
  const auto size = attention_size(module, shape_of(graph, x));
  const op::Reshape to_map{{0, size.heads * size.value, size.height, size.width}};
  const auto mixed = add_child(graph, module, "qkv", x);
  const auto by_head = graph.add(path + ".heads", op::Reshape{{0, size.heads, 2 * size.key + size.value, size.pixels()}}, {mixed});
  const auto qkv = graph.add_node(path + ".split", op::Split{.axis = 2, .sizes = {size.key, size.key, size.value}}, {by_head});
  const auto attended = graph.add(path + ".attended", to_map, {add_weighted_values(graph, module, qkv)});
  const auto position = add_child(graph, module, "pe", graph.add(path + ".v_map", to_map, {qkv[2]}));
  return add_child(graph, module, "proj", graph.add(path + ".add", op::Add{}, {attended, position}));
}

/// Half of the channels go through attention and a feed-forward part, both with a shortcut.
ValueId add_psa(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto path = module.path();
  const auto x = add_child(graph, module, "cv1", only(module, inputs));
  const auto half = shape_of(graph, x)[1] / 2;
  const auto parts = graph.add_node(path + ".split", op::Split{.axis = 1, .sizes = {half, half}}, {x});
  const auto attended = graph.add(path + ".attn_add", op::Add{}, {parts[1], add_child(graph, module, "attn", parts[1])});
  const auto fed = graph.add(path + ".ffn_add", op::Add{}, {attended, add_child(graph, module, "ffn", attended)});
  return add_child(graph, module, "cv2", graph.add(path + ".concat", op::Concat{.axis = 1}, {parts[0], fed}));
}

ValueId add_concat(Graph& graph, const Module& module, const Inputs& inputs) {
  return graph.add(module.path(), op::Concat{.axis = module.integer("d")}, inputs);
}

ValueId add_upsample(Graph& graph, const Module& module, const Inputs& inputs) {
  require_attribute(module, "mode", "nearest");
  require_attribute(module, "size", "None");
  const double factor = module.real("scale_factor");
  if (factor < 1 || factor > 16 || factor != std::floor(factor))
    module.fail(ErrorKind::unsupported, fmt::format("'scale_factor' is {}; only whole factors are supported", factor));
  return graph.add(module.path(), op::ResizeNearest{static_cast<std::int64_t>(factor)}, {only(module, inputs)});
}

ValueId add_sequential(Graph& graph, const Module& module, const Inputs& inputs) {
  auto x = only(module, inputs);
  for (const auto& step : module.children()) x = add_module(graph, step, {x});
  return x;
}

template <class Activation>
ValueId add_activation(Graph& graph, const Module& module, const Inputs& inputs) {
  return graph.add(module.path(), Activation{}, {only(module, inputs)});
}

// Other activations are written with the operators there are, so that every stage and every opset knows them. 6 - relu(6 - x) is
// min(x, 6) without an overflow, and exactly 6 where x is larger.

ValueId number(Graph& graph, const Module& module, const char* name, double value) {
  return graph.add_constant(fmt::format("{}.{}", module.path(), name), Tensor::scalar(static_cast<float>(value)));
}

/// relu(x) - relu(-slope x), which is x above 0 and slope x below, for slopes from 0 on.
ValueId add_leaky_relu(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = only(module, inputs);
  const auto path = module.path();
  const double slope = module.real("negative_slope");
  if (slope < 0) module.fail(ErrorKind::unsupported, fmt::format("'negative_slope' is {}; it should be 0 or more", slope));
  const auto above = graph.add(path + ".above", op::Relu{}, {x});
  const auto mirrored = graph.add(path + ".mirrored", op::Mul{}, {x, number(graph, module, "slope", -slope)});
  return graph.add(path, op::Sub{}, {above, graph.add(path + ".below", op::Relu{}, {mirrored})});
}

/// min(max(x, 0), limit); the result has the name `name`.
ValueId add_clamp(Graph& graph, const Module& module, const std::string& name, ValueId x, double limit) {
  const auto path = module.path();
  const auto bound = number(graph, module, "limit", limit);
  const auto missing = graph.add(path + ".missing", op::Sub{}, {bound, graph.add(path + ".above", op::Relu{}, {x})});
  return graph.add(name, op::Sub{}, {bound, graph.add(path + ".left", op::Relu{}, {missing})});
}

ValueId add_relu6(Graph& graph, const Module& module, const Inputs& inputs) {
  for (const auto& [name, bound] : {std::pair{"min_val", 0.0}, std::pair{"max_val", 6.0}})
    if (module.find(name) != nullptr && module.real(name) != bound)
      module.fail(ErrorKind::input, fmt::format("'{}' is {}, a ReLU6 has {}", name, module.real(name), bound));
  return add_clamp(graph, module, module.path(), only(module, inputs), 6);
}

/// min(max(x / 6 + 1/2, 0), 1)
ValueId add_hard_gate(Graph& graph, const Module& module, const std::string& name, ValueId x) {
  const auto path = module.path();
  const auto scaled = graph.add(path + ".scaled", op::Mul{}, {x, number(graph, module, "sixth", 1.0 / 6)});
  return add_clamp(graph, module, name, graph.add(path + ".shifted", op::Add{}, {scaled, number(graph, module, "half", 0.5)}), 1);
}

ValueId add_hardsigmoid(Graph& graph, const Module& module, const Inputs& inputs) {
  return add_hard_gate(graph, module, module.path(), only(module, inputs));
}

/// x hardsigmoid(x) (Howard et al. 2019)
ValueId add_hardswish(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = only(module, inputs);
  return graph.add(module.path(), op::Mul{}, {x, add_hard_gate(graph, module, module.path() + ".gate", x)});
}

/// 2 sigmoid(2 x) - 1
ValueId add_tanh(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto path = module.path();
  const auto two = number(graph, module, "two", 2);
  const auto gate = graph.add(path + ".gate", op::Sigmoid{}, {graph.add(path + ".doubled", op::Mul{}, {only(module, inputs), two})});
  return graph.add(path, op::Sub{}, {graph.add(path + ".stretched", op::Mul{}, {gate, two}), number(graph, module, "one", 1)});
}

ValueId refuse_activation(Graph&, const Module& module, const Inputs&) {
  module.fail(
      ErrorKind::unsupported,
      "nibble does not write this activation; it writes SiLU, ReLU, ReLU6, LeakyReLU, Hardswish, Hardsigmoid, Sigmoid, Tanh, Identity");
}

using AddBlock = ValueId (*)(Graph&, const Module&, const Inputs&);

const std::map<std::string, AddBlock>& blocks() {
  static const std::map<std::string, AddBlock> table{
      {"ultralytics.Conv", add_conv},
      {"ultralytics.DWConv", add_conv},
      {"ultralytics.Bottleneck", add_bottleneck},
      {"ultralytics.C2f", add_c2f},
      {"ultralytics.C2fCIB", add_c2f},
      {"ultralytics.CIB", add_cib},
      {"ultralytics.RepVGGDW", add_repvgg_dw},
      {"ultralytics.SCDown", add_scdown},
      {"ultralytics.SPPF", add_sppf},
      {"ultralytics.PSA", add_psa},
      {"ultralytics.Attention", add_attention},
      {"ultralytics.Concat", add_concat},
      {"torch.Upsample", add_upsample},
      {"torch.Sequential", add_sequential},
      {"torch.SiLU", add_activation<op::Silu>},
      {"torch.ReLU", add_activation<op::Relu>},
      {"torch.Sigmoid", add_activation<op::Sigmoid>},
      {"torch.LeakyReLU", add_leaky_relu},
      {"torch.ReLU6", add_relu6},
      {"torch.Hardswish", add_hardswish},
      {"torch.Hardsigmoid", add_hardsigmoid},
      {"torch.Tanh", add_tanh},
      {"torch.GELU", refuse_activation},
      {"torch.Mish", refuse_activation},
      {"torch.ELU", refuse_activation},
      {"torch.SELU", refuse_activation},
      {"torch.CELU", refuse_activation},
      {"torch.PReLU", refuse_activation},
      {"torch.Softplus", refuse_activation},
      {"torch.Identity", [](Graph&, const Module& module, const Inputs& inputs) { return only(module, inputs); }},
      {"torch.BatchNorm2d",
       [](Graph& graph, const Module& module, const Inputs& inputs) { return add_batchnorm(graph, module, only(module, inputs)); }},
      {"torch.Conv2d",
       [](Graph& graph, const Module& module, const Inputs& inputs) { return add_conv2d(graph, module, only(module, inputs)); }},
  };
  return table;
}

}  // namespace

ValueId add_conv2d(Graph& graph, const Module& module, ValueId x, const std::string& float_reason) {
  if (module.class_key() != "torch.Conv2d") module.fail(ErrorKind::unsupported, "expected a Conv2d here");
  require_attribute(module, "padding_mode", "zeros");
  require_attribute(module, "transposed", "False");
  const auto outputs = module.integer("out_channels");
  const auto groups = module.integer("groups");
  const auto kernel = module.pair("kernel_size");
  if (groups <= 0 || module.integer("in_channels") % groups != 0)
    module.fail(ErrorKind::input, fmt::format("{} groups do not divide the channels", groups));
  const Shape shape{outputs, module.integer("in_channels") / groups, kernel[0], kernel[1]};
  Inputs inputs{x, graph.add_constant(module.path() + ".weight", module.tensor("weight", shape))};
  if (const auto bias = module.find_tensor("bias"))
    inputs.push_back(graph.add_constant(module.path() + ".bias", module.tensor("bias", {outputs})));
  return graph.add(module.path(), op::Conv{module.pair("stride"), module.pair("padding"), module.pair("dilation"), groups}, inputs,
                   float_reason);
}

ValueId add_module(Graph& graph, const Module& module, const std::vector<ValueId>& inputs) {
  const auto found = blocks().find(module.class_key());
  if (found == blocks().end())
    module.fail(ErrorKind::unsupported, "nibble does not know this class; it reads YOLOv10 detection models (n, s, m, b, l, x)");
  return found->second(graph, module, inputs);
}

}  // namespace nibble
