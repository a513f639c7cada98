// SPDX-License-Identifier: Apache-2.0
// Arithmetic on shapes: the handful of integer operators that exporters put between Shape and Reshape.
#include <algorithm>

#include "export/graph_edit.h"
#include "export/onnx_types.h"
#include "export/value_facts.h"

namespace nibble {
namespace {

using Ints = std::vector<std::int64_t>;
using Inputs = std::vector<ValueFact>;

std::optional<std::int64_t> applied(const std::string& op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (op == "Add") return __builtin_add_overflow(a, b, &result) ? std::nullopt : std::optional(result);
  if (op == "Sub") return __builtin_sub_overflow(a, b, &result) ? std::nullopt : std::optional(result);
  if (op == "Mul") return __builtin_mul_overflow(a, b, &result) ? std::nullopt : std::optional(result);
  if (op == "Div" && a >= 0 && b > 0) return a / b;  // rounding of negative quotients is left to runtimes
  return std::nullopt;
}

/// Scalars and vectors of equal or unit length: what shapes are made of.
std::optional<Ints> binary(const std::string& op, const Ints& a, const Ints& b) {
  if (a.size() != b.size() && a.size() != 1 && b.size() != 1) return std::nullopt;
  Ints result(std::min(a.size(), b.size()) == 0 ? 0 : std::max(a.size(), b.size()));
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto value = applied(op, a[a.size() == 1 ? 0 : i], b[b.size() == 1 ? 0 : i]);
    if (!value) return std::nullopt;
    result[i] = *value;
  }
  return result;
}

std::optional<Ints> gathered(const Ints& data, const Ints& indices) {
  Ints result;
  const auto size = static_cast<std::int64_t>(data.size());
  for (const auto index : indices) {
    if (index < -size || index >= size) return std::nullopt;
    result.push_back(data[static_cast<std::size_t>(index < 0 ? index + size : index)]);
  }
  return result;
}

std::optional<Ints> sliced(const Inputs& inputs) {
  const auto single = [&](std::size_t i) { return i < inputs.size() && inputs[i].ints && inputs[i].ints->size() == 1; };
  if (!single(1) || !single(2) || (inputs.size() > 4 && !(single(4) && inputs[4].ints->front() == 1))) return std::nullopt;
  const auto size = static_cast<std::int64_t>(inputs[0].ints->size());
  const auto place = [size](std::int64_t index) {
    return std::clamp<std::int64_t>(index < 0 ? std::max(index, -size) + size : index, 0, size);
  };
  const auto start = place(inputs[1].ints->front()), end = std::max(start, place(inputs[2].ints->front()));
  return Ints(inputs[0].ints->begin() + start, inputs[0].ints->begin() + end);
}

std::optional<Ints> joined(const Inputs& inputs) {
  Ints result;
  for (const auto& input : inputs) {
    if (result.size() + input.ints->size() > kMostInts) return std::nullopt;
    result.insert(result.end(), input.ints->begin(), input.ints->end());
  }
  return result;
}

bool is_vector(const ValueFact& fact) { return fact.shape && fact.shape->size() == 1; }

std::optional<Ints> extents_of(const onnx::NodeProto& node, const ValueFact& x) {
  if (!x.shape || find_attribute(node, "start") || find_attribute(node, "end")) return std::nullopt;
  if (std::any_of(x.shape->begin(), x.shape->end(), [](auto extent) { return extent < 0; })) return std::nullopt;
  return *x.shape;
}

/// Every int32 is an int64; the other way numbers could change.
bool widens(std::int64_t from, std::int64_t to) { return to == onnx_type::kInt64 || (to == onnx_type::kInt32 && from == to); }

}  // namespace

std::optional<Ints> infer_ints(const onnx::NodeProto& node, const Inputs& inputs) {
  const std::string& op = node.op_type();
  if (op == "Shape") return inputs.empty() ? std::nullopt : extents_of(node, inputs[0]);
  if (inputs.empty() || !inputs[0].ints) return std::nullopt;
  const Ints& x = *inputs[0].ints;
  const bool all_known = std::all_of(inputs.begin(), inputs.end(), [](const auto& input) { return input.ints.has_value(); });
  if (op == "Identity" || op == "Reshape" || op == "Unsqueeze" || op == "Squeeze") return all_known ? std::optional(x) : std::nullopt;
  if (op == "Cast") return widens(inputs[0].type, int_attribute(node, "to", 0)) ? std::optional(x) : std::nullopt;
  if (!all_known) return std::nullopt;
  if (op == "Gather" && is_vector(inputs[0]) && inputs.size() == 2 && int_attribute(node, "axis", 0) == 0)
    return gathered(x, *inputs[1].ints);
  if (op == "Slice" && is_vector(inputs[0])) return sliced(inputs);
  if (op == "Concat" && std::all_of(inputs.begin(), inputs.end(), is_vector)) return joined(inputs);
  if (inputs[0].type != onnx_type::kInt64) return std::nullopt;  // int32 sums may overflow where these do not
  const bool fits = inputs.size() == 2 && inputs[0].shape && inputs[1].shape && inputs[0].shape->size() < 2 && inputs[1].shape->size() < 2;
  return fits ? binary(op, x, *inputs[1].ints) : std::nullopt;
}

}  // namespace nibble
