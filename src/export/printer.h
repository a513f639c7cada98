// SPDX-License-Identifier: Apache-2.0
// The ONNX model that a Graph is being printed to: its names, nodes and initialisers.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "export/emit.h"
#include "export/onnx_model.h"
#include "graph/graph.h"

namespace nibble {

class Printer {
 public:
  /// `opset` is the resolved one (13..21), `clips` EmitOptions::clips.
  Printer(const Graph& graph, Dialect dialect, int opset, bool clips = true);

  const Graph& graph() const { return graph_; }
  Dialect dialect() const { return dialect_; }
  int opset() const { return opset_; }
  bool clips() const { return clips_; }
  OnnxModel& model() { return model_; }

  /// The ONNX name under which a node may read the value. A constant is printed here, at its first use, so a weight's
  /// DequantizeLinear stands right before its consumer. `reader` is named in errors.
  std::string use(ValueId id, const Node& reader);
  const std::string& name_of_value(ValueId id) const { return graph_.value(id).name; }

  /// Appends a node; empty input names are ONNX's "not given".
  onnx::NodeProto& add_node(std::string_view op_type, std::string_view name, const std::vector<std::string>& inputs,
                            const std::vector<std::string>& outputs);
  /// Returns the initialiser's name, made from `wanted`.
  std::string add_initialiser(std::string_view wanted, Tensor data);
  std::string add_initialiser(std::string_view wanted, std::int32_t type, Shape dims, Tensor data);
  /// A Constant node that holds a small tensor; returns its output's name.
  std::string add_constant_node(std::string_view wanted, const Tensor& value);
  /// `wanted`, with a number behind it if a value or an earlier call has that name.
  std::string fresh_name(std::string_view wanted);

 private:
  const Graph& graph_;
  Dialect dialect_;
  int opset_;
  bool clips_;
  OnnxModel model_;
  std::unordered_set<std::string> names_;
  std::unordered_map<ValueId, std::string> printed_;  ///< constants only
};

void set_int(onnx::NodeProto& node, std::string_view name, std::int64_t value);
void set_ints(onnx::NodeProto& node, std::string_view name, std::span<const std::int64_t> values);
void set_float(onnx::NodeProto& node, std::string_view name, float value);
void set_string(onnx::NodeProto& node, std::string_view name, std::string_view value);

/// In print_op.cc: writes the node as one or more ONNX nodes.
void print_node(Printer& printer, const Node& node);
/// In quantized_weights.cc: writes codes -> [Clip] -> DequantizeLinear [-> Cast] and returns the name of the real-valued result.
std::string print_quantized_constant(Printer& printer, const Value& value, const Node& reader);
/// In print_unpacked.cc: the same in the unpack dialect, under the value's own name. Error(unsupported) for codes beyond 8 bits.
std::string print_unpacked_constant(Printer& printer, const Value& value, const Node& reader);
/// The same for a convolution on integers, which reads bytes through DequantizeLinear: codes of a trellis or per channel.
std::string print_unpacked_bytes(Printer& printer, const Value& value);
/// In quantized_weights.cc: the scales in the value's precision: f32, or rounded to FP16 numbers (dtype f16).
Tensor scales_for(const Value& value, const QuantParams& params);
/// In quantized_weights.cc: writes QuantizeLinear -> [Clip] -> DequantizeLinear.
void print_quantize_dequantize(Printer& printer, const Node& node, const QuantParams& params);

}  // namespace nibble
