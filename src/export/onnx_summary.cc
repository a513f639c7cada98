// SPDX-License-Identifier: Apache-2.0
#include "export/onnx_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <unordered_set>

#include "export/constant_eval.h"
#include "export/onnx_file.h"
#include "export/onnx_types.h"
#include "export/unpack_chain.h"

namespace nibble {
namespace {

constexpr int kMaxDepth = 16;

/// The way from an operator's input back to where its numbers come from.
struct Chain {
  const onnx::TensorProto* initialiser = nullptr;  ///< weights only
  const onnx::NodeProto* clip = nullptr;           ///< the one on integer codes
  const onnx::NodeProto* quantize = nullptr;
  const onnx::NodeProto* dequantize = nullptr;
};

Chain follow(const OnnxIndex& index, std::string name) {
  Chain chain;
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    if ((chain.initialiser = index.constant(name))) return chain;
    const auto* node = index.producer(name);
    if (!node || node->input_size() == 0) return chain;
    const auto& op = node->op_type();
    if (op == "DequantizeLinear" && !chain.dequantize) {
      chain.dequantize = node;
    } else if (op == "Clip" && chain.dequantize && !chain.quantize) {
      chain.clip = node;
    } else if (op == "QuantizeLinear" && chain.dequantize && !chain.quantize) {
      chain.quantize = node;
    } else if (op != "Identity" && op != "Cast" && !(op == "Sub" && chain.dequantize && !chain.quantize)) {
      return chain;
    }
    name = node->input(0);
  }
  return chain;
}

/// Bits that hold the codes low..high: ceil(log2(count)); 4 for -8..7 and for -7..7.
int bits_of_range(double low, double high) {
  const double count = high - low + 1;
  const bool fits = count >= 2 && count <= 65536;  // false also where a bound is not a number
  return fits ? std::bit_width(static_cast<unsigned>(count) - 1U) : 0;
}

const onnx::TensorProto* input_constant(const OnnxIndex& index, const onnx::NodeProto* node, int input) {
  return node && node->input_size() > input ? index.constant(node->input(input)) : nullptr;
}

/// From the Clip's bounds when there is one, else the type that stores the codes.
int code_bits(const OnnxIndex& index, const Chain& chain, const onnx::TensorProto* stored) {
  const auto* low = input_constant(index, chain.clip, 1);
  const auto* high = input_constant(index, chain.clip, 2);
  // Bounds are scalars; a large tensor that every layer names as its bound must not be read for each.
  if (low && high && count_of(shape_of(*low, low->name())) == 1 && count_of(shape_of(*high, high->name())) == 1) {
    const auto from = elements_of(*low), to = elements_of(*high);
    if (from.size() == 1 && to.size() == 1)
      if (const int bits = bits_of_range(from[0], to[0])) return bits;
  }
  return stored ? onnx_type::bits_of(stored->data_type()).value_or(0) : 8;  // no zero point: ONNX's default is uint8
}

/// The tensor whose type is that of the codes: the initialiser itself, or the zero point of a quantiser in the graph.
const onnx::TensorProto* code_tensor(const OnnxIndex& index, const Chain& chain) {
  return chain.quantize ? input_constant(index, chain.quantize, 2) : chain.initialiser;
}

int activation_bits(const OnnxIndex& index, const std::string& name) {
  const Chain chain = follow(index, name);
  if (!chain.dequantize || (!chain.quantize && !chain.initialiser)) return 0;
  return code_bits(index, chain, code_tensor(index, chain));
}

std::string granularity_of(const OnnxIndex& index, const onnx::NodeProto& dequantize) {
  if (const auto block = int_attribute(dequantize, "block_size", 0); block > 0) return fmt::format("block {}", block);
  const auto* scale = input_constant(index, &dequantize, 1);
  return scale && scale->dims_size() > 0 && count_of(shape_of(*scale, "scale")) > 1 ? "channel" : "tensor";
}

std::int64_t bytes_of(const onnx::TensorProto* tensor) { return tensor ? stored_bytes(*tensor, tensor->name()) : 0; }

OnnxLayer layer_of(const OnnxIndex& index, const onnx::NodeProto& node, const Chain& chain) {
  OnnxLayer layer;
  layer.name = node.name();
  layer.op = node.op_type();
  layer.weights = count_of(shape_of(*chain.initialiser, chain.initialiser->name()));
  layer.weight_bytes = bytes_of(chain.initialiser);
  layer.bias_bytes = bytes_of(input_constant(index, &node, 2));
  layer.activation_bits = activation_bits(index, node.input(0));
  if (chain.dequantize) {
    layer.weight_bits = code_bits(index, chain, code_tensor(index, chain));
    layer.granularity = granularity_of(index, *chain.dequantize);
    layer.scale_bytes = bytes_of(input_constant(index, chain.dequantize, 1));
    layer.zero_point_bytes = bytes_of(input_constant(index, chain.dequantize, 2));
  } else {
    layer.weight_bits = onnx_type::bits_of(chain.initialiser->data_type()).value_or(0);
    layer.granularity = "float";
  }
  layer.bytes = layer.weight_bytes + layer.scale_bytes + layer.zero_point_bytes;
  return layer;
}

OnnxLayer layer_of(const OnnxIndex& index, const onnx::NodeProto& node, const UnpackChain& chain) {
  OnnxLayer layer;
  layer.name = node.name();
  layer.op = node.op_type();
  layer.unpacked = true;
  layer.trellis = chain.trellis;
  layer.weights = count_of(chain.shape);
  layer.weight_bits = chain.bits;
  layer.granularity = chain.block > 0                                 ? fmt::format("block {}", chain.block)
                      : count_of(shape_of(*chain.scale, "scale")) > 1 ? "channel"
                                                                      : "tensor";
  layer.activation_bits = activation_bits(index, node.input(0));
  layer.weight_bytes = bytes_of(chain.codes) + bytes_of(chain.high_codes);
  layer.scale_bytes = bytes_of(chain.scale);
  layer.zero_point_bytes = bytes_of(chain.zero_point);
  layer.bias_bytes = bytes_of(input_constant(index, &node, 2));
  layer.bytes = layer.weight_bytes + layer.scale_bytes + layer.zero_point_bytes;
  return layer;
}

std::vector<OnnxLayer> layers_of(const onnx::GraphProto& graph) {
  const OnnxIndex index(graph);
  std::vector<OnnxLayer> layers;
  for (const auto& node : graph.node()) {
    if (node.op_type() != "Conv" && node.op_type() != "MatMul" && node.op_type() != "Gemm") continue;
    if (node.input_size() < 2) continue;
    if (const auto unpacked = find_unpack_chain(index, node.input(1))) {
      layers.push_back(layer_of(index, node, *unpacked));
      continue;
    }
    const Chain chain = follow(index, node.input(1));
    if (chain.initialiser) layers.push_back(layer_of(index, node, chain));
  }
  return layers;
}

OnnxTensor describe(const onnx::ValueInfoProto& info) {
  const auto& type = info.type().tensor_type();
  OnnxTensor tensor{info.name(), onnx_type::name_of(type.elem_type()), {}};
  for (const auto& dim : type.shape().dim())
    tensor.shape.push_back(dim.has_dim_value() ? std::to_string(dim.dim_value()) : dim.has_dim_param() ? dim.dim_param() : "?");
  return tensor;
}

/// Some exporters list initialisers as inputs too (overridable defaults); a caller does not feed those.
std::vector<OnnxTensor> fed_inputs(const onnx::GraphProto& graph) {
  std::unordered_set<std::string> defaults;
  for (const auto& tensor : graph.initializer()) defaults.insert(tensor.name());
  std::vector<OnnxTensor> inputs;
  for (const auto& info : graph.input())
    if (!defaults.contains(info.name())) inputs.push_back(describe(info));
  return inputs;
}

}  // namespace

OnnxSummary summarize_onnx(const onnx::ModelProto& model) {
  const auto& graph = model.graph();
  OnnxSummary summary;
  summary.ir_version = model.ir_version();
  summary.opset = opset_of(model, "the model");
  summary.producer = model.producer_version().empty() ? model.producer_name() : model.producer_name() + " " + model.producer_version();
  for (const auto& entry : model.metadata_props()) summary.metadata[entry.key()] = entry.value();
  summary.inputs = fed_inputs(graph);
  for (const auto& info : graph.output()) summary.outputs.push_back(describe(info));
  for (const auto& node : graph.node()) ++summary.op_counts[node.op_type()];
  summary.layers = layers_of(graph);
  summary.ledger = byte_ledger(model);
  return summary;
}

OnnxSummary summarize_onnx(const std::filesystem::path& path) {
  auto summary = summarize_onnx(read_onnx(path));
  summary.file_bytes = static_cast<std::int64_t>(std::filesystem::file_size(path));
  return summary;
}

}  // namespace nibble
