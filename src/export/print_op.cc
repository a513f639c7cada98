// SPDX-License-Identifier: Apache-2.0
// One overload per operator; semantics and opset changes after the operator pages of the ONNX specification.
#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>

#include "export/onnx_types.h"
#include "export/printer.h"

namespace nibble {
namespace {

using Ints = std::vector<std::int64_t>;

Tensor vector_of(const Ints& values) { return Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values); }
Ints twice(const op::Pair& pair) { return {pair[0], pair[1], pair[0], pair[1]}; }
bool is_floating(DType dtype) { return dtype == DType::f32 || dtype == DType::f16 || dtype == DType::f64; }

struct PrintOp {
  Printer& out;
  const Node& node;

  std::string input(std::size_t index) const { return out.use(node.inputs[index], node); }
  const Value& input_value(std::size_t index) const { return out.graph().value(node.inputs[index]); }
  std::string output(std::size_t index = 0) const { return out.name_of_value(node.outputs[index]); }
  std::string extra(std::string_view suffix, Tensor data) const {
    return out.add_initialiser(node.name + std::string(suffix), std::move(data));
  }

  /// All inputs in order, then `more`, under an ONNX operator of the same meaning.
  onnx::NodeProto& plain(std::string_view op_type, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> inputs, outputs;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) inputs.push_back(input(i));
    inputs.insert(inputs.end(), more.begin(), more.end());
    for (const auto id : node.outputs) outputs.push_back(out.name_of_value(id));
    return out.add_node(op_type, node.name, inputs, outputs);
  }

  /// OpenVINO (2026.4.1) makes a MatMul of a 1x1 convolution with packed weights, and cannot where its input is one output of several.
  /// Behind a Split such a convolution reads its part through a Slice: the same numbers. Empty: nothing to do.
  std::string sliced_input() const {
    const auto* from = producer_of(out.graph(), node.inputs[0]);
    const auto* split = from ? std::get_if<op::Split>(&from->op) : nullptr;
    const auto& weight = input_value(1);
    if (out.dialect() != Dialect::int4 || !split || !weight.quant || weight.shape[2] * weight.shape[3] != 1) return {};
    const auto part = std::find(from->outputs.begin(), from->outputs.end(), node.inputs[0]) - from->outputs.begin();
    const auto begin = std::accumulate(split->sizes.begin(), split->sizes.begin() + part, std::int64_t{0});
    const auto end = begin + split->sizes[static_cast<std::size_t>(part)];
    std::string name = out.fresh_name(node.name + ".input");
    const auto starts = extra(".input.starts", vector_of({begin})), ends = extra(".input.ends", vector_of({end}));
    out.add_node("Slice", node.name + ".input.Slice",
                 {out.use(from->inputs[0], node), starts, ends, extra(".input.axes", vector_of({split->axis}))}, {name});
    return name;
  }
  void operator()(const op::Conv& conv) const {
    const Shape& weight = input_value(1).shape;
    const auto part = sliced_input();
    auto& printed = plain("Conv");
    if (!part.empty()) printed.set_input(0, part);
    set_ints(printed, "dilations", conv.dilation);
    set_int(printed, "group", conv.groups);
    set_ints(printed, "kernel_shape", std::array{weight[2], weight[3]});
    set_ints(printed, "pads", twice(conv.padding));
    set_ints(printed, "strides", conv.stride);
  }
  void operator()(const op::BatchNorm& norm) const { set_float(plain("BatchNormalization"), "epsilon", static_cast<float>(norm.epsilon)); }
  void operator()(const op::Silu&) const {
    const std::string x = input(0);
    const std::string gate = out.fresh_name(output() + "_sigmoid");
    out.add_node("Sigmoid", node.name + ".Sigmoid", {x}, {gate});
    out.add_node("Mul", node.name + ".Mul", {x, gate}, {output()});
  }
  void operator()(const op::Relu&) const { plain("Relu"); }
  void operator()(const op::Sigmoid&) const { plain("Sigmoid"); }
  void operator()(const op::Sin&) const { plain("Sin"); }
  void operator()(const op::Cos&) const { plain("Cos"); }
  void operator()(const op::Add&) const { plain("Add"); }
  void operator()(const op::Sub&) const { plain("Sub"); }
  void operator()(const op::Mul&) const { plain("Mul"); }
  void operator()(const op::Div&) const { plain("Div"); }
  /// fmod 1 takes the dividend's sign and is the only form for floats; fmod 0 takes the divisor's.
  void operator()(const op::Mod&) const { set_int(plain("Mod"), "fmod", is_floating(input_value(0).dtype) ? 1 : 0); }
  void operator()(const op::MatMul&) const { plain("MatMul"); }
  void operator()(const op::Softmax& softmax) const { set_int(plain("Softmax"), "axis", softmax.axis); }
  void operator()(const op::Concat& concat) const { set_int(plain("Concat"), "axis", concat.axis); }
  void operator()(const op::Split& split) const { set_int(plain("Split", {extra(".sizes", vector_of(split.sizes))}), "axis", split.axis); }
  void operator()(const op::MaxPool& pool) const {
    auto& printed = plain("MaxPool");
    set_ints(printed, "kernel_shape", pool.kernel);
    set_ints(printed, "pads", twice(pool.padding));
    set_ints(printed, "strides", pool.stride);
  }
  void operator()(const op::AveragePool& pool) const {
    auto& printed = plain("AveragePool");
    set_ints(printed, "kernel_shape", pool.kernel);
    set_ints(printed, "strides", pool.stride);
  }
  /// The value is the least number above 0 that matters to nobody. With 0 itself, ONNX Runtime's optimiser (1.26, PadFusion) moves the
  /// border into a MaxPool behind it, where it counts as minus infinity instead: other numbers wherever all values of a window are
  /// negative.
  Tensor almost_zero() const {
    if (input_value(0).dtype != DType::f16) return Tensor::scalar(1e-30F);
    constexpr std::array kBits{std::byte{1}, std::byte{0}};
    return Tensor::from_bytes(DType::f16, {}, kBits);
  }
  void operator()(const op::ZeroPad& pad) const {
    plain("Pad",
          {extra(".pads", vector_of({0, 0, pad.begin[0], pad.begin[1], 0, 0, pad.end[0], pad.end[1]})), extra(".value", almost_zero())});
  }
  void operator()(const op::ResizeNearest& resize) const {
    const auto factor = static_cast<float>(resize.factor);
    auto& printed = plain("Resize", {"", extra(".scales", Tensor::of<float>({4}, {1, 1, factor, factor}))});
    set_string(printed, "coordinate_transformation_mode", "asymmetric");
    set_string(printed, "mode", "nearest");
    set_string(printed, "nearest_mode", "floor");
  }
  void operator()(const op::Reshape& reshape) const { plain("Reshape", {extra(".shape", vector_of(reshape.shape))}); }
  void operator()(const op::Transpose& transpose) const { set_ints(plain("Transpose"), "perm", transpose.perm); }
  void operator()(const op::Unsqueeze& unsqueeze) const { plain("Unsqueeze", {extra(".axes", vector_of({unsqueeze.axis}))}); }
  void operator()(const op::ReduceMax& reduce) const {
    const bool axes_are_input = out.opset() >= 18;
    auto& printed = axes_are_input ? plain("ReduceMax", {extra(".axes", vector_of({reduce.axis}))}) : plain("ReduceMax");
    if (!axes_are_input) set_ints(printed, "axes", std::array{reduce.axis});
    set_int(printed, "keepdims", 0);
  }
  void operator()(const op::TopK& topk) const {
    auto& printed = plain("TopK", {extra(".k", vector_of({topk.k}))});
    set_int(printed, "axis", -1);
    set_int(printed, "largest", 1);
    set_int(printed, "sorted", 1);
  }
  void operator()(const op::GatherRows&) const { set_int(plain("GatherND"), "batch_dims", 1); }
  void operator()(const op::Cast& cast) const { set_int(plain("Cast"), "to", onnx_type::number_of(cast.to)); }
  void operator()(const op::QuantizeDequantize& quantize) const { print_quantize_dequantize(out, node, quantize.params); }
};

}  // namespace

void print_node(Printer& printer, const Node& node) { std::visit(PrintOp{printer, node}, node.op); }

}  // namespace nibble
