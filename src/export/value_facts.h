// SPDX-License-Identifier: Apache-2.0
// Finds out what can be said about the values of an ONNX graph without running it: element type, shape, and the numbers of small integer
// values (shapes on their way into Reshape, Slice, Resize). Forward through the operators detectors are made of; of anything
// else nothing is claimed but the type that the file declares: its shapes of values within the graph are often those of one trace, and may
// be anything.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "export/onnx_file.h"

namespace nibble {

inline constexpr std::int64_t kUnknownExtent = -1;
inline constexpr std::size_t kMostInts = 1024;  ///< shapes and indices are a handful; longer lists are not followed

struct ValueFact {
  std::int32_t type = 0;                          ///< onnx_type; 0: unknown
  std::optional<Shape> shape;                     ///< kUnknownExtent for extents known at run time only
  std::optional<std::vector<std::int64_t>> ints;  ///< row-major elements of an int64 or int32 value; at most kMostInts
  std::optional<std::vector<double>> floats;      ///< of a float constant of at most 16 elements (the scales of Resize)
};

/// The facts about all values of a graph. The graph's tensors are not copied: it must outlive this object.
class ValueFacts {
 public:
  explicit ValueFacts(const onnx::GraphProto& graph);
  /// An empty fact for names nothing is known about.
  const ValueFact& of(const std::string& name) const;
  /// The initialiser or Constant node's tensor; nullptr for others and for defaults of inputs.
  const onnx::TensorProto* constant(const std::string& name) const;
  bool has_full_shape(const std::string& name) const;

 private:
  void declare_type(const onnx::ValueInfoProto& info);
  void declare(const onnx::ValueInfoProto& info);
  void take_constants(const onnx::GraphProto& graph);
  OnnxIndex index_;
  std::unordered_set<std::string> inputs_;
  std::unordered_map<std::string, ValueFact> facts_;
};

/// What the node's first output is, given its inputs' facts (in order; empty facts for inputs not given). Facts that the
/// operator's definition does not give are left empty.
ValueFact infer_fact(const onnx::NodeProto& node, const std::vector<ValueFact>& inputs);

/// The numbers of an output from the numbers of its inputs, for arithmetic on shapes; nothing for other operators.
std::optional<std::vector<std::int64_t>> infer_ints(const onnx::NodeProto& node, const std::vector<ValueFact>& inputs);

}  // namespace nibble
