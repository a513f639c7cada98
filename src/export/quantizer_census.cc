// SPDX-License-Identifier: Apache-2.0
#include "export/quantizer_census.h"

#include <algorithm>
#include <array>

#include "export/constant_eval.h"
#include "export/graph_edit.h"
#include "export/onnx_file.h"
#include "export/onnx_types.h"

namespace nibble {
namespace {

std::string name_of(const onnx::NodeProto& node) {
  if (!node.name().empty() || node.output_size() == 0) return node.name();
  return node.output(0);
}

bool is_int4(const onnx::TensorProto* tensor) {
  return tensor && (tensor->data_type() == onnx_type::kInt4 || tensor->data_type() == onnx_type::kUint4);
}

bool holds_another_than_0(const onnx::TensorProto* zero_point) {
  if (!zero_point) return false;
  const auto values = elements_of(*zero_point);
  return std::any_of(values.begin(), values.end(), [](double value) { return value != 0; });
}

/// -8 of 4 bits, -128 of bytes, the lower bound of a Clip.
bool holds_lowest(const OnnxIndex& index, const onnx::TensorProto& codes, const onnx::NodeProto* clip) {
  double lowest = is_int4(&codes) ? -8 : -128;
  const auto* bound = clip && clip->input_size() > 2 ? index.constant(clip->input(1)) : nullptr;
  const auto* upper = bound ? index.constant(clip->input(2)) : nullptr;
  if (upper) {
    if (elements_of(*bound).at(0) == -elements_of(*upper).at(0)) return false;  // narrow: the lowest code is outside the bounds
    lowest = elements_of(*bound).at(0);
  }
  const auto values = elements_of(codes);
  return std::any_of(values.begin(), values.end(), [&](double value) { return value == lowest; });
}

void count_weight(const OnnxIndex& index, const onnx::NodeProto& node, QuantizerCensus& census) {
  const auto* producer = index.producer(node.input(0));
  const auto* clip = producer && is_op(*producer, "Clip") && producer->input_size() > 0 ? producer : nullptr;
  const auto* codes = index.constant(clip ? clip->input(0) : node.input(0));
  if (clip) census.clips.push_back(name_of(*clip));
  if (!codes) return;
  const auto type = codes->data_type();
  const bool is_byte = type == onnx_type::kInt8 || type == onnx_type::kUint8;
  if (type == onnx_type::kInt32) census.integer.push_back(name_of(node));
  if (!is_int4(codes) && !is_byte) return;
  (is_byte ? census.byte_codes : census.packed).push_back(name_of(node));
  if (int_attribute(node, "block_size", 0) > 0) census.blocks.push_back(name_of(node));
  if (node.input_size() > 2 && holds_another_than_0(index.constant(node.input(2)))) census.shifted.push_back(name_of(node));
  if (holds_lowest(index, *codes, clip)) census.lowest.push_back(name_of(node));
}

}  // namespace

QuantizerCensus census_of(const onnx::ModelProto& model) {
  const auto& graph = model.graph();
  constexpr std::array kIntegerOps = {"ConvInteger", "QLinearConv", "MatMulInteger", "QLinearMatMul"};
  constexpr std::array kDecoders = {"BitwiseAnd", "BitShift", "BitwiseOr"};
  const OnnxIndex index(graph);
  Names known = names_of(graph.initializer());
  QuantizerCensus census;
  for (const auto& node : graph.node()) {
    const auto is_one_of = [&](const auto& ops) { return std::any_of(ops.begin(), ops.end(), [&](auto op) { return is_op(node, op); }); };
    // A decoder of constants may count with integers too; it is done when the file is loaded.
    const bool is_constant =
        std::all_of(node.input().begin(), node.input().end(), [&](const auto& name) { return name.empty() || known.contains(name); });
    if (is_constant) known.insert(node.output().begin(), node.output().end());
    if (!is_constant && is_one_of(kIntegerOps)) census.integer.push_back(name_of(node));
    if (is_one_of(kDecoders)) census.decoders.push_back(name_of(node));
    if (is_op(node, "Cast") && node.input_size() > 0 && is_int4(index.constant(node.input(0)))) census.decoders.push_back(name_of(node));
    if (is_op(node, "DequantizeLinear") && node.input_size() > 1) count_weight(index, node, census);
    if (!is_op(node, "QuantizeLinear")) continue;
    census.activations.push_back(name_of(node));
    if (node.input_size() > 2 && holds_another_than_0(index.constant(node.input(2)))) census.shifted_input.push_back(name_of(node));
  }
  return census;
}

}  // namespace nibble
