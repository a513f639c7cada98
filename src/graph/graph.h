// SPDX-License-Identifier: Apache-2.0
// Graph: a detector as data. Built once from a checkpoint, rewritten by functions that return a new Graph, interpreted
// by exec, printed by export. A quantised model is the same type: weights that carry QuantParams, and
// QuantizeDequantize nodes in front of convolutions.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "graph/op.h"
#include "graph/quant_params.h"

namespace nibble {

using ValueId = std::int32_t;  ///< index into Graph::values

struct Value {
  std::string name;                  ///< unique in the graph; the ONNX tensor name
  DType dtype = DType::f32;          ///< as seen by the consumers (f32 also where the constant holds integer codes)
  Shape shape;                       ///< -1: the batch, when known at run time only
  std::optional<Tensor> constant;    ///< weights, anchors; the integer codes (i8, full range of the spec) where `quant` is set
  std::optional<QuantParams> quant;  ///< constants only: value = (code - zero_point) * scale
};

struct Node {
  std::string name;  ///< unique; a convolution's is its module path in the checkpoint: "model.4.m.0.cv1.conv"
  Op op;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  /// Not empty: stays FP32 and unquantised whatever the recipe; the text is the reason a report shows ("box decode").
  std::string float_reason;
};

struct Graph {
  std::vector<Node> nodes;  ///< topological order
  std::vector<Value> values;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;

  const Value& value(ValueId id) const { return values[static_cast<std::size_t>(id)]; }
  Value& value(ValueId id) { return values[static_cast<std::size_t>(id)]; }

  /// Appends a graph input.
  ValueId add_input(std::string name, Shape shape, DType dtype = DType::f32);
  ValueId add_constant(std::string name, Tensor constant);
  /// Appends a node; dtypes and shapes of its outputs are inferred. Output names are derived from the node's name
  /// ("<node>_output", "<node>_output_1", ...). Error(internal) naming node and shapes when they do not fit.
  std::vector<ValueId> add_node(std::string name, Op op, std::vector<ValueId> inputs, std::string float_reason = {});
  /// The same for a node with one output.
  ValueId add(std::string name, Op op, std::vector<ValueId> inputs, std::string float_reason = {});
};

/// Output dtypes and shapes of a node, from those of its inputs.
struct TypedShape {
  DType dtype;
  Shape shape;
};
std::vector<TypedShape> infer_shapes(const Graph& graph, const Node& node);

/// Error(internal) naming the node unless: ids in range, unique names, topological order, every value produced once,
/// inferred shapes equal to recorded ones, quantised constants consistent with their spec. Error(numeric) where a scale is
/// not positive and finite.
void verify(const Graph& graph);

/// One line a node: name, op, inputs with shapes, outputs with shapes, bits. For eyes, diffs and tests.
std::string dump(const Graph& graph);

/// Removes nodes and values nothing reachable from the outputs needs; keeps the order; renumbers values.
Graph without_dead_nodes(const Graph& graph);

/// Producer of a value, or nullptr for inputs and constants. consumers_of: indices into nodes.
const Node* producer_of(const Graph& graph, ValueId id);
std::vector<std::size_t> consumers_of(const Graph& graph, ValueId id);

}  // namespace nibble
