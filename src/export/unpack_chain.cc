// SPDX-License-Identifier: Apache-2.0
#include "export/unpack_chain.h"

#include <algorithm>

#include "export/constant_eval.h"
#include "export/graph_edit.h"
#include "export/onnx_types.h"

namespace nibble {
namespace {

constexpr int kMaxDepth = 4;  // of Cast and Identity between a constant and its reader
constexpr std::int64_t kNibble = 15;
constexpr std::int64_t kNibbleBits = 4;

bool has_inputs(const onnx::NodeProto* node, std::string_view op, int count) {
  return node && is_op(*node, op) && node->input_size() >= count && node->output_size() == 1;
}

/// int64 elements, raw; what Reshape and Slice read.
std::optional<std::vector<std::int64_t>> ints_of(const onnx::TensorProto* tensor) {
  constexpr std::size_t kMost = 8;
  if (!tensor || tensor->data_type() != onnx_type::kInt64 || is_external(*tensor)) return std::nullopt;
  if (!tensor->has_raw_data()) return std::vector<std::int64_t>(tensor->int64_data().begin(), tensor->int64_data().end());
  std::vector<std::int64_t> values(tensor->raw_data().size() / sizeof(std::int64_t));
  if (values.size() > kMost || values.size() * sizeof(std::int64_t) != tensor->raw_data().size()) return std::nullopt;
  std::copy_n(tensor->raw_data().data(), tensor->raw_data().size(), reinterpret_cast<char*>(values.data()));
  return values;
}

/// Walks from the weight back to the codes.
class Walk {
 public:
  explicit Walk(const OnnxIndex& index) : index_(index) {}

  std::optional<UnpackChain> from(const std::string& name) {
    if (const auto* dequantize = index_.producer(name); has_inputs(dequantize, "DequantizeLinear", 2)) return bytes_of(*dequantize);
    std::string at = name;
    if (const auto* node = index_.producer(at); has_inputs(node, "Cast", 1) && to_type(*node) == onnx_type::kFloat16) at = step(node);
    const auto* cut = index_.producer(at);
    if (has_inputs(cut, "Slice", 4)) at = step(cut);
    const auto* reshape = index_.producer(at);
    if (has_inputs(reshape, "Reshape", 2)) at = step(reshape);
    const auto* scaling = index_.producer(at);
    if (!has_inputs(scaling, "Mul", 2) || !(chain_.scale = constant(scaling->input(1)))) return std::nullopt;
    chain_.scaling = scaling;
    at = step(scaling);
    if (!steps(at)) return std::nullopt;
    if (!block()) return std::nullopt;
    if (has_inputs(reshape, "Reshape", 2) && !reshaped(*reshape)) return std::nullopt;
    if (has_inputs(cut, "Slice", 4) && !sliced(*cut)) return std::nullopt;
    return chain_;
  }

 private:
  /// Levels of a trellis that stay bytes. Other codes that are dequantised are no chain of this kind.
  std::optional<UnpackChain> bytes_of(const onnx::NodeProto& dequantize) {
    const auto* reshape = index_.producer(step(&dequantize));
    chain_.scaling = &dequantize;
    if (!has_inputs(reshape, "Reshape", 2) || !(chain_.scale = index_.constant(dequantize.input(1)))) return std::nullopt;
    auto at = step(reshape);
    const auto* cut = index_.producer(at);
    if (has_inputs(cut, "Slice", 4)) at = step(cut);
    const auto* gather = index_.producer(at);
    if (!has_inputs(gather, "Gather", 2) || !trellis(*gather)) return std::nullopt;
    if (has_inputs(cut, "Slice", 4) && !sliced(*cut)) return std::nullopt;
    return reshaped(*reshape) ? std::optional(chain_) : std::nullopt;
  }

  static std::int32_t to_type(const onnx::NodeProto& node) { return static_cast<std::int32_t>(int_attribute(node, "to", 0)); }

  std::string step(const onnx::NodeProto* node) {
    chain_.nodes.push_back(node);
    return node->input(0);
  }

  /// Behind Casts and Identities.
  const onnx::TensorProto* constant(std::string name) {
    for (int depth = 0; depth < kMaxDepth; ++depth) {
      if (const auto* tensor = index_.constant(name)) return tensor;
      const auto* node = index_.producer(name);
      if (!has_inputs(node, "Cast", 1) && !has_inputs(node, "Identity", 1)) return nullptr;
      name = step(node);
    }
    return nullptr;
  }

  /// Cast [-> Sub], and what stands before.
  bool steps(std::string at) {
    if (const auto* zero = index_.producer(at); has_inputs(zero, "Sub", 2)) {
      if (!zero_point(zero->input(1))) return false;
      at = step(zero);
    }
    const auto* cast = index_.producer(at);
    if (!has_inputs(cast, "Cast", 1) || to_type(*cast) != onnx_type::kFloat) return false;
    at = step(cast);
    const auto* cut = index_.producer(at);
    if (has_inputs(cut, "Slice", 4)) at = step(cut);
    if (!codes(at)) return false;
    return !has_inputs(cut, "Slice", 4) || sliced(*cut);
  }

  bool codes(const std::string& at) {
    if ((chain_.codes = index_.constant(at))) {
      chain_.shape = shape_of(*chain_.codes, at);
      chain_.bits = onnx_type::bits_of(chain_.codes->data_type()).value_or(0);
      return chain_.codes->data_type() != onnx_type::kFloat && (chain_.bits == 8 || chain_.bits == 4);
    }
    if (const auto* gather = index_.producer(at); has_inputs(gather, "Gather", 2)) return trellis(*gather);
    const auto axis = joined(at, chain_.codes);
    if (axis < 0) return false;
    chain_.shape = shape_of(*chain_.codes, at);
    chain_.bits = kNibbleBits;
    if (axis >= static_cast<std::int64_t>(chain_.shape.size())) return false;
    chain_.shape[static_cast<std::size_t>(axis)] *= 2;
    return true;
  }

  /// Levels by the correlation of symbols with taps.
  bool trellis(const onnx::NodeProto& gather) {
    const auto* index = index_.producer(gather.input(1));
    const auto* sums = has_inputs(index, "BitwiseAnd", 2) ? index_.producer(index->input(0)) : nullptr;
    if (!index_.constant(gather.input(0)) || !has_inputs(sums, "ConvInteger", 2)) return false;
    chain_.nodes.insert(chain_.nodes.end(), {&gather, index, sums});
    const auto* join = index_.producer(sums->input(0));
    chain_.bits = 0;
    chain_.trellis = true;
    if (!has_inputs(join, "Concat", 2)) return (chain_.codes = field(sums->input(0))) != nullptr;
    chain_.nodes.push_back(join);
    return (chain_.codes = field(join->input(0))) && (chain_.high_codes = field(join->input(1)));
  }

  /// Several symbols a byte in rows; adds its bits to the chain's.
  const onnx::TensorProto* field(const std::string& at) {
    const auto* row = index_.producer(at);
    const auto* bits = has_inputs(row, "Reshape", 2) ? index_.producer(row->input(0)) : nullptr;
    const auto* shift = has_inputs(bits, "BitwiseAnd", 2) ? index_.producer(bits->input(0)) : nullptr;
    if (!has_inputs(shift, "BitShift", 2)) return nullptr;
    const auto *codes = index_.constant(shift->input(0)), *shifts = index_.constant(shift->input(1));
    const auto shape = ints_of(index_.constant(row->input(1)));
    if (!codes || codes->data_type() != onnx_type::kUint8 || !shifts || shifts->dims_size() != 1 || !shape || shape->size() != 3)
      return nullptr;
    const auto in_a_byte = shifts->dims(0);
    if (in_a_byte < 1 || in_a_byte > 8) return nullptr;
    chain_.bits += static_cast<int>(8 / in_a_byte);
    chain_.shape = *shape;
    chain_.nodes.insert(chain_.nodes.end(), {row, bits, shift});
    return codes;
  }

  /// Two codes a byte: sets what they lie in and returns the axis they are joined along; -1 for anything else.
  std::int64_t joined(const std::string& at, const onnx::TensorProto*& bytes) {
    const auto* join = index_.producer(at);
    if (!has_inputs(join, "Concat", 2) || join->input_size() != 2) return -1;
    const auto *low = index_.producer(join->input(0)), *high = index_.producer(join->input(1));
    if (!has_inputs(low, "BitwiseAnd", 2) || !has_inputs(high, "BitShift", 2) || low->input(0) != high->input(0)) return -1;
    const auto* direction = find_attribute(*high, "direction");
    bytes = index_.constant(low->input(0));
    if (!bytes || bytes->data_type() != onnx_type::kUint8 || !direction || direction->s() != "RIGHT") return -1;
    if (!is_byte(low->input(1), kNibble) || !is_byte(high->input(1), kNibbleBits)) return -1;
    chain_.nodes.insert(chain_.nodes.end(), {join, low, high});
    return int_attribute(*join, "axis", -1);
  }

  /// A constant behind Casts, or packed as codes are.
  bool zero_point(const std::string& name) {
    if ((chain_.zero_point = constant(name))) return true;
    const auto* cast = index_.producer(name);
    return has_inputs(cast, "Cast", 1) && joined(cast->input(0), chain_.zero_point) >= 0;
  }

  bool is_byte(const std::string& name, std::int64_t value) const {
    const auto* tensor = index_.constant(name);
    if (!tensor || tensor->data_type() != onnx_type::kUint8 || count_of(shape_of(*tensor, name)) != 1) return false;
    return elements_of(*tensor)[0] == static_cast<double>(value);
  }

  /// Scales of rank 5 are of blocks: the third axis of the codes counts within one.
  bool block() {
    if (chain_.scale->dims_size() != 5) return true;
    if (chain_.shape.size() != 5) return false;
    chain_.block = chain_.shape[2];
    return true;
  }

  bool reshaped(const onnx::NodeProto& node) {
    const auto shape = ints_of(index_.constant(node.input(1)));
    if (!shape || std::any_of(shape->begin(), shape->end(), [](auto extent) { return extent < 1; })) return false;
    auto left = count_of(chain_.shape);
    for (const auto extent : *shape) {
      if (left % extent != 0) return false;
      left /= extent;
    }
    chain_.shape = *shape;
    return left == 1;
  }

  /// From the beginning of one axis to a constant end.
  bool sliced(const onnx::NodeProto& node) {
    const auto start = ints_of(index_.constant(node.input(1))), end = ints_of(index_.constant(node.input(2))),
               axis = ints_of(index_.constant(node.input(3)));
    if (node.input_size() != 4 || !start || !end || !axis || start->size() != 1 || end->size() != 1 || axis->size() != 1) return false;
    if (start->front() != 0 || axis->front() < 0 || axis->front() >= static_cast<std::int64_t>(chain_.shape.size())) return false;
    auto& extent = chain_.shape[static_cast<std::size_t>(axis->front())];
    if (end->front() < 1 || end->front() > extent) return false;
    extent = end->front();
    return true;
  }

  const OnnxIndex& index_;
  UnpackChain chain_;
};

}  // namespace

std::optional<UnpackChain> find_unpack_chain(const OnnxIndex& index, const std::string& name) { return Walk(index).from(name); }

std::vector<UnpackChain> find_unpack_chains(const onnx::GraphProto& graph, const OnnxIndex& index) {
  std::vector<UnpackChain> chains;
  for (const auto& node : graph.node()) {
    const bool is_layer = is_op(node, "Conv") || is_op(node, "MatMul") || is_op(node, "Gemm");
    if (!is_layer || node.input_size() < 2) continue;
    if (auto chain = find_unpack_chain(index, node.input(1))) chains.push_back(*std::move(chain));
  }
  return chains;
}

}  // namespace nibble
