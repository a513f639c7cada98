// SPDX-License-Identifier: Apache-2.0
#include "export/constant_eval.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "export/constant_ops.h"
#include "export/onnx_types.h"
#include "export/unpack_chain.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr int kMaxDepth = 16;  // a weight is at most a few nodes away from its initialiser; also ends cycles

[[noreturn]] void refuse(ErrorKind kind, const onnx::NodeProto& node, const std::string& why) {
  throw Error(kind, fmt::format("ONNX: {} '{}': {}", node.op_type(), node.name(), why));
}

bool is_int8(double value) { return value >= -128 && value <= 127 && value == std::nearbyint(value); }

double rounded_to(double value, std::int32_t type) {
  if (type == onnx_type::kFloat16) return to_float(to_half(static_cast<float>(value)));
  if (type == onnx_type::kFloat) return static_cast<float>(value);
  return value;
}

/// Which scale belongs to element i of a tensor of `shape`: one for all; one per index along `axis`; or one per `block`
/// consecutive indices along it.
class ScaleIndex {
 public:
  ScaleIndex(const onnx::NodeProto& node, const Shape& shape, const EvaluatedConstant& scale) : count_(scale.values.size()) {
    if (scale.shape.empty() || (count_ == 1 && scale.shape.size() == 1)) return;
    const auto rank = static_cast<std::int64_t>(shape.size());
    std::int64_t axis = int_attribute(node, "axis", 1);
    if (axis < 0) axis += rank;
    if (axis < 0 || axis >= rank) refuse(ErrorKind::input, node, "its axis is outside the tensor");
    const auto at = static_cast<std::size_t>(axis);
    block_ = static_cast<std::size_t>(std::max<std::int64_t>(int_attribute(node, "block_size", 0), 0));
    extent_ = static_cast<std::size_t>(shape[at]);
    inner_ = static_cast<std::size_t>(count_of({shape.begin() + axis + 1, shape.end()}));
    Shape expected{shape[at]};
    if (block_ > 0) {
      blocks_ = (extent_ + block_ - 1) / block_;
      expected = shape;
      expected[at] = static_cast<std::int64_t>(blocks_);
    }
    if (scale.shape != expected) refuse(ErrorKind::input, node, "the shape of its scale does not fit the tensor");
  }
  std::size_t operator()(std::size_t i) const {
    if (extent_ == 0) return 0;
    const std::size_t along = (i / inner_) % extent_;
    if (block_ == 0) return along;
    return (i / (inner_ * extent_) * blocks_ + along / block_) * inner_ + i % inner_;
  }

 private:
  std::size_t count_, extent_ = 0, inner_ = 1, block_ = 0, blocks_ = 0;
};

class Evaluator {
 public:
  /// `unscaled`: a Mul that hands its first input on.
  explicit Evaluator(const OnnxIndex& index, const onnx::NodeProto* unscaled = nullptr) : index_(index), unscaled_(unscaled) {}

  /// What DequantizeLinear multiplies with its scale.
  EvaluatedConstant steps(const onnx::NodeProto& node) const {
    if (node.input_size() < 2) refuse(ErrorKind::input, node, "has no scale");
    auto scale = evaluate(node.input(1), 0);
    std::fill(scale.values.begin(), scale.values.end(), 1);
    return dequantize(node, 0, scale);
  }

  EvaluatedConstant evaluate(const std::string& name, int depth) const {
    if (const auto* tensor = index_.constant(name))
      return {tensor->data_type(), Shape(tensor->dims().begin(), tensor->dims().end()), elements_of(*tensor)};
    const auto* node = index_.producer(name);
    if (!node) throw Error(ErrorKind::unsupported, fmt::format("ONNX: value '{}': is not a constant", name));
    if (depth >= kMaxDepth) refuse(ErrorKind::unsupported, *node, "is further from its initialiser than weights are");
    return apply(*node, depth + 1);
  }

 private:
  EvaluatedConstant apply(const onnx::NodeProto& node, int depth) const {
    if (node.input_size() == 0) refuse(ErrorKind::unsupported, node, "is not part of a constant weight");
    if (node.op_type() == "Identity" || &node == unscaled_) return evaluate(node.input(0), depth);
    if (node.op_type() == "Clip") return clip(node, depth);
    if (node.op_type() == "Cast") return cast(node, depth);
    if (node.op_type() == "DequantizeLinear") return dequantize(node, depth);
    if (!is_constant_op(node)) refuse(ErrorKind::unsupported, node, "is not part of a constant weight");
    std::vector<EvaluatedConstant> inputs;
    for (const auto& input : node.input()) inputs.push_back(evaluate(input, depth));
    return apply_constant_op(node, inputs);
  }

  EvaluatedConstant clip(const onnx::NodeProto& node, int depth) const {
    auto result = evaluate(node.input(0), depth);
    for (const int bound : {1, 2}) {
      if (node.input_size() <= bound || node.input(bound).empty()) continue;
      const auto limit = evaluate(node.input(bound), depth);
      if (limit.values.size() != 1) refuse(ErrorKind::input, node, "its bound is not a scalar");
      for (auto& value : result.values) value = bound == 1 ? std::max(value, limit.values[0]) : std::min(value, limit.values[0]);
    }
    return result;
  }

  EvaluatedConstant cast(const onnx::NodeProto& node, int depth) const {
    auto result = evaluate(node.input(0), depth);
    result.type = static_cast<std::int32_t>(int_attribute(node, "to", 0));
    const bool widens = (result.type == onnx_type::kInt8 || result.type == onnx_type::kInt32) &&
                        std::all_of(result.values.begin(), result.values.end(), is_int8);
    if (!widens && result.type != onnx_type::kFloat && result.type != onnx_type::kFloat16 && result.type != onnx_type::kDouble)
      refuse(ErrorKind::unsupported, node, fmt::format("casts a weight to {}", onnx_type::name_of(result.type)));
    for (auto& value : result.values) value = rounded_to(value, result.type);
    return result;
  }

  EvaluatedConstant dequantize(const onnx::NodeProto& node, int depth) const {
    if (node.input_size() < 2) refuse(ErrorKind::input, node, "has no scale");
    return dequantize(node, depth, evaluate(node.input(1), depth));
  }

  EvaluatedConstant dequantize(const onnx::NodeProto& node, int depth, const EvaluatedConstant& scale) const {
    auto result = evaluate(node.input(0), depth);
    const bool has_zero = node.input_size() > 2 && !node.input(2).empty();
    const auto zero = has_zero ? evaluate(node.input(2), depth) : EvaluatedConstant{};
    if (has_zero && zero.values.size() != scale.values.size()) refuse(ErrorKind::input, node, "its zero point does not fit its scale");
    const ScaleIndex scale_index(node, result.shape, scale);
    for (std::size_t i = 0; i < result.values.size(); ++i) {
      const auto at = scale_index(i);
      const auto steps = static_cast<float>(result.values[i] - (has_zero ? zero.values[at] : 0.0));
      result.values[i] = rounded_to(steps * static_cast<float>(scale.values[at]), scale.type);
    }
    result.type = scale.type;
    return result;
  }

  const OnnxIndex& index_;
  const onnx::NodeProto* unscaled_;
};

}  // namespace

EvaluatedConstant evaluate_constant(const OnnxIndex& index, const std::string& name) { return Evaluator(index).evaluate(name, 0); }

EvaluatedConstant evaluate_steps(const OnnxIndex& index, const onnx::NodeProto& dequantize) { return Evaluator(index).steps(dequantize); }

EvaluatedConstant evaluate_steps(const OnnxIndex& index, const std::string& name, const UnpackChain& chain) {
  if (chain.scaling->op_type() == "DequantizeLinear") return Evaluator(index).steps(*chain.scaling);
  return Evaluator(index, chain.scaling).evaluate(name, 0);
}

}  // namespace nibble
