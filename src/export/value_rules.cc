// SPDX-License-Identifier: Apache-2.0
// Type and shape of results, one function per family of operators, after the operator pages of the ONNX specification.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

#include "export/graph_edit.h"
#include "export/onnx_types.h"
#include "export/value_facts.h"

namespace nibble {
namespace {

using Inputs = std::vector<ValueFact>;
using MaybeShape = std::optional<Shape>;

template <std::size_t N>
bool is_one_of(std::string_view op, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), op) != names.end();
}

constexpr std::array<std::string_view, 31> kUnary = {"Identity",
                                                     "Relu",
                                                     "Sigmoid",
                                                     "Tanh",
                                                     "Exp",
                                                     "Log",
                                                     "Sqrt",
                                                     "Neg",
                                                     "Abs",
                                                     "Erf",
                                                     "Floor",
                                                     "Ceil",
                                                     "Round",
                                                     "Elu",
                                                     "LeakyRelu",
                                                     "HardSigmoid",
                                                     "HardSwish",
                                                     "Softplus",
                                                     "Softsign",
                                                     "Softmax",
                                                     "LogSoftmax",
                                                     "Clip",
                                                     "Mish",
                                                     "Gelu",
                                                     "Swish",
                                                     "Reciprocal",
                                                     "Sin",
                                                     "Cos",
                                                     "Not",
                                                     "BatchNormalization",
                                                     "InstanceNormalization"};
constexpr std::array<std::string_view, 11> kBroadcast = {"Add", "Sub", "Mul",        "Div",       "Pow",     "Mod",
                                                         "Min", "Max", "BitwiseAnd", "BitwiseOr", "BitShift"};
constexpr std::array<std::string_view, 7> kSameType = {"Conv", "MaxPool", "AveragePool", "MatMul", "Concat", "Resize", "Pad"};
constexpr std::array<std::string_view, 10> kRearrange = {"Reshape", "Transpose", "Slice",  "Gather", "Unsqueeze",
                                                         "Squeeze", "Flatten",   "Expand", "Split",  "Dropout"};

const std::vector<std::int64_t>* ints_at(const Inputs& inputs, std::size_t index) {
  return index < inputs.size() && inputs[index].ints ? &*inputs[index].ints : nullptr;
}

std::vector<std::int64_t> ints_attribute(const onnx::NodeProto& node, std::string_view name, std::size_t count, std::int64_t fallback) {
  const auto* attribute = find_attribute(node, name);
  if (!attribute || attribute->ints_size() != static_cast<int>(count)) return std::vector<std::int64_t>(count, fallback);
  return {attribute->ints().begin(), attribute->ints().end()};
}

/// Extents come from files that nobody checked: what no int64 holds is nothing.
std::optional<std::int64_t> sum(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  return __builtin_add_overflow(a, b, &result) ? std::nullopt : std::optional(result);
}
std::optional<std::int64_t> product(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  return __builtin_mul_overflow(a, b, &result) ? std::nullopt : std::optional(result);
}
std::optional<std::int64_t> product(const Shape& extents) {
  std::optional<std::int64_t> result = 1;
  for (const auto extent : extents)
    if (result) result = product(*result, extent);
  return result;
}

/// extent + padding on both sides - dilation * (kernel - 1) - 1: what is left for the window to move in.
std::optional<std::int64_t> room_of(std::int64_t extent, std::int64_t before, std::int64_t after, std::int64_t kernel,
                                    std::int64_t dilation) {
  const auto padding = sum(before, after);
  const auto padded = padding ? sum(extent, *padding) : std::nullopt;
  const auto reach = product(dilation, kernel - 1);
  return padded && reach ? sum(*padded, -1 - *reach) : std::nullopt;
}

/// Into 0..rank-1; nothing when it is outside.
std::optional<std::size_t> axis_in(std::int64_t axis, std::size_t rank) {
  if (axis < 0) axis += static_cast<std::int64_t>(rank);
  if (axis < 0 || axis >= static_cast<std::int64_t>(rank)) return std::nullopt;
  return static_cast<std::size_t>(axis);
}

MaybeShape broadcast(const Inputs& inputs) {
  Shape result;
  for (const auto& input : inputs) {
    if (!input.shape) return std::nullopt;
    Shape shape = *input.shape;
    while (shape.size() < result.size()) shape.insert(shape.begin(), 1);
    while (result.size() < shape.size()) result.insert(result.begin(), 1);
    for (std::size_t i = 0; i < shape.size(); ++i) {
      if (result[i] == 1) {
        result[i] = shape[i];
      } else if (result[i] < 0 && shape[i] > 1) {
        result[i] = shape[i];
      }
    }
  }
  return result;
}

/// Conv and the pools: [B, channels, spatial...].
MaybeShape windowed(const onnx::NodeProto& node, const Inputs& inputs) {
  if (inputs.empty() || !inputs[0].shape || inputs[0].shape->size() < 3) return std::nullopt;
  const auto* pad_mode = find_attribute(node, "auto_pad");
  if ((pad_mode && pad_mode->s() != "NOTSET" && pad_mode->s() != "VALID") || int_attribute(node, "ceil_mode", 0) != 0) return std::nullopt;
  const bool is_conv = node.op_type() == "Conv";
  if (is_conv && (inputs.size() < 2 || !inputs[1].shape || inputs[1].shape->size() != inputs[0].shape->size())) return std::nullopt;
  Shape shape = *inputs[0].shape;
  const std::size_t spatial = shape.size() - 2;
  std::vector<std::int64_t> kernel = ints_attribute(node, "kernel_shape", spatial, 0);
  if (is_conv) kernel.assign(inputs[1].shape->begin() + 2, inputs[1].shape->end());
  const auto stride = ints_attribute(node, "strides", spatial, 1), dilation = ints_attribute(node, "dilations", spatial, 1);
  const auto pads = ints_attribute(node, "pads", 2 * spatial, 0);
  if (is_conv) shape[1] = inputs[1].shape->front();
  for (std::size_t i = 0; i < spatial; ++i) {
    if (shape[i + 2] < 0) continue;
    if (kernel[i] < 1 || stride[i] < 1 || dilation[i] < 1) return std::nullopt;
    const auto room = room_of(shape[i + 2], pads[i], pads[i + spatial], kernel[i], dilation[i]);
    if (!room || *room < 0 || *room == std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    shape[i + 2] = *room / stride[i] + 1;
  }
  return shape;
}

MaybeShape concatenated(const onnx::NodeProto& node, const Inputs& inputs) {
  if (inputs.empty() || !inputs[0].shape) return std::nullopt;
  Shape shape = *inputs[0].shape;
  const auto axis = axis_in(int_attribute(node, "axis", 0), shape.size());
  if (!axis) return std::nullopt;
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    if (!inputs[i].shape || inputs[i].shape->size() != shape.size()) return std::nullopt;
    const auto extent = (*inputs[i].shape)[*axis];
    shape[*axis] = shape[*axis] < 0 || extent < 0 ? kUnknownExtent : sum(shape[*axis], extent).value_or(kUnknownExtent);
  }
  return shape;
}

MaybeShape matrix_product(const Inputs& inputs) {
  if (inputs.size() < 2 || !inputs[0].shape || !inputs[1].shape) return std::nullopt;
  const Shape &a = *inputs[0].shape, &b = *inputs[1].shape;
  if (a.size() < 2 || b.size() < 2) return std::nullopt;
  const auto batch = broadcast({{0, Shape(a.begin(), a.end() - 2), {}, {}}, {0, Shape(b.begin(), b.end() - 2), {}, {}}});
  Shape shape = *batch;
  shape.push_back(a[a.size() - 2]);
  shape.push_back(b.back());
  return shape;
}

MaybeShape reshaped(const onnx::NodeProto& node, const Inputs& inputs) {
  const auto* wanted = ints_at(inputs, 1);
  if (!wanted) return std::nullopt;
  Shape shape(wanted->begin(), wanted->end());
  const bool copies_zero = int_attribute(node, "allowzero", 0) == 0;
  const auto& x = inputs[0].shape;
  std::int64_t known = 1, inferred = -1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0 && copies_zero)
      shape[i] = x && i < x->size() ? (*x)[i] : kUnknownExtent;
    else if (shape[i] == -1)
      inferred = static_cast<std::int64_t>(i);
    if (static_cast<std::int64_t>(i) != inferred)
      known = known < 0 || shape[i] < 0 ? kUnknownExtent : product(known, shape[i]).value_or(kUnknownExtent);
  }
  if (inferred < 0) return shape;
  const bool counts = x && std::none_of(x->begin(), x->end(), [](auto extent) { return extent < 0; }) && known > 0;
  const auto count = counts ? product(*x) : std::nullopt;
  if (count && *count % known == 0) shape[static_cast<std::size_t>(inferred)] = *count / known;
  return shape;
}

MaybeShape transposed(const onnx::NodeProto& node, const Inputs& inputs) {
  if (inputs.empty() || !inputs[0].shape) return std::nullopt;
  const Shape& x = *inputs[0].shape;
  const auto* perm = find_attribute(node, "perm");
  Shape shape(x.rbegin(), x.rend());
  if (!perm) return shape;
  if (perm->ints_size() != static_cast<int>(x.size())) return std::nullopt;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto axis = axis_in(perm->ints(static_cast<int>(i)), x.size());
    if (!axis) return std::nullopt;
    shape[i] = x[*axis];
  }
  return shape;
}

/// Clamped as Slice does it.
std::int64_t clamped(std::int64_t index, std::int64_t extent, bool forward) {
  if (index < 0) index = index < -extent ? -1 : index + extent;
  return forward ? std::clamp<std::int64_t>(index, 0, extent) : std::clamp<std::int64_t>(index, -1, extent - 1);
}

MaybeShape sliced(const Inputs& inputs) {
  const auto *starts = ints_at(inputs, 1), *ends = ints_at(inputs, 2);
  if (!starts || !ends || !inputs[0].shape || starts->size() != ends->size()) return std::nullopt;
  Shape shape = *inputs[0].shape;
  for (std::size_t i = 0; i < starts->size(); ++i) {
    const auto *axes = ints_at(inputs, 3), *steps = ints_at(inputs, 4);
    if ((inputs.size() > 3 && !axes) || (inputs.size() > 4 && !steps) || (axes && axes->size() <= i) || (steps && steps->size() <= i))
      return std::nullopt;
    const auto axis = axis_in(axes ? (*axes)[i] : static_cast<std::int64_t>(i), shape.size());
    const auto step = steps ? (*steps)[i] : 1;
    if (!axis || step < 1) return std::nullopt;  // backwards: no detector does
    auto& extent = shape[*axis];
    if (extent < 0) continue;
    const std::int64_t span = clamped((*ends)[i], extent, true) - clamped((*starts)[i], extent, true);
    extent = span <= 0 ? 0 : (span - 1) / step + 1;
  }
  return shape;
}

MaybeShape gathered(const onnx::NodeProto& node, const Inputs& inputs) {
  if (inputs.size() < 2 || !inputs[0].shape || !inputs[1].shape) return std::nullopt;
  const auto axis = axis_in(int_attribute(node, "axis", 0), inputs[0].shape->size());
  if (!axis) return std::nullopt;
  Shape shape = *inputs[0].shape;
  const auto at = shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(*axis));
  shape.insert(at, inputs[1].shape->begin(), inputs[1].shape->end());
  return shape;
}

MaybeShape unsqueezed(const Inputs& inputs) {
  const auto* axes = ints_at(inputs, 1);
  if (!axes || !inputs[0].shape) return std::nullopt;
  const std::size_t rank = inputs[0].shape->size() + axes->size();
  std::vector<bool> is_new(rank, false);
  for (const auto wanted : *axes) {
    const auto axis = axis_in(wanted, rank);
    if (!axis || is_new[*axis]) return std::nullopt;
    is_new[*axis] = true;
  }
  Shape shape;
  auto next = inputs[0].shape->begin();
  for (std::size_t i = 0; i < rank; ++i) shape.push_back(is_new[i] ? 1 : *next++);
  return shape;
}

/// Without axes, or with none of them, runtimes disagree.
MaybeShape squeezed(const Inputs& inputs) {
  const auto* axes = ints_at(inputs, 1);
  if (!axes || axes->empty() || !inputs[0].shape) return std::nullopt;
  std::vector<bool> goes(inputs[0].shape->size(), false);
  for (const auto wanted : *axes) {
    const auto axis = axis_in(wanted, goes.size());
    if (!axis) return std::nullopt;
    goes[*axis] = true;
  }
  Shape shape;
  for (std::size_t i = 0; i < goes.size(); ++i)
    if (!goes[i]) shape.push_back((*inputs[0].shape)[i]);
  return shape;
}

/// floor(extent * scale), as the operator's page has it. The scale is a float32: runtimes multiply in that precision, the page's reference
/// in double; nothing where the two differ (10 * 1.4 is 14 and 13).
std::optional<std::int64_t> scaled(std::int64_t extent, double scale) {
  const double exact = std::floor(static_cast<double>(extent) * scale);
  const float rounded = std::floor(static_cast<float>(extent) * static_cast<float>(scale));
  if (!(exact >= 0 && exact < 1e9) || exact != static_cast<double>(rounded)) return std::nullopt;
  return static_cast<std::int64_t>(exact);
}

/// Resize by constant sizes, or by constant scales of the whole input.
MaybeShape resized(const onnx::NodeProto& node, const Inputs& inputs) {
  if (!inputs[0].shape || find_attribute(node, "axes") || find_attribute(node, "keep_aspect_ratio_policy")) return std::nullopt;
  Shape shape = *inputs[0].shape;
  if (const auto* sizes = ints_at(inputs, 3)) return sizes->size() == shape.size() ? MaybeShape(*sizes) : std::nullopt;
  const auto* coordinates = find_attribute(node, "coordinate_transformation_mode");
  const bool crops = coordinates && coordinates->s() == "tf_crop_and_resize";
  if (crops || inputs.size() < 3 || !inputs[2].floats || inputs[2].floats->size() != shape.size()) return std::nullopt;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] < 0) continue;
    const auto extent = scaled(shape[i], (*inputs[2].floats)[i]);
    if (!extent) return std::nullopt;
    shape[i] = *extent;
  }
  return shape;
}

MaybeShape shape_of_result(const onnx::NodeProto& node, const Inputs& inputs) {
  const std::string& op = node.op_type();
  if (inputs.empty()) return std::nullopt;
  if (is_one_of(op, kUnary) || op == "Cast" || op == "Dropout" || op == "QuantizeLinear" || op == "DequantizeLinear")
    return inputs[0].shape;
  if (is_one_of(op, kBroadcast)) return broadcast(inputs);
  if (op == "Conv" || op == "MaxPool" || op == "AveragePool") return windowed(node, inputs);
  if (op == "Concat") return concatenated(node, inputs);
  if (op == "MatMul") return matrix_product(inputs);
  if (op == "Reshape") return reshaped(node, inputs);
  if (op == "Transpose") return transposed(node, inputs);
  if (op == "Slice") return sliced(inputs);
  if (op == "Gather") return gathered(node, inputs);
  if (op == "Unsqueeze") return unsqueezed(inputs);
  if (op == "Squeeze") return squeezed(inputs);
  if (op == "Resize") return resized(node, inputs);
  if (op == "Shape" && inputs[0].shape && !find_attribute(node, "start") && !find_attribute(node, "end"))
    return Shape{static_cast<std::int64_t>(inputs[0].shape->size())};
  return std::nullopt;
}

std::int32_t type_of_result(const onnx::NodeProto& node, const Inputs& inputs) {
  const std::string& op = node.op_type();
  if (op == "Cast") return static_cast<std::int32_t>(int_attribute(node, "to", 0));
  if (op == "Shape" || op == "Size") return onnx_type::kInt64;
  if (op == "DequantizeLinear") return inputs.size() > 1 ? inputs[1].type : 0;
  if (op == "QuantizeLinear") {
    if (const auto declared = int_attribute(node, "output_dtype", 0)) return static_cast<std::int32_t>(declared);
    return inputs.size() > 2 && inputs[2].type != 0 ? inputs[2].type : inputs.size() > 2 && !node.input(2).empty() ? 0 : onnx_type::kUint8;
  }
  const bool keeps = is_one_of(op, kUnary) || is_one_of(op, kBroadcast) || is_one_of(op, kSameType) || is_one_of(op, kRearrange);
  return keeps && !inputs.empty() ? inputs[0].type : 0;
}

}  // namespace

ValueFact infer_fact(const onnx::NodeProto& node, const std::vector<ValueFact>& inputs) {
  return {type_of_result(node, inputs), shape_of_result(node, inputs), infer_ints(node, inputs), std::nullopt};
}

}  // namespace nibble
