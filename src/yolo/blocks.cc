// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <map>

#include "base/log.h"
#include "yolo/block_parts.h"

namespace nibble {

namespace {

constexpr std::int64_t kMaxChannels = 1 << 20;

ValueId add_batchnorm(Graph& graph, const Module& module, ValueId x) {
  const Shape channels{module.integer("num_features", 1, kMaxChannels)};
  if (!module.boolean_or("track_running_stats", true))
    module.fail(ErrorKind::unsupported,
                "it has no statistics (track_running_stats is False), so it takes those of each image; train the model with statistics");
  const auto stored = [&](const char* name, Tensor tensor) {
    return graph.add_constant(fmt::format("{}.{}", module.path(), name), std::move(tensor));
  };
  Inputs inputs{x};
  if (module.boolean_or("affine", true)) {
    for (const char* name : {"weight", "bias"}) inputs.push_back(stored(name, module.tensor(name, channels)));
  } else {
    for (const auto& [name, value] : {std::pair{"weight", 1.0F}, std::pair{"bias", 0.0F}})
      inputs.push_back(stored(name, Tensor::of<float>(channels, std::vector<float>(static_cast<std::size_t>(channels[0]), value))));
  }
  for (const char* name : {"running_mean", "running_var"}) inputs.push_back(stored(name, module.tensor(name, channels)));
  return graph.add(module.path(), op::BatchNorm{module.real("eps")}, inputs);
}

/// Ultralytics' Conv: convolution, BatchNorm (absent once fused), activation.
ValueId add_conv(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto conv = module.child("conv");
  auto x = add_module(graph, conv, {only(module, inputs)});
  if (const auto norm = module.find_child("bn"))
    x = add_module(graph, *norm, {x});
  else if (!conv.find_tensor("bias"))
    module.fail(ErrorKind::input, "it has neither BatchNorm nor, as once they are fused, a bias");
  return add_child(graph, module, "act", x);
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

/// Large depthwise kernel beside a small one; only the large one is left once fused, then as a plain Conv2d.
ValueId add_repvgg_dw(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = only(module, inputs);
  auto y = add_child(graph, module, "conv", x);
  if (const auto small = module.find_child("conv1")) y = graph.add(module.path() + ".sum", op::Add{}, {y, add_module(graph, *small, {x})});
  return add_child(graph, module, "act", y);
}

/// Three branches that are added, in front of one activation: 3x3 and 1x1 convolutions, and BatchNorm alone where input and output have the
/// same shape. Once fused only `conv` is left.
ValueId add_rep_conv(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = only(module, inputs);
  if (module.find_child("conv")) return add_child(graph, module, "act", add_child(graph, module, "conv", x));
  auto y = graph.add(module.path() + ".sum", op::Add{}, {add_child(graph, module, "conv1", x), add_child(graph, module, "conv2", x)});
  if (const auto norm = module.find_child("bn"))
    y = graph.add(module.path() + ".sum_with_input", op::Add{}, {y, add_module(graph, *norm, {x})});
  return add_child(graph, module, "act", y);
}

/// Pointwise, then strided depthwise.
ValueId add_scdown(Graph& graph, const Module& module, const Inputs& inputs) {
  return add_child(graph, module, "cv2", add_child(graph, module, "cv1", only(module, inputs)));
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

/// What only training needs: a module whose forward returns what it reads.
ValueId add_nothing(Graph&, const Module& module, const Inputs& inputs) { return only(module, inputs); }

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
  const auto& path = module.path();
  const double slope = module.real("negative_slope");
  if (slope < 0) module.fail(ErrorKind::unsupported, fmt::format("'negative_slope' is {}; it should be 0 or more", slope));
  const auto above = graph.add(path + ".above", op::Relu{}, {x});
  const auto mirrored = graph.add(path + ".mirrored", op::Mul{}, {x, number(graph, module, "slope", -slope)});
  return graph.add(path, op::Sub{}, {above, graph.add(path + ".below", op::Relu{}, {mirrored})});
}

/// min(max(x, 0), limit); the result has the name `name`.
ValueId add_clamp(Graph& graph, const Module& module, const std::string& name, ValueId x, double limit) {
  const auto& path = module.path();
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
  const auto& path = module.path();
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

/// x tanh(softplus(x)) (Misra 2019, arXiv 1908.08681). With q = sigmoid(-x), softplus(x) is -ln q and its tanh (1 - q^2) / (1 + q^2), and
/// 1 - q is sigmoid(x): silu(x) (1 + q) / (1 + q^2), which loses no digits where x is far below 0.
ValueId add_mish(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = only(module, inputs);
  const auto step = [&, path = module.path()](const char* name, Op operation, Inputs of) {
    return graph.add(fmt::format("{}.{}", path, name), std::move(operation), std::move(of));
  };
  const auto one = number(graph, module, "one", 1);
  const auto rest = step("rest", op::Sub{}, {one, step("gate", op::Sigmoid{}, {x})});
  const auto divisor = step("divisor", op::Add{}, {one, step("squared", op::Mul{}, {rest, rest})});
  const auto factor = step("factor", op::Div{}, {step("one_more", op::Add{}, {one, rest}), divisor});
  return graph.add(module.path(), op::Mul{}, {step("silu", op::Silu{}, {x}), factor});
}

/// relu(x) - slope relu(-x), with one slope or one for each channel.
ValueId add_prelu(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = only(module, inputs);
  const auto& path = module.path();
  const auto count = module.integer("num_parameters");
  const auto channels = shape_of(graph, x)[1];
  if (count != 1 && count != channels) module.fail(ErrorKind::input, fmt::format("it has {} slopes for {} channels", count, channels));
  const Tensor stored = module.tensor("weight", {count});
  const auto values = stored.as<float>();
  const auto slopes = graph.add_constant(path + ".slopes", Tensor::of<float>({1, count, 1, 1}, {values.begin(), values.end()}));
  const auto above = graph.add(path + ".above", op::Relu{}, {x});
  const auto mirrored = graph.add(path + ".mirrored", op::Mul{}, {x, number(graph, module, "minus_one", -1)});
  const auto below = graph.add(path + ".scaled", op::Mul{}, {graph.add(path + ".below", op::Relu{}, {mirrored}), slopes});
  return graph.add(path, op::Sub{}, {above, below});
}

/// 2 sigmoid(2 x) - 1
ValueId add_tanh(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto& path = module.path();
  const auto two = number(graph, module, "two", 2);
  const auto gate = graph.add(path + ".gate", op::Sigmoid{}, {graph.add(path + ".doubled", op::Mul{}, {only(module, inputs), two})});
  return graph.add(path, op::Sub{}, {graph.add(path + ".stretched", op::Mul{}, {gate, two}), number(graph, module, "one", 1)});
}

ValueId refuse_activation(Graph&, const Module& module, const Inputs&) {
  module.fail(
      ErrorKind::unsupported,
      "nibble does not write this activation; it writes SiLU, ReLU, ReLU6, LeakyReLU, PReLU, Mish, Hardswish, Hardsigmoid, Sigmoid, Tanh, "
      "Identity; train the model with one of these ('activation' in its yaml)");
}

/// Forks of Ultralytics and PyTorch's own tools have other classes of the same names: "ultralytics.nn.extra_modules.Conv",
/// "torch.ao.nn.qat.Conv2d".
bool is_namesake(const std::string& name) {
  const auto lies_in = [&](std::string_view package) { return name.starts_with(package); };
  if (lies_in("ultralytics.")) return !lies_in("ultralytics.nn.modules.") && !lies_in("ultralytics.nn.tasks.");
  return lies_in("torch.") &&
         (!lies_in("torch.nn.") || lies_in("torch.nn.quantized") || lies_in("torch.nn.qat") || lies_in("torch.nn.intrinsic"));
}

/// Code that runs around a module is not in the file, only its name.
void warn_of_hooks(const Module& module) {
  for (const char* name : {"_forward_hooks", "_forward_pre_hooks"}) {
    const auto found = module.find(name);
    const auto* hooks = found == nullptr ? nullptr : found->get_if<PickleDict>();
    if (hooks != nullptr && !hooks->items.empty())
      log_once(LogLevel::warning, fmt::format("{} ({}): has {}, which are not run here; is what it computes changed by them?",
                                              module.path(), module.class_name(), std::string_view(name).substr(1)));
  }
}

using AddBlock = ValueId (*)(Graph&, const Module&, const Inputs&);

const std::map<std::string, AddBlock>& blocks() {
  static const std::map<std::string, AddBlock> table{
      {"ultralytics.Conv", add_conv},
      {"ultralytics.DWConv", add_conv},
      {"ultralytics.Bottleneck", add_bottleneck},
      {"ultralytics.C1", add_c1},
      {"ultralytics.C2", add_c2},
      {"ultralytics.C2f", add_c2f},
      {"ultralytics.C2fCIB", add_c2f},
      {"ultralytics.C2fPSA", add_c2f},
      {"ultralytics.C3k2", add_c2f},
      {"ultralytics.C3", add_c3},
      {"ultralytics.C3k", add_c3},
      {"ultralytics.C3x", add_c3},
      {"ultralytics.C3Ghost", add_c3},
      {"ultralytics.RepCSP", add_c3},
      {"ultralytics.C3f", add_c3f},
      {"ultralytics.BottleneckCSP", add_bottleneck_csp},
      {"ultralytics.RepBottleneck", add_bottleneck},
      {"ultralytics.RepConv", add_rep_conv},
      {"ultralytics.RepNCSPELAN4", add_elan},
      {"ultralytics.ELAN1", add_elan},
      {"ultralytics.GhostConv", add_ghost_conv},
      {"ultralytics.GhostBottleneck", add_ghost_bottleneck},
      {"ultralytics.AConv", add_a_conv},
      {"ultralytics.ADown", add_a_down},
      {"ultralytics.CBLinear", add_cb_linear},
      {"ultralytics.CBFuse", add_cb_fuse},
      {"ultralytics.CIB", add_cib},
      {"ultralytics.RepVGGDW", add_repvgg_dw},
      {"ultralytics.SCDown", add_scdown},
      {"ultralytics.SPP", add_spp},
      {"ultralytics.SPPF", add_sppf},
      {"ultralytics.SPPELAN", add_spp_elan},
      {"ultralytics.PSA", add_psa},
      {"ultralytics.PSABlock", add_psa_block},
      {"ultralytics.C2PSA", add_c2_psa},
      {"ultralytics.Attention", add_attention},
      {"ultralytics.AAttn", add_area_attention},
      {"ultralytics.ABlock", add_a_block},
      {"ultralytics.A2C2f", add_a2c2f},
      {"ultralytics.Proto", add_proto},
      {"ultralytics.Proto26", add_proto26},
      {"ultralytics.Concat", add_concat},
      // YOLOv9's own repository (Wang et al. 2024, arXiv 2402.13616) has the same blocks under its own names.
      {"models.Conv", add_conv},
      {"models.RepConvN", add_rep_conv},
      {"models.RepNBottleneck", add_bottleneck},
      {"models.RepNCSP", add_c3},
      {"models.RepNCSPELAN4", add_elan},
      {"models.ELAN1", add_elan},
      {"models.SP",
       [](Graph& graph, const Module& module, const Inputs& inputs) { return add_child(graph, module, "m", only(module, inputs)); }},
      {"models.SPPELAN", add_spp_elan},
      {"models.AConv", add_a_conv},
      {"models.ADown", add_a_down},
      {"models.CBLinear", add_cb_linear},
      {"models.CBFuse", add_cb_fuse},
      {"models.Concat", add_concat},
      {"models.Silence", add_nothing},
      {"torch.Upsample", add_upsample},
      {"torch.MaxPool2d", [](Graph& graph, const Module& module,
                             const Inputs& inputs) { return add_max_pool(graph, module, module.path(), only(module, inputs)); }},
      {"torch.ZeroPad2d", add_zero_pad},
      {"torch.Linear", add_linear},
      {"torch.ConvTranspose2d", add_conv_transpose},
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
      {"torch.Mish", add_mish},
      {"torch.ELU", refuse_activation},
      {"torch.SELU", refuse_activation},
      {"torch.CELU", refuse_activation},
      {"torch.PReLU", add_prelu},
      {"torch.Hardtanh", refuse_activation},
      {"torch.LogSigmoid", refuse_activation},
      {"torch.Softsign", refuse_activation},
      {"torch.GLU", refuse_activation},
      {"torch.RReLU", refuse_activation},
      {"torch.Threshold", refuse_activation},
      {"torch.Softplus", refuse_activation},
      {"torch.Identity", add_nothing},
      {"torch.Dropout", add_nothing},
      {"torch.Dropout1d", add_nothing},
      {"torch.Dropout2d", add_nothing},
      {"torch.AlphaDropout", add_nothing},
      {"torch.BatchNorm2d",
       [](Graph& graph, const Module& module, const Inputs& inputs) { return add_batchnorm(graph, module, only(module, inputs)); }},
      {"torch.SyncBatchNorm",
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
  if (found == blocks().end() || is_namesake(module.class_name()))
    module.fail(ErrorKind::unsupported,
                "nibble does not know this class; it reads models of YOLOv3u to YOLO26 as Ultralytics makes them; build the model without "
                "it (in its yaml) and train that");
  warn_of_hooks(module);
  return found->second(graph, module, inputs);
}

}  // namespace nibble
