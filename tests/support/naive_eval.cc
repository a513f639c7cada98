// SPDX-License-Identifier: Apache-2.0
#include "support/naive_eval.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace nibble::test {

namespace {

struct Array {
  Shape shape;
  std::vector<double> data;
};
using Arrays = std::vector<Array>;

std::size_t size_of_shape(const Shape& shape) { return static_cast<std::size_t>(count_of(shape)); }
std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

Array zeros(Shape shape) {
  const auto count = size_of_shape(shape);
  return {std::move(shape), std::vector<double>(count, 0.0)};
}

Array from_tensor(const Tensor& tensor) {
  Array array = zeros(tensor.shape());
  if (tensor.dtype() == DType::i64) {
    std::copy(tensor.as<std::int64_t>().begin(), tensor.as<std::int64_t>().end(), array.data.begin());
  } else {
    const Tensor single = tensor.to(DType::f32);
    std::copy(single.as<float>().begin(), single.as<float>().end(), array.data.begin());
  }
  return array;
}

Array dequantized(const Value& value) {
  Array array = from_tensor(*value.constant);
  const auto scale = from_tensor(value.quant->scale);
  const auto zero = from_tensor(value.quant->zero_point);
  if (value.quant->spec.granularity == Granularity::block) throw std::logic_error("naive_eval: block scales");
  const auto per_scale = array.data.size() / scale.data.size();
  for (std::size_t i = 0; i < array.data.size(); ++i)
    array.data[i] = (array.data[i] - zero.data[i / per_scale]) * scale.data[i / per_scale];
  return array;
}

double rounded_to(DType dtype, double value) {
  if (dtype == DType::f16) return static_cast<double>(to_float(to_half(static_cast<float>(value))));
  if (dtype == DType::i64) return std::floor(value);  // of a quotient; indices are not negative
  return dtype == DType::f32 ? static_cast<double>(static_cast<float>(value)) : value;
}

/// Extents before, at and behind an axis.
struct AxisView {
  std::size_t outer = 1, extent = 1, inner = 1;
};
AxisView view_of(const Shape& shape, std::int64_t axis) {
  const auto k = at(axis < 0 ? axis + static_cast<std::int64_t>(shape.size()) : axis);
  AxisView view;
  for (std::size_t i = 0; i < shape.size(); ++i) (i < k ? view.outer : i == k ? view.extent : view.inner) *= at(shape[i]);
  return view;
}

class Evaluate {
 public:
  Evaluate(const Arrays& x, const std::vector<Shape>& shapes) : x_(x), shapes_(shapes) {}

  Arrays operator()(const op::Conv& conv) const {
    const auto& in = x_[0];
    const auto& weight = x_[1];
    Array out = zeros(shapes_[0]);
    const auto per_group = weight.shape[1];
    const auto outputs_per_group = weight.shape[0] / conv.groups;
    std::size_t i = 0;
    for (std::int64_t b = 0; b < out.shape[0]; ++b)
      for (std::int64_t o = 0; o < out.shape[1]; ++o)
        for (std::int64_t y = 0; y < out.shape[2]; ++y)
          for (std::int64_t x = 0; x < out.shape[3]; ++x, ++i) {
            double sum = x_.size() > 2 ? x_[2].data[at(o)] : 0.0;
            for (std::int64_t c = 0; c < per_group; ++c)
              for (std::int64_t ky = 0; ky < weight.shape[2]; ++ky)
                for (std::int64_t kx = 0; kx < weight.shape[3]; ++kx) {
                  const auto iy = y * conv.stride[0] - conv.padding[0] + ky * conv.dilation[0];
                  const auto ix = x * conv.stride[1] - conv.padding[1] + kx * conv.dilation[1];
                  if (iy < 0 || ix < 0 || iy >= in.shape[2] || ix >= in.shape[3]) continue;
                  const auto channel = o / outputs_per_group * per_group + c;
                  sum += in.data[at(((b * in.shape[1] + channel) * in.shape[2] + iy) * in.shape[3] + ix)] *
                         weight.data[at(((o * per_group + c) * weight.shape[2] + ky) * weight.shape[3] + kx)];
                }
            out.data[i] = sum;
          }
    return {out};
  }
  Arrays operator()(const op::BatchNorm& norm) const {
    Array out = x_[0];
    const auto view = view_of(out.shape, 1);
    for (std::size_t i = 0; i < out.data.size(); ++i) {
      const auto c = i / view.inner % view.extent;
      out.data[i] = (out.data[i] - x_[3].data[c]) / std::sqrt(x_[4].data[c] + norm.epsilon) * x_[1].data[c] + x_[2].data[c];
    }
    return {out};
  }
  Arrays operator()(const op::Silu&) const {
    return map([](double v) { return v / (1.0 + std::exp(-v)); });
  }
  Arrays operator()(const op::Relu&) const {
    return map([](double v) { return std::max(v, 0.0); });
  }
  Arrays operator()(const op::Sigmoid&) const {
    return map([](double v) { return 1.0 / (1.0 + std::exp(-v)); });
  }
  Arrays operator()(const op::Sin&) const {
    return map([](double v) { return std::sin(v); });
  }
  Arrays operator()(const op::Cos&) const {
    return map([](double v) { return std::cos(v); });
  }
  Arrays operator()(const op::Add&) const { return zip(std::plus<double>{}); }
  Arrays operator()(const op::Sub&) const { return zip(std::minus<double>{}); }
  Arrays operator()(const op::Mul&) const { return zip(std::multiplies<double>{}); }
  Arrays operator()(const op::Div&) const { return zip(std::divides<double>{}); }
  Arrays operator()(const op::Mod&) const {
    return zip([](double a, double b) { return std::fmod(a, b); });
  }
  Arrays operator()(const op::MatMul&) const {
    Array out = zeros(shapes_[0]);
    const auto rows = out.shape[out.shape.size() - 2];
    const auto columns = out.shape.back();
    const auto inner = x_[0].shape.back();
    const auto batches = static_cast<std::int64_t>(out.data.size()) / (rows * columns);
    const auto a_batches = static_cast<std::int64_t>(x_[0].data.size()) / (rows * inner);
    const auto b_batches = static_cast<std::int64_t>(x_[1].data.size()) / (inner * columns);
    for (std::int64_t n = 0; n < batches; ++n)
      for (std::int64_t r = 0; r < rows; ++r)
        for (std::int64_t c = 0; c < columns; ++c)
          for (std::int64_t k = 0; k < inner; ++k)
            out.data[at((n * rows + r) * columns + c)] +=
                x_[0].data[at((n % a_batches * rows + r) * inner + k)] * x_[1].data[at((n % b_batches * inner + k) * columns + c)];
    return {out};
  }
  Arrays operator()(const op::Softmax& softmax) const {
    Array out = x_[0];
    const auto view = view_of(out.shape, softmax.axis);
    for (std::size_t o = 0; o < view.outer; ++o)
      for (std::size_t i = 0; i < view.inner; ++i) {
        const auto element = [&](std::size_t k) -> double& { return out.data[(o * view.extent + k) * view.inner + i]; };
        double largest = element(0);
        for (std::size_t k = 1; k < view.extent; ++k) largest = std::max(largest, element(k));
        double sum = 0;
        for (std::size_t k = 0; k < view.extent; ++k) sum += element(k) = std::exp(element(k) - largest);
        for (std::size_t k = 0; k < view.extent; ++k) element(k) /= sum;
      }
    return {out};
  }
  Arrays operator()(const op::Concat& concat) const {
    Array out{shapes_[0], {}};
    const auto outer = view_of(out.shape, concat.axis).outer;
    for (std::size_t o = 0; o < outer; ++o)
      for (const auto& part : x_) {
        const auto run = static_cast<std::ptrdiff_t>(part.data.size() / outer);
        const auto first = part.data.begin() + static_cast<std::ptrdiff_t>(o) * run;
        out.data.insert(out.data.end(), first, first + run);
      }
    return {out};
  }
  Arrays operator()(const op::Split& split) const {
    Arrays parts;
    const auto whole = view_of(x_[0].shape, split.axis);
    std::size_t before = 0;
    for (std::size_t p = 0; p < shapes_.size(); ++p) {
      Array part{shapes_[p], {}};
      const auto extent = at(split.sizes[p]);
      for (std::size_t o = 0; o < whole.outer; ++o) {
        const auto first = x_[0].data.begin() + static_cast<std::ptrdiff_t>((o * whole.extent + before) * whole.inner);
        part.data.insert(part.data.end(), first, first + static_cast<std::ptrdiff_t>(extent * whole.inner));
      }
      before += extent;
      parts.push_back(std::move(part));
    }
    return parts;
  }
  Arrays operator()(const op::MaxPool& pool) const {
    const auto& in = x_[0];
    Array out = zeros(shapes_[0]);
    std::size_t i = 0;
    for (std::int64_t plane = 0; plane < out.shape[0] * out.shape[1]; ++plane)
      for (std::int64_t y = 0; y < out.shape[2]; ++y)
        for (std::int64_t x = 0; x < out.shape[3]; ++x, ++i) {
          double largest = -INFINITY;
          for (std::int64_t ky = 0; ky < pool.kernel[0]; ++ky)
            for (std::int64_t kx = 0; kx < pool.kernel[1]; ++kx) {
              const auto iy = y * pool.stride[0] - pool.padding[0] + ky;
              const auto ix = x * pool.stride[1] - pool.padding[1] + kx;
              if (iy < 0 || ix < 0 || iy >= in.shape[2] || ix >= in.shape[3]) continue;
              largest = std::max(largest, in.data[at((plane * in.shape[2] + iy) * in.shape[3] + ix)]);
            }
          out.data[i] = largest;
        }
    return {out};
  }
  Arrays operator()(const op::AveragePool& pool) const {
    const auto& in = x_[0];
    Array out = zeros(shapes_[0]);
    std::size_t i = 0;
    for (std::int64_t plane = 0; plane < out.shape[0] * out.shape[1]; ++plane)
      for (std::int64_t y = 0; y < out.shape[2]; ++y)
        for (std::int64_t x = 0; x < out.shape[3]; ++x, ++i) {
          double sum = 0;
          for (std::int64_t ky = 0; ky < pool.kernel[0]; ++ky)
            for (std::int64_t kx = 0; kx < pool.kernel[1]; ++kx)
              sum += in.data[at((plane * in.shape[2] + y * pool.stride[0] + ky) * in.shape[3] + x * pool.stride[1] + kx)];
          out.data[i] = sum / static_cast<double>(pool.kernel[0] * pool.kernel[1]);
        }
    return {out};
  }
  Arrays operator()(const op::ZeroPad& pad) const {
    const auto& in = x_[0];
    Array out = zeros(shapes_[0]);
    std::size_t i = 0;
    for (std::int64_t plane = 0; plane < in.shape[0] * in.shape[1]; ++plane)
      for (std::int64_t y = 0; y < in.shape[2]; ++y)
        for (std::int64_t x = 0; x < in.shape[3]; ++x, ++i)
          out.data[at((plane * out.shape[2] + y + pad.begin[0]) * out.shape[3] + x + pad.begin[1])] = in.data[i];
    return {out};
  }
  Arrays operator()(const op::ResizeNearest& resize) const {
    const auto& in = x_[0];
    Array out = zeros(shapes_[0]);
    std::size_t i = 0;
    for (std::int64_t plane = 0; plane < out.shape[0] * out.shape[1]; ++plane)
      for (std::int64_t y = 0; y < out.shape[2]; ++y)
        for (std::int64_t x = 0; x < out.shape[3]; ++x, ++i)
          out.data[i] = in.data[at((plane * in.shape[2] + y / resize.factor) * in.shape[3] + x / resize.factor)];
    return {out};
  }
  Arrays operator()(const op::Reshape&) const { return {{shapes_[0], x_[0].data}}; }
  Arrays operator()(const op::Unsqueeze&) const { return {{shapes_[0], x_[0].data}}; }
  Arrays operator()(const op::Cast&) const { return {x_[0]}; }
  Arrays operator()(const op::Transpose& transpose) const {
    Array out = zeros(shapes_[0]);
    const auto rank = out.shape.size();
    std::vector<std::int64_t> strides(rank, 1);
    for (std::size_t k = rank - 1; k > 0; --k) strides[k - 1] = strides[k] * x_[0].shape[k];
    for (std::size_t i = 0; i < out.data.size(); ++i) {
      std::int64_t rest = static_cast<std::int64_t>(i);
      std::int64_t source = 0;
      for (std::size_t k = rank; k-- > 0; rest /= out.shape[k]) source += rest % out.shape[k] * strides[at(transpose.perm[k])];
      out.data[i] = x_[0].data[at(source)];
    }
    return {out};
  }
  Arrays operator()(const op::ReduceMax& reduce) const {
    Array out = zeros(shapes_[0]);
    const auto view = view_of(x_[0].shape, reduce.axis);
    for (std::size_t i = 0; i < out.data.size(); ++i) {
      out.data[i] = -INFINITY;
      for (std::size_t k = 0; k < view.extent; ++k)
        out.data[i] = std::max(out.data[i], x_[0].data[(i / view.inner * view.extent + k) * view.inner + i % view.inner]);
    }
    return {out};
  }
  Arrays operator()(const op::TopK& top) const {
    Array values{shapes_[0], {}};
    Array indices{shapes_[1], {}};
    const auto extent = at(x_[0].shape.back());
    for (std::size_t row = 0; row * extent < x_[0].data.size(); ++row) {
      const double* data = x_[0].data.data() + row * extent;
      std::vector<std::size_t> order(extent);
      std::iota(order.begin(), order.end(), 0U);
      std::stable_sort(order.begin(), order.end(), [data](std::size_t a, std::size_t b) { return data[a] > data[b]; });
      for (std::size_t k = 0; k < at(top.k); ++k) {
        values.data.push_back(data[order[k]]);
        indices.data.push_back(static_cast<double>(order[k]));
      }
    }
    return {values, indices};
  }
  Arrays operator()(const op::GatherRows&) const {
    Array out{shapes_[0], {}};
    const auto batches = at(out.shape[0]);
    const auto rows = at(x_[0].shape[1]);
    const auto run = x_[0].data.size() / (batches * rows);
    const auto picked = at(x_[1].shape[1]);
    for (std::size_t i = 0; i < batches * picked; ++i) {
      const auto row = i / picked * rows + static_cast<std::size_t>(x_[1].data[i]);
      const auto first = x_[0].data.begin() + static_cast<std::ptrdiff_t>(row * run);
      out.data.insert(out.data.end(), first, first + static_cast<std::ptrdiff_t>(run));
    }
    return {out};
  }
  Arrays operator()(const op::QuantizeDequantize& quantise) const {
    const auto& spec = quantise.params.spec;
    const double scale = from_tensor(quantise.params.scale).data[0];
    const double zero = from_tensor(quantise.params.zero_point).data[0];
    return map([&](double v) {
      const double code = std::nearbyint(v / scale) + zero;
      return (std::clamp(code, static_cast<double>(spec.min_code()), static_cast<double>(spec.max_code())) - zero) * scale;
    });
  }

 private:
  template <class Function>
  Arrays map(Function function) const {
    Array out = x_[0];
    std::transform(out.data.begin(), out.data.end(), out.data.begin(), function);
    return {out};
  }
  template <class Function>
  Arrays zip(Function function) const {
    Array out = zeros(shapes_[0]);
    for (std::size_t i = 0; i < out.data.size(); ++i)
      out.data[i] =
          function(x_[0].data[broadcast_index(x_[0].shape, out.shape, i)], x_[1].data[broadcast_index(x_[1].shape, out.shape, i)]);
    return {out};
  }
  static std::size_t broadcast_index(const Shape& from, const Shape& to, std::size_t index) {
    std::size_t result = 0;
    std::size_t stride = 1;
    for (std::size_t k = to.size(); k-- > 0; index /= at(to[k])) {
      const auto missing = to.size() - from.size();
      if (k < missing) continue;
      if (from[k - missing] != 1) result += index % at(to[k]) * stride;
      stride *= at(from[k - missing]);
    }
    return result;
  }

  const Arrays& x_;
  const std::vector<Shape>& shapes_;
};

/// The graph's shapes with the batch of the inputs at hand.
Shape with_batch(Shape shape, std::int64_t batch) {
  std::replace(shape.begin(), shape.end(), std::int64_t{-1}, batch);
  return shape;
}

Tensor to_tensor(const Array& array, DType dtype) {
  if (dtype == DType::i64) return Tensor::of<std::int64_t>(array.shape, {array.data.begin(), array.data.end()});
  std::vector<float> values;
  for (const auto value : array.data) values.push_back(static_cast<float>(value));
  return Tensor::of<float>(array.shape, std::move(values));
}

}  // namespace

std::vector<Tensor> evaluate(const Graph& graph, const std::vector<Tensor>& inputs) {
  Arrays values(graph.values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    if (graph.values[i].constant) values[i] = graph.values[i].quant ? dequantized(graph.values[i]) : from_tensor(*graph.values[i].constant);
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) values[at(graph.inputs[i])] = from_tensor(inputs.at(i));
  const auto batch = inputs.at(0).shape().at(0);
  for (const auto& node : graph.nodes) {
    Arrays x;
    for (const auto id : node.inputs) x.push_back(values[at(id)]);
    std::vector<Shape> shapes;
    for (const auto id : node.outputs) shapes.push_back(with_batch(graph.value(id).shape, batch));
    auto results = std::visit(Evaluate(x, shapes), node.op);
    for (std::size_t i = 0; i < results.size(); ++i) {
      for (auto& value : results[i].data) value = rounded_to(graph.value(node.outputs[i]).dtype, value);
      values[at(node.outputs[i])] = std::move(results[i]);
    }
  }
  std::vector<Tensor> outputs;
  for (const auto id : graph.outputs) outputs.push_back(to_tensor(values[at(id)], graph.value(id).dtype));
  return outputs;
}

Tensor random_tensor(Shape shape, unsigned seed) {
  std::vector<float> values(size_of_shape(shape));
  std::uint64_t state = seed * 2654435761U + 88172645463325252ULL;
  for (auto& value : values) {  // Marsaglia's xorshift64
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    value = static_cast<float>(state >> 40) / 8388608.0F - 1.0F;
  }
  return Tensor::of<float>(std::move(shape), std::move(values));
}

double largest_difference(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape()) throw std::logic_error("largest_difference: the shapes differ");
  const auto left = a.as<float>();
  const auto right = b.as<float>();
  double largest = 0;
  for (std::size_t i = 0; i < left.size(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(left[i]) - static_cast<double>(right[i])));
  return largest;
}

}  // namespace nibble::test
