// SPDX-License-Identifier: Apache-2.0
#include "export/constant_ops.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <string_view>
#include <tuple>

#include "export/onnx_types.h"
#include "nibble/error.h"

namespace nibble {
namespace {

using Inputs = std::vector<EvaluatedConstant>;
using Binary = std::function<double(double, double)>;

constexpr std::array<std::string_view, 9> kOps = {"Sub",   "Mul",     "BitwiseAnd",  "BitShift", "Concat",
                                                  "Slice", "Reshape", "ConvInteger", "Gather"};

/// Elements are doubles, and may be any of a float tensor's: those that no int64 holds become its ends.
std::int64_t whole_number(double value) {
  constexpr double kBeyond = 0x1p63;
  if (value >= -kBeyond && value < kBeyond) return static_cast<std::int64_t>(value);
  return value > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
}

[[noreturn]] void refuse(ErrorKind kind, const onnx::NodeProto& node, const std::string& why) {
  throw Error(kind, fmt::format("ONNX: {} '{}': {}", node.op_type(), node.name(), why));
}

/// For each axis of `x`, how far `y` moves with it: 0 where y has extent 1.
std::vector<std::size_t> strides_in(const onnx::NodeProto& node, const Shape& x, const Shape& y) {
  if (y.size() > x.size()) refuse(ErrorKind::unsupported, node, "its second input has more axes than the first");
  std::vector<std::size_t> strides(x.size(), 0);
  std::size_t stride = 1;
  for (std::size_t back = 1; back <= y.size(); ++back) {
    const auto extent = y[y.size() - back];
    if (extent != 1 && extent != x[x.size() - back]) refuse(ErrorKind::unsupported, node, "its second input does not fit the first");
    if (extent != 1) strides[x.size() - back] = stride;
    stride *= static_cast<std::size_t>(extent);
  }
  return strides;
}

EvaluatedConstant elementwise(const onnx::NodeProto& node, const Inputs& inputs, const Binary& apply) {
  EvaluatedConstant result = inputs[0];
  const auto& y = inputs[1];
  const auto strides = strides_in(node, result.shape, y.shape);
  if (y.values.empty() && !result.values.empty()) refuse(ErrorKind::input, node, "its second input is empty");
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    std::size_t at = 0, rest = i;
    for (std::size_t axis = result.shape.size(); axis-- > 0;) {
      const auto extent = static_cast<std::size_t>(result.shape[axis]);
      at += rest % extent * strides[axis];
      rest /= extent;
    }
    result.values[i] = apply(result.values[i], y.values[at]);
  }
  return result;
}

EvaluatedConstant arithmetic(const onnx::NodeProto& node, const Inputs& inputs) {
  const auto type = inputs[0].type;
  if (type != inputs[1].type || (type != onnx_type::kInt32 && type != onnx_type::kFloat))
    refuse(ErrorKind::unsupported, node, "is not of int32 or float32");
  const bool subtracts = node.op_type() == "Sub";
  if (type == onnx_type::kInt32 && !subtracts) refuse(ErrorKind::unsupported, node, "is not of float32");
  if (type == onnx_type::kInt32) return elementwise(node, inputs, std::minus<>());
  return elementwise(node, inputs, [subtracts](double a, double b) {
    const auto x = static_cast<float>(a), y = static_cast<float>(b);
    return static_cast<double>(subtracts ? x - y : x * y);
  });
}

/// Elements stand behind each other for a last axis that the second input alone has: [.., 1] and [n] give [.., n].
EvaluatedConstant widened(EvaluatedConstant x, const EvaluatedConstant& y) {
  if (y.shape.size() != 1 || x.shape.empty() || x.shape.back() != 1 || y.shape[0] == 1) return x;
  std::vector<double> values;
  for (const double value : x.values) values.insert(values.end(), y.values.size(), value);
  x.values = std::move(values);
  x.shape.back() = y.shape[0];
  return x;
}

EvaluatedConstant on_bits(const onnx::NodeProto& node, const Inputs& given) {
  const Inputs inputs{widened(given[0], given[1]), given[1]};
  const bool are_indices = node.op_type() == "BitwiseAnd" && inputs[0].type == onnx_type::kInt32;
  if ((inputs[0].type != onnx_type::kUint8 && !are_indices) || inputs[1].type != inputs[0].type)
    refuse(ErrorKind::unsupported, node, "is not of uint8");
  const auto* direction = find_attribute(node, "direction");
  const bool shifts = node.op_type() == "BitShift";
  if (shifts && (!direction || direction->s() != "RIGHT")) refuse(ErrorKind::unsupported, node, "does not shift to the right");
  return elementwise(node, inputs, [shifts](double a, double b) {
    const auto x = static_cast<std::int32_t>(a), y = static_cast<std::int32_t>(b);
    return static_cast<double>(shifts ? (y < 8 ? x >> y : 0) : x & y);
  });
}

std::size_t axis_of(const onnx::NodeProto& node, std::int64_t axis, const Shape& shape) {
  if (axis < 0 || axis >= static_cast<std::int64_t>(shape.size())) refuse(ErrorKind::input, node, "its axis is outside the tensor");
  return static_cast<std::size_t>(axis);
}

/// Elements that lie together behind one index of the axis.
std::size_t inner_of(const Shape& shape, std::size_t axis) {
  return static_cast<std::size_t>(count_of({shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, shape.end()}));
}

EvaluatedConstant concatenated(const onnx::NodeProto& node, const Inputs& inputs) {
  EvaluatedConstant result = inputs[0];
  const auto axis = axis_of(node, int_attribute(node, "axis", -1), result.shape);
  result.shape[axis] = 0;
  for (const auto& input : inputs) {
    auto expected = input.shape;
    if (input.type != result.type || expected.size() != result.shape.size()) refuse(ErrorKind::input, node, "its inputs do not fit");
    expected[axis] = result.shape[axis];
    if (expected != result.shape) refuse(ErrorKind::input, node, "its inputs do not fit");
    result.shape[axis] += input.shape[axis];
  }
  const auto inner = inner_of(result.shape, axis), outer = result.values.size() / std::max<std::size_t>(inner, 1);
  result.values.clear();
  const auto rounds = inputs[0].shape[axis] > 0 ? outer / static_cast<std::size_t>(inputs[0].shape[axis]) : 0;
  for (std::size_t i = 0; i < rounds; ++i)
    for (const auto& input : inputs) {
      const auto width = static_cast<std::ptrdiff_t>(static_cast<std::size_t>(input.shape[axis]) * inner);
      const auto begin = input.values.begin() + static_cast<std::ptrdiff_t>(i) * width;
      result.values.insert(result.values.end(), begin, begin + width);
    }
  return result;
}

/// From the beginning of one axis to an end.
EvaluatedConstant sliced(const onnx::NodeProto& node, const Inputs& inputs) {
  for (std::size_t i = 1; i < inputs.size(); ++i)
    if (inputs[i].values.size() != 1) refuse(ErrorKind::unsupported, node, "cuts more than one axis");
  if (inputs.size() != 4 || inputs[1].values[0] != 0) refuse(ErrorKind::unsupported, node, "is not cut from the beginning of an axis");
  EvaluatedConstant result{inputs[0].type, inputs[0].shape, {}};
  const auto axis = axis_of(node, whole_number(inputs[3].values[0]), result.shape);
  const auto end = whole_number(inputs[2].values[0]);
  if (end < 0) refuse(ErrorKind::unsupported, node, "counts its end from behind");
  const auto inner = inner_of(result.shape, axis);
  const auto whole = static_cast<std::size_t>(result.shape[axis]) * inner;
  result.shape[axis] = std::min(end, result.shape[axis]);
  const auto kept = static_cast<std::ptrdiff_t>(static_cast<std::size_t>(result.shape[axis]) * inner);
  for (std::size_t at = 0; whole > 0 && at < inputs[0].values.size(); at += whole) {
    const auto begin = inputs[0].values.begin() + static_cast<std::ptrdiff_t>(at);
    result.values.insert(result.values.end(), begin, begin + kept);
  }
  return result;
}

EvaluatedConstant reshaped(const onnx::NodeProto& node, const Inputs& inputs) {
  EvaluatedConstant result = inputs[0];
  result.shape.clear();
  for (const double extent : inputs[1].values) result.shape.push_back(whole_number(extent));
  const auto is_extent = [](auto extent) { return extent > 0; };
  if (!std::all_of(result.shape.begin(), result.shape.end(), is_extent))
    refuse(ErrorKind::unsupported, node, "has extents that are to be found out");
  auto left = static_cast<std::int64_t>(result.values.size());
  for (const auto extent : result.shape) left = left % extent == 0 ? left / extent : 0;
  if (left != 1) refuse(ErrorKind::input, node, "has another number of elements");
  return result;
}

/// Integer numbers [N,C,W] correlated with uint8 taps [1,C,w] of one output channel, as ConvInteger does without zero points, with zeros
/// before the first column and none behind: as wide a result.
EvaluatedConstant correlated(const onnx::NodeProto& node, const Inputs& inputs) {
  const auto &x = inputs[0], &taps = inputs[1];
  if (inputs.size() != 2 || x.type != onnx_type::kUint8 || taps.type != onnx_type::kUint8 || x.shape.size() != 3 || taps.shape.size() != 3)
    refuse(ErrorKind::unsupported, node, "is not of rows of uint8");
  const auto channels = x.shape[1], columns = x.shape[2], width = taps.shape[2];
  const auto pads = ints_attribute(node, "pads");
  if (taps.shape[0] != 1 || taps.shape[1] != channels || pads != std::vector<std::int64_t>{width - 1, 0} || node.attribute_size() != 1)
    refuse(ErrorKind::unsupported, node, "has no single output channel as wide as its input");
  EvaluatedConstant result{onnx_type::kInt32, {x.shape[0], 1, columns}, {}};
  for (std::int64_t row = 0; row < x.shape[0]; ++row)
    for (std::int64_t i = 0; i < columns; ++i) {
      double sum = 0;
      for (std::int64_t c = 0; c < channels; ++c)
        for (std::int64_t k = std::max<std::int64_t>(0, width - 1 - i); k < width; ++k)
          sum += taps.values[static_cast<std::size_t>(c * width + k)] *
                 x.values[static_cast<std::size_t>((row * channels + c) * columns + i + k - width + 1)];
      result.values.push_back(sum);
    }
  return result;
}

/// From a list.
EvaluatedConstant gathered(const onnx::NodeProto& node, const Inputs& inputs) {
  const auto& [list, indices] = std::tie(inputs[0], inputs[1]);
  if (list.shape.size() != 1 || int_attribute(node, "axis", 0) != 0) refuse(ErrorKind::unsupported, node, "does not take from a list");
  EvaluatedConstant result{list.type, indices.shape, {}};
  for (const double at : indices.values) {
    if (!(at >= 0 && at < static_cast<double>(list.values.size()))) refuse(ErrorKind::input, node, "takes from outside of its list");
    result.values.push_back(list.values[static_cast<std::size_t>(at)]);
  }
  return result;
}

}  // namespace

bool is_constant_op(const onnx::NodeProto& node) { return std::find(kOps.begin(), kOps.end(), node.op_type()) != kOps.end(); }

EvaluatedConstant apply_constant_op(const onnx::NodeProto& node, const Inputs& inputs) {
  if (inputs.size() < 2) refuse(ErrorKind::input, node, "has no two inputs");
  const auto& op = node.op_type();
  if (op == "Concat") return concatenated(node, inputs);
  if (op == "Slice") return sliced(node, inputs);
  if (op == "Reshape") return reshaped(node, inputs);
  if (op == "ConvInteger") return correlated(node, inputs);
  if (op == "Gather") return gathered(node, inputs);
  return op == "Sub" || op == "Mul" ? arithmetic(node, inputs) : on_bits(node, inputs);
}

}  // namespace nibble
