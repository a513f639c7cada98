// SPDX-License-Identifier: Apache-2.0
// Output dtypes and shapes of every operator. Only extents that an operator does not compute with may be -1.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "graph/graph.h"
#include "graph/text.h"
#include "nibble/error.h"

namespace nibble {

namespace {

constexpr std::int64_t kUnknown = -1;
/// No extent of a detector is near it; sums and products of two extents below it do not overflow.
constexpr std::int64_t kMaxExtent = std::numeric_limits<std::int32_t>::max();

class Inference {
 public:
  Inference(const Graph& graph, const Node& node) : graph_(graph), node_(node) {}

  using Outputs = std::vector<TypedShape>;

  Outputs operator()(const op::Conv& conv) const {
    require_inputs(2, 3);
    require_same_dtype();
    const auto& x = require_rank(0, 4);
    const auto& weight = require_rank(1, 4);
    const std::int64_t groups = conv.groups;
    require(groups > 0 && weight[0] % groups == 0 && x[1] % groups == 0 && x[1] / groups == weight[1],
            "channels do not fit weight and groups");
    if (node_.inputs.size() == 3) require(shape(2) == Shape{weight[0]}, "the bias needs one value per output channel");
    Shape result{x[0], weight[0], 0, 0};
    for (std::size_t i = 0; i < 2; ++i)
      result[2 + i] = window_extent(x[2 + i], weight[2 + i], conv.stride[i], conv.padding[i], conv.dilation[i]);
    return one(std::move(result));
  }
  Outputs operator()(const op::BatchNorm&) const {
    require_inputs(5, 5);
    require_same_dtype();
    const auto& x = require_rank(0, 4);
    for (std::size_t i = 1; i < 5; ++i) require(shape(i) == Shape{x[1]}, "every statistic needs one value per channel");
    return one(x);
  }
  Outputs operator()(const op::Silu&) const { return same_as_input(); }
  Outputs operator()(const op::Relu&) const { return same_as_input(); }
  Outputs operator()(const op::Sigmoid&) const { return same_as_input(); }
  Outputs operator()(const op::Sin&) const { return same_as_input(); }
  Outputs operator()(const op::Cos&) const { return same_as_input(); }
  Outputs operator()(const op::Softmax& softmax) const {
    axis_of(softmax.axis);
    return same_as_input();
  }
  Outputs operator()(const op::QuantizeDequantize&) const { return same_as_input(); }
  Outputs operator()(const op::Add&) const { return element_wise(); }
  Outputs operator()(const op::Sub&) const { return element_wise(); }
  Outputs operator()(const op::Mul&) const { return element_wise(); }
  Outputs operator()(const op::Div&) const { return element_wise(); }
  Outputs operator()(const op::Mod&) const { return element_wise(); }
  Outputs operator()(const op::MatMul&) const {
    require_inputs(2, 2);
    require_same_dtype();
    require(shape(0).size() >= 2 && shape(1).size() >= 2, "both factors need two axes");
    Shape a = shape(0);
    Shape b = shape(1);
    require(a.back() == b[b.size() - 2] && a.back() >= 0, "the inner extents differ");
    const auto rows = a[a.size() - 2];
    const auto columns = b.back();
    a.resize(a.size() - 2);
    b.resize(b.size() - 2);
    Shape result = broadcast(a, b);
    result.insert(result.end(), {rows, columns});
    return one(std::move(result));
  }
  Outputs operator()(const op::Concat& concat) const {
    require(!node_.inputs.empty(), "nothing to concatenate");
    require_same_dtype();
    const auto axis = axis_of(concat.axis);
    Shape result = shape(0);
    for (std::size_t i = 1; i < node_.inputs.size(); ++i) {
      require(shape(i).size() == result.size(), "the inputs differ in rank");
      for (std::size_t k = 0; k < result.size(); ++k) require(k == axis || shape(i)[k] == result[k], "the inputs differ beside the axis");
      require(shape(i)[axis] >= 0 && result[axis] >= 0, "the extent along the axis must be known");
      result[axis] += shape(i)[axis];
    }
    return one(std::move(result));
  }
  Outputs operator()(const op::Split& split) const {
    require_inputs(1, 1);
    const auto axis = axis_of(split.axis);
    Outputs outputs;
    std::int64_t sum = 0;
    for (const auto size : split.sizes) {
      require(size > 0, "a part is empty");
      require(size <= kMaxExtent, "a part is larger than the extent");
      sum += size;
      outputs.push_back({dtype(0), shape(0)});
      outputs.back().shape[axis] = size;
    }
    require(sum == shape(0)[axis], "the parts do not add up to the extent");
    return outputs;
  }
  Outputs operator()(const op::MaxPool& pool) const {
    require_inputs(1, 1);
    Shape result = require_rank(0, 4);
    for (std::size_t i = 0; i < 2; ++i) {
      require(pool.padding[i] <= pool.kernel[i] / 2, "the padding is more than half the kernel");
      result[2 + i] = window_extent(result[2 + i], pool.kernel[i], pool.stride[i], pool.padding[i], 1);
    }
    return one(std::move(result));
  }
  Outputs operator()(const op::AveragePool& pool) const {
    require_inputs(1, 1);
    Shape result = require_rank(0, 4);
    for (std::size_t i = 0; i < 2; ++i) result[2 + i] = window_extent(result[2 + i], pool.kernel[i], pool.stride[i], 0, 1);
    return one(std::move(result));
  }
  Outputs operator()(const op::ZeroPad& pad) const {
    require_inputs(1, 1);
    Shape result = require_rank(0, 4);
    for (std::size_t i = 0; i < 2; ++i) {
      require(result[2 + i] >= 0 && pad.begin[i] >= 0 && pad.end[i] >= 0, "height and width must be known, the padding not negative");
      result[2 + i] += pad.begin[i] + pad.end[i];
    }
    return one(std::move(result));
  }
  Outputs operator()(const op::ResizeNearest& resize) const {
    require_inputs(1, 1);
    Shape result = require_rank(0, 4);
    require(resize.factor > 0 && result[2] >= 0 && result[3] >= 0, "height, width and factor must be known and positive");
    for (std::size_t i = 2; i < 4; ++i)
      require(!__builtin_mul_overflow(result[i], resize.factor, &result[i]), "the enlarged extent is beyond 64 bits");
    return one(std::move(result));
  }
  Outputs operator()(const op::Reshape& reshape) const {
    require_inputs(1, 1);
    return one(reshaped(reshape.shape));
  }
  Outputs operator()(const op::Transpose& transpose) const {
    require_inputs(1, 1);
    auto sorted = transpose.perm;
    std::sort(sorted.begin(), sorted.end());
    require(sorted.size() == shape(0).size(), "the permutation has another rank");
    for (std::size_t i = 0; i < sorted.size(); ++i) require(sorted[i] == static_cast<std::int64_t>(i), "not a permutation");
    Shape result;
    for (const auto axis : transpose.perm) result.push_back(shape(0)[static_cast<std::size_t>(axis)]);
    return one(std::move(result));
  }
  Outputs operator()(const op::Unsqueeze& unsqueeze) const {
    require_inputs(1, 1);
    const auto rank = static_cast<std::int64_t>(shape(0).size());
    const auto axis = unsqueeze.axis < 0 ? unsqueeze.axis + rank + 1 : unsqueeze.axis;
    require(axis >= 0 && axis <= rank, "the axis is out of range");
    Shape result = shape(0);
    result.insert(result.begin() + axis, 1);
    return one(std::move(result));
  }
  Outputs operator()(const op::ReduceMax& reduce) const {
    require_inputs(1, 1);
    const auto axis = axis_of(reduce.axis);
    Shape result = shape(0);
    result.erase(result.begin() + static_cast<std::ptrdiff_t>(axis));
    return one(std::move(result));
  }
  Outputs operator()(const op::TopK& top) const {
    require_inputs(1, 1);
    require(!shape(0).empty() && top.k > 0 && top.k <= shape(0).back(), fmt::format("k = {} does not fit the last extent", top.k));
    Shape result = shape(0);
    result.back() = top.k;
    return {{dtype(0), result}, {DType::i64, result}};
  }
  Outputs operator()(const op::GatherRows&) const {
    require_inputs(2, 2);
    const auto& indices = require_rank(1, 3);
    require(dtype(1) == DType::i64 && indices[2] == 1, "the indices must be int64 [B,K,1]");
    require(shape(0).size() >= 2 && shape(0)[0] == indices[0], "data and indices differ in the batch");
    Shape result = shape(0);
    result[1] = indices[1];
    return one(std::move(result));
  }
  Outputs operator()(const op::Cast& cast) const {
    require_inputs(1, 1);
    return {{cast.to, shape(0)}};
  }

 private:
  const Value& input(std::size_t i) const { return graph_.value(node_.inputs[i]); }
  const Shape& shape(std::size_t i) const { return input(i).shape; }
  DType dtype(std::size_t i) const { return input(i).dtype; }

  [[noreturn]] void fail(const std::string& why) const {
    std::string inputs;
    for (const auto id : node_.inputs)
      inputs += fmt::format("{}{} {}", inputs.empty() ? "" : ", ", name_of(graph_.value(id).dtype), text_of(graph_.value(id).shape));
    throw Error(ErrorKind::internal, fmt::format("graph: node '{}' ({}) on {}: {}", node_.name, name_of(node_.op), inputs, why));
  }
  void require(bool holds, const std::string& why) const {
    if (!holds) fail(why);
  }
  void require_inputs(std::size_t least, std::size_t most) const {
    require(node_.inputs.size() >= least && node_.inputs.size() <= most, fmt::format("wrong number of inputs ({})", node_.inputs.size()));
  }
  void require_same_dtype() const {
    for (std::size_t i = 1; i < node_.inputs.size(); ++i) require(dtype(i) == dtype(0), "the inputs differ in dtype");
  }
  const Shape& require_rank(std::size_t i, std::size_t rank) const {
    require(shape(i).size() == rank, fmt::format("input {} needs {} axes", i, rank));
    return shape(i);
  }
  std::size_t axis_of(std::int64_t axis) const {
    const auto rank = static_cast<std::int64_t>(shape(0).size());
    const auto positive = axis < 0 ? axis + rank : axis;
    require(positive >= 0 && positive < rank, fmt::format("axis {} is out of range", axis));
    return static_cast<std::size_t>(positive);
  }

  Outputs one(Shape result) const { return {{dtype(0), std::move(result)}}; }
  Outputs same_as_input() const {
    require_inputs(1, 1);
    return one(shape(0));
  }
  Outputs element_wise() const {
    require_inputs(2, 2);
    require_same_dtype();
    return one(broadcast(shape(0), shape(1)));
  }
  /// NumPy's rule; two unknown extents are taken to be the same one (the batch).
  Shape broadcast(Shape a, Shape b) const {
    if (a.size() < b.size()) std::swap(a, b);
    b.insert(b.begin(), a.size() - b.size(), 1);
    for (std::size_t i = 0; i < a.size(); ++i) {
      require(a[i] == b[i] || a[i] == 1 || b[i] == 1, "the shapes do not broadcast");
      if (a[i] == 1) a[i] = b[i];
    }
    return a;
  }
  std::int64_t window_extent(std::int64_t extent, std::int64_t kernel, std::int64_t stride, std::int64_t padding,
                             std::int64_t dilation) const {
    require(extent >= 0 && stride > 0 && padding >= 0 && dilation > 0,
            "height, width, stride, padding and dilation must be known and valid");
    require(std::max({extent, kernel, stride, padding, dilation}) <= kMaxExtent, "the window is beyond any image");
    const auto slack = extent + 2 * padding - dilation * (kernel - 1) - 1;
    require(slack >= 0, "the window is larger than the padded input");
    return slack / stride + 1;
  }
  /// Extents copied by 0 leave the balance; then at most one unknown is left on each side.
  Shape reshaped(const std::vector<std::int64_t>& target) const {
    Shape rest = shape(0);
    Shape result = target;
    std::int64_t asked = 1;
    auto hole = result.end();
    for (std::size_t i = 0; i < target.size(); ++i) {
      if (target[i] == 0) {
        require(i < shape(0).size(), "0 copies an axis the input does not have");
        result[i] = shape(0)[i];
        rest[i] = 1;
      } else if (target[i] == kUnknown) {
        require(hole == result.end(), "more than one -1");
        hole = result.begin() + static_cast<std::ptrdiff_t>(i);
      } else {
        require(!__builtin_mul_overflow(asked, target[i], &asked), "the number of elements asked for is beyond 64 bits");
      }
    }
    const bool has_batch = std::count(rest.begin(), rest.end(), kUnknown) > 0;
    std::replace(rest.begin(), rest.end(), kUnknown, std::int64_t{1});
    const auto available = count_of(rest);
    if (has_batch) {
      require(hole != result.end() && asked == available, "the batch must go to the -1 and nothing else");
    } else if (hole != result.end()) {
      require(asked > 0 && available % asked == 0, "the elements do not divide");
      *hole = available / asked;
    } else {
      require(asked == available, "the number of elements changes");
    }
    return result;
  }

  const Graph& graph_;
  const Node& node_;
};

}  // namespace

std::vector<TypedShape> infer_shapes(const Graph& graph, const Node& node) {
  for (const auto id : node.inputs)
    if (id < 0 || static_cast<std::size_t>(id) >= graph.values.size())
      throw Error(ErrorKind::internal, fmt::format("graph: node '{}' reads value {} of {}", node.name, id, graph.values.size()));
  auto outputs = std::visit(Inference(graph, node), node.op);
  for (const auto& output : outputs)
    for (const auto extent : output.shape)
      if (extent > kMaxExtent)
        throw Error(ErrorKind::internal, fmt::format("graph: node '{}' ({}): an extent of {} is larger than {}", node.name,
                                                     name_of(node.op), extent, kMaxExtent));
  return outputs;
}

}  // namespace nibble
