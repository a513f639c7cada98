// SPDX-License-Identifier: Apache-2.0
#include "parity/random_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <random>

#include "exec/convert.h"
#include "exec/kernels.h"
#include "graph/trellis.h"

namespace nibble::parity {
namespace {

constexpr double kLargest = 1e4;  ///< values beyond it are quantised, so that nothing grows without end
constexpr float kDenormal = 1e-40F;

class Builder {
 public:
  explicit Builder(std::uint32_t seed) : random_(seed) {}

  RandomGraph build() {
    const Shape shape{whole(1, 2), whole(1, 9), whole(1, 7), whole(1, 7)};
    result_.images = from_torch(numbers(shape));
    Shape declared = shape;
    if (chance(0.5)) declared[0] = -1;
    batch_ = shape[0];
    known_[result_.graph.add_input("images", declared)] = to_torch(result_.images);
    add("input_bound", op::QuantizeDequantize{activation(0.03F)}, {0});
    for (int i = 0, tries = 0; i < 14 && tries < 400; ++tries) i += try_one() ? 1 : 0;
    std::vector<bool> is_read(result_.graph.values.size());
    for (const auto& node : result_.graph.nodes)
      for (const auto id : node.inputs) is_read[static_cast<std::size_t>(id)] = true;
    for (const auto& node : result_.graph.nodes)
      for (const auto id : node.outputs)
        if (!is_read[static_cast<std::size_t>(id)]) result_.graph.outputs.push_back(id);
    verify(result_.graph);
    return std::move(result_);
  }

 private:
  std::int64_t whole(std::int64_t low, std::int64_t high) { return std::uniform_int_distribution<std::int64_t>(low, high)(random_); }
  float real(float low, float high) { return std::uniform_real_distribution<float>(low, high)(random_); }
  bool chance(double share) { return std::uniform_real_distribution<double>(0, 1)(random_) < share; }
  template <class T>
  const T& one_of(const std::vector<T>& of) {
    return of[static_cast<std::size_t>(whole(0, static_cast<std::int64_t>(of.size()) - 1))];
  }

  at::Tensor numbers(const Shape& shape) {
    const auto kind = whole(0, 7);
    std::vector<float> values(static_cast<std::size_t>(count_of(shape)));
    const float constant = real(-3, 3);
    for (auto& value : values) {
      switch (kind) {
        case 0: value = 0; break;
        case 1: value = constant; break;
        case 2: value = 0.03F * static_cast<float>(whole(-300, 300)) / 2; break;  // halves of the first quantiser's steps
        case 3: value = kDenormal * static_cast<float>(whole(-9, 9)); break;
        case 4: value = real(-1e30F, 1e30F); break;
        default: value = real(-4, 4);
      }
    }
    return to_torch(Tensor::of<float>(shape, std::move(values)));
  }

  QuantParams activation(float scale) {
    if (chance(0.2))
      return {{.bits = 8, .is_signed = false}, Tensor::scalar(scale), Tensor::scalar(static_cast<std::uint8_t>(whole(0, 255)))};
    return {{.bits = 8}, Tensor::scalar(scale), Tensor::scalar(static_cast<std::int8_t>(chance(0.5) ? 0 : whole(-128, 127)))};
  }
  float step() { return one_of<float>({0.0123F, 0.25F, 1e-3F, 7.5F, 1e-30F, kDenormal, 1e20F}); }

  std::string fresh(const std::string& stem) { return fmt::format("{}_{}", stem, result_.graph.nodes.size()); }

  /// Appends the node and computes it.
  std::vector<ValueId> add_all(const std::string& stem, const Op& op, const std::vector<ValueId>& inputs) {
    const auto outputs = result_.graph.add_node(fresh(stem), op, inputs);
    std::vector<at::Tensor> values;
    for (const auto id : inputs) values.push_back(value(id));
    const auto computed = reference(result_.graph.nodes.back(), values);
    for (std::size_t i = 0; i < outputs.size(); ++i) known_[outputs[i]] = computed[i];
    return outputs;
  }
  ValueId add(const std::string& stem, const Op& op, const std::vector<ValueId>& inputs) {
    auto id = add_all(stem, op, inputs)[0];
    if (value(id).scalar_type() == at::kFloat && !(value(id).abs().max().item<double>() <= kLargest))
      id = add_all("bound", op::QuantizeDequantize{activation(0.05F)}, {id})[0];
    pool_.push_back(id);
    return id;
  }
  at::Tensor value(ValueId id) {
    const auto found = known_.find(id);
    return found != known_.end() ? found->second : known_[id] = constant_of(result_.graph.value(id));
  }
  ValueId constant(const std::string& stem, Tensor tensor) {
    return result_.graph.add_constant(fmt::format("{}_{}", stem, result_.graph.values.size()), std::move(tensor));
  }
  ValueId constants(const std::string& stem, const Shape& shape, float low, float high) {
    std::vector<float> values(static_cast<std::size_t>(count_of(shape)));
    for (auto& each : values) each = real(low, high);
    return constant(stem, Tensor::of<float>(shape, std::move(values)));
  }

  const Shape& shape(ValueId id) const { return result_.graph.value(id).shape; }
  /// A value of the pool that satisfies `fits`, the latest more often.
  std::optional<ValueId> pick(const std::function<bool(const Shape&)>& fits) {
    for (int tries = 0; tries < 12; ++tries) {
      const auto back = std::min<std::int64_t>(static_cast<std::int64_t>(pool_.size()) - 1, chance(0.6) ? whole(0, 2) : whole(0, 20));
      const auto id = pool_[pool_.size() - 1 - static_cast<std::size_t>(back)];
      if (fits(shape(id))) return id;
    }
    return std::nullopt;
  }
  std::optional<ValueId> any() {
    return pick([](const Shape&) { return true; });
  }
  /// [B,C,H,W] of moderate size.
  std::optional<ValueId> map() {
    return pick(
        [this](const Shape& s) { return s.size() == 4 && (s[0] == -1 || s[0] == batch_) && s[1] <= 24 && s[2] <= 24 && s[3] <= 24; });
  }

  bool try_one() {
    switch (whole(0, 27)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5: return conv(true);
      case 6: return conv(false);
      case 7: return batch_norm();
      case 8: return unary("silu", op::Silu{});
      case 9: return unary("relu", op::Relu{});
      case 10: return unary("sigmoid", op::Sigmoid{});
      case 11: return unary("sin", op::Sin{});
      case 12: return unary("cos", op::Cos{});
      case 13:
      case 14: return arithmetic();
      case 15: return matmul();
      case 16: return softmax();
      case 17: return concat();
      case 18: return split();
      case 19: return pool();
      case 20: return pad();
      case 21: return resize();
      case 22: return reshape();
      case 23: return transpose();
      case 24: return unsqueeze_and_reduce();
      case 25: return best_rows();
      case 26: return half();
      default: return unary("quantise", op::QuantizeDequantize{activation(step())});
    }
  }

  bool unary(const std::string& stem, const Op& op) {
    const auto x = any();
    if (x) add(stem, op, {*x});
    return x.has_value();
  }

  ValueId quantised_weight(const Shape& weight) {
    QuantSpec spec{.bits = static_cast<int>(whole(2, 8)), .narrow = chance(0.2), .granularity = Granularity::channel};
    if (chance(0.25)) spec.granularity = Granularity::tensor;
    if (weight[1] > 1 && chance(0.15)) {
      spec.granularity = Granularity::block;
      spec.block = whole(1, weight[1]);
    }
    const bool trellis = spec.granularity == Granularity::channel && chance(0.15);
    const auto columns = count_of(weight) / weight[0];
    std::vector<std::int8_t> codes(static_cast<std::size_t>(count_of(weight)));
    if (trellis) {
      spec = {.bits = 8, .granularity = Granularity::channel, .trellis = {static_cast<int>(whole(3, 4)), static_cast<int>(whole(0, 5))}};
      std::vector<std::uint8_t> symbols(codes.size());
      for (auto& symbol : symbols) symbol = static_cast<std::uint8_t>(whole(0, (1 << spec.trellis.bits) - 1));
      codes = trellis_codes(symbols, columns, spec.trellis);
    } else {
      for (auto& code : codes) code = static_cast<std::int8_t>(whole(spec.min_code(), spec.max_code()));
    }
    const Shape parameters = scale_shape(spec, weight);
    std::vector<float> scales(static_cast<std::size_t>(count_of(parameters)));
    for (auto& scale : scales) scale = chance(0.1) ? one_of<float>({kDenormal, 1e-30F, 1.1754944e-38F}) : real(0.001F, 0.1F);
    std::vector<std::int8_t> zeros(scales.size(), 0);
    if (!trellis && chance(0.4))
      for (auto& zero : zeros) zero = static_cast<std::int8_t>(whole(spec.min_code(), spec.max_code()));
    if (!trellis)  // a dead channel, and one of equal weights
      for (std::size_t i = 0; i < static_cast<std::size_t>(columns); ++i) {
        if (spec.granularity != Granularity::block) codes[i] = zeros[0];
        if (weight[0] > 1) codes[codes.size() - 1 - i] = static_cast<std::int8_t>(spec.max_code());
      }
    const auto id = constant("weight", Tensor::of<std::int8_t>(weight, std::move(codes)));
    result_.graph.value(id).dtype = DType::f32;
    result_.graph.value(id).quant =
        QuantParams{spec, Tensor::of<float>(parameters, std::move(scales)), Tensor::of<std::int8_t>(parameters, std::move(zeros))};
    return id;
  }

  bool conv(bool quantised) {
    auto x = map();
    if (!x) return false;
    const auto in = shape(*x)[1];
    op::Conv conv;
    if (chance(0.4)) {
      conv.groups = in;  // depthwise, with one or two filters a channel
    } else if (in % 2 == 0 && chance(0.3)) {
      conv.groups = 2;
    }
    const auto out = conv.groups * whole(1, conv.groups > 4 ? 2 : 4);
    op::Pair kernel{};
    for (std::size_t i = 0; i < 2; ++i) {
      kernel[i] = one_of<std::int64_t>({1, 1, 2, 3, 3, 5});
      conv.stride[i] = whole(1, 3);
      conv.dilation[i] = chance(0.2) ? 2 : 1;
      conv.padding[i] = whole(0, 2);
      if (shape(*x)[2 + i] + 2 * conv.padding[i] < conv.dilation[i] * (kernel[i] - 1) + 1) return false;
    }
    if (quantised && chance(0.7)) x = add("conv_input", op::QuantizeDequantize{activation(chance(0.2) ? step() : 0.02F)}, {*x});
    const Shape weight{out, in / conv.groups, kernel[0], kernel[1]};
    const auto w = quantised ? quantised_weight(weight) : constants("weight", weight, -1, 1);
    std::vector<ValueId> inputs{*x, w};
    if (quantised || chance(0.7)) inputs.push_back(constants("bias", {out}, -2, 2));
    const auto id = add_all("conv", conv, inputs)[0];
    const auto y = value(id);
    OutputRange range{std::min(0.0F, y.min().item<float>()), std::max(0.0F, y.max().item<float>())};
    if (!(range.high - range.low > 1e-6F && range.high - range.low < 1e9F)) range = {-1, 1};
    result_.ranges[result_.graph.nodes.back().name] = range;
    if (chance(0.4)) {
      add("act", op::Silu{}, {id});
    } else if (chance(0.4)) {
      add("next", op::QuantizeDequantize{activation(0.05F)}, {id});
    } else if (y.abs().max().item<double>() <= kLargest) {
      pool_.push_back(id);
    } else {
      add("bound", op::QuantizeDequantize{activation(0.05F)}, {id});
    }
    return true;
  }

  bool batch_norm() {
    const auto x = map();
    if (!x) return false;
    const Shape channels{shape(*x)[1]};
    const auto gamma = constants("gamma", channels, -2, 2), beta = constants("beta", channels, -2, 2);
    const auto mean = constants("mean", channels, -2, 2), variance = constants("variance", channels, chance(0.2) ? 0.0F : 0.1F, 3);
    add("norm", op::BatchNorm{}, {*x, gamma, beta, mean, variance});
    return true;
  }

  bool arithmetic() {
    const auto x = any();
    if (!x) return false;
    const auto kind = whole(0, 4);
    auto y = pick([&](const Shape& s) { return s == shape(*x); });
    if (!y || kind >= 3 || chance(0.4)) {  // by constants, away from 0 for those that divide
      Shape beside(shape(*x).size(), 1);
      for (std::size_t i = 1; i < beside.size(); ++i)
        if (chance(0.5)) beside[i] = shape(*x)[i];
      y = constants("factor", chance(0.3) ? Shape{} : beside, 0.5F, 3);
    }
    const std::vector<Op> operators{op::Add{}, op::Sub{}, op::Mul{}, op::Div{}, op::Mod{}};
    add("arithmetic", operators[static_cast<std::size_t>(kind)], {*x, *y});
    return true;
  }

  bool matmul() {
    const auto x = pick([](const Shape& s) { return s.size() >= 3; });
    if (!x) return false;
    std::vector<std::int64_t> perm;
    for (std::size_t i = 0; i < shape(*x).size(); ++i) perm.push_back(static_cast<std::int64_t>(i));
    std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
    if (perm.size() == 3 && chance(0.5)) {
      add("matmul", op::MatMul{}, {*x, constants("matrix", {shape(*x)[2], whole(1, 5)}, -1, 1)});
    } else {
      add("matmul", op::MatMul{}, {*x, add("turned", op::Transpose{perm}, {*x})});
    }
    return true;
  }

  std::int64_t axis_of(ValueId id, bool negative_too = true) {
    const auto rank = static_cast<std::int64_t>(shape(id).size());
    const auto axis = whole(1, rank - 1);
    return negative_too && chance(0.5) ? axis - rank : axis;
  }
  std::optional<ValueId> with_axes() {
    return pick([](const Shape& s) { return s.size() >= 2; });
  }

  bool softmax() {
    const auto x = with_axes();
    if (x) add("softmax", op::Softmax{axis_of(*x)}, {*x});
    return x.has_value();
  }
  bool concat() {
    const auto x = pick([](const Shape& s) { return s.size() >= 2 && count_of({s.begin() + 1, s.end()}) < 4000; });
    if (!x) return false;
    std::vector<ValueId> parts{*x};
    for (auto more = whole(0, 2); more > 0; --more)
      if (const auto y = pick([&](const Shape& s) { return s == shape(*x); })) parts.push_back(*y);
    add("concat", op::Concat{axis_of(*x)}, parts);
    return true;
  }
  bool split() {
    const auto x = with_axes();
    if (!x) return false;
    const auto axis = axis_of(*x, false);
    const auto extent = shape(*x)[static_cast<std::size_t>(axis)];
    const auto first = whole(1, extent);
    op::Split split{axis, {first}};
    if (first < extent) split.sizes.push_back(extent - first);
    for (const auto id : add_all("split", split, {*x})) pool_.push_back(id);
    return true;
  }
  bool pool() {
    const auto x = map();
    if (!x) return false;
    op::Pair kernel{}, stride{}, padding{};
    for (std::size_t i = 0; i < 2; ++i) {
      kernel[i] = whole(1, std::min<std::int64_t>(5, shape(*x)[2 + i]));
      stride[i] = whole(1, 3);
      padding[i] = whole(0, kernel[i] / 2);
    }
    if (chance(0.5)) {
      add("max", op::MaxPool{kernel, stride, padding}, {*x});
    } else {
      add("mean", op::AveragePool{kernel, stride}, {*x});
    }
    return true;
  }
  bool pad() {
    const auto x = map();
    if (x) add("pad", op::ZeroPad{{whole(0, 2), whole(0, 2)}, {whole(0, 2), whole(0, 2)}}, {*x});
    return x.has_value();
  }
  bool resize() {
    const auto x = map();
    if (x) add("resize", op::ResizeNearest{whole(1, 3)}, {*x});
    return x.has_value();
  }
  bool reshape() {
    const auto x = with_axes();
    if (!x) return false;
    const auto per_image = count_of({shape(*x).begin() + 1, shape(*x).end()});
    const auto first = one_of<std::int64_t>({1, shape(*x)[1], per_image});
    op::Reshape reshape{{0, first, per_image / first}};
    if (chance(0.4)) reshape.shape = {0, first, 1, per_image / first};
    if (chance(0.4)) *std::max_element(reshape.shape.begin() + 1, reshape.shape.end()) = -1;
    add("reshape", reshape, {*x});
    return true;
  }
  bool transpose() {
    const auto x = with_axes();
    if (!x) return false;
    std::vector<std::int64_t> perm;
    for (std::size_t i = 0; i < shape(*x).size(); ++i) perm.push_back(static_cast<std::int64_t>(i));
    std::shuffle(perm.begin() + 1, perm.end(), random_);
    add("transpose", op::Transpose{perm}, {*x});
    return true;
  }
  bool unsqueeze_and_reduce() {
    const auto x = pick([](const Shape& s) { return s.size() >= 2 && s.size() <= 4; });
    if (!x) return false;
    if (chance(0.5)) {
      add("unsqueeze", op::Unsqueeze{chance(0.5) ? -1 : whole(1, static_cast<std::int64_t>(shape(*x).size()))}, {*x});
    } else {
      add("best", op::ReduceMax{axis_of(*x)}, {*x});
    }
    return true;
  }
  /// As the end-to-end head: the best scores, then the rows that they stand in.
  bool best_rows() {
    const auto x = pick([](const Shape& s) { return s.size() == 3; });
    if (!x) return false;
    const auto rows = shape(*x)[1];
    const auto best = add("best", op::ReduceMax{-1}, {*x});
    const auto top = add_all("top", op::TopK{whole(1, rows)}, {best});
    pool_.push_back(top[0]);
    auto at = top[1];
    const auto divisor = constant("divisor", Tensor::scalar(whole(1, rows)));
    if (chance(0.3)) at = add_all("remainder", op::Mod{}, {at, divisor})[0];
    if (chance(0.3)) at = add_all("quotient", op::Div{}, {at, divisor})[0];
    at = add_all("column", op::Unsqueeze{-1}, {at})[0];
    add("rows", op::GatherRows{}, {*x, at});
    return true;
  }
  bool half() {
    const auto x = any();
    if (x) add("whole", op::Cast{DType::f32}, {add_all("half", op::Cast{DType::f16}, {*x})[0]});
    return x.has_value();
  }

  std::mt19937 random_;
  std::int64_t batch_ = 1;
  std::vector<ValueId> pool_;
  std::map<ValueId, at::Tensor> known_;
  RandomGraph result_;
};

}  // namespace

RandomGraph random_graph(std::uint32_t seed) { return Builder(seed).build(); }

std::vector<at::Tensor> reference(const Node& node, const std::vector<at::Tensor>& inputs) {
  if (const auto* top = std::get_if<op::TopK>(&node.op)) {
    const auto [values, indices] = at::sort(inputs[0], /*stable=*/true, -1, /*descending=*/true);
    return {values.narrow(-1, 0, top->k), indices.narrow(-1, 0, top->k)};
  }
  if (std::holds_alternative<op::GatherRows>(node.op)) {
    std::vector<at::Tensor> images;
    for (std::int64_t i = 0; i < inputs[0].size(0); ++i) images.push_back(inputs[0][i].index_select(0, inputs[1][i].flatten()));
    return {at::stack(images)};
  }
  if (std::holds_alternative<op::Mod>(node.op))
    return {inputs[0].is_floating_point() ? at::fmod(inputs[0], inputs[1]) : at::remainder(inputs[0], inputs[1])};
  if (std::holds_alternative<op::Div>(node.op) && !inputs[0].is_floating_point()) return {at::div(inputs[0], inputs[1], "trunc")};
  return evaluate(node, inputs);
}

at::Tensor tolerance(const Node& node, const std::vector<at::Tensor>& x, const at::Tensor& output) {
  constexpr double kUnit = std::numeric_limits<float>::epsilon() / 2;
  constexpr double kFlushed = 1e-37;  // kernels may take denormal numbers for zeros
  constexpr double kFunction = 2e-6;  // of exp, sin and their like, by polynomials
  if (const auto* conv = std::get_if<op::Conv>(&node.op)) {
    const auto terms = static_cast<double>(x[1].numel() / x[1].size(0) + 1);
    const auto sum =
        convolve(*conv, x[0].abs().to(at::kDouble), x[1].abs().to(at::kDouble), x.size() > 2 ? x[2].abs().to(at::kDouble) : at::Tensor());
    return sum * (2 * terms * kUnit) + kFlushed * terms;
  }
  if (std::holds_alternative<op::MatMul>(node.op))
    return at::matmul(x[0].abs().to(at::kDouble), x[1].abs().to(at::kDouble)) * (2 * static_cast<double>(x[0].size(-1)) * kUnit) + kFlushed;
  if (const auto* pool = std::get_if<op::AveragePool>(&node.op))
    return at::avg_pool2d(x[0].abs().to(at::kDouble), pool->kernel, pool->stride) *
               (2 * static_cast<double>(pool->kernel[0] * pool->kernel[1] + 1) * kUnit) +
           kFlushed;
  if (const auto* norm = std::get_if<op::BatchNorm>(&node.op)) {
    const auto wide = [](const at::Tensor& t) { return t.to(at::kDouble).reshape({-1, 1, 1}); };
    const auto scale = wide(x[1]).abs() / (wide(x[4]) + norm->epsilon).sqrt();
    return ((x[0].to(at::kDouble).abs() + wide(x[3]).abs()) * scale + wide(x[2]).abs()) * (16 * kUnit) + kFlushed;
  }
  if (std::holds_alternative<op::Silu>(node.op)) return (x[0].abs().to(at::kDouble) + 1) * kFunction;
  if (std::holds_alternative<op::Sin>(node.op) || std::holds_alternative<op::Cos>(node.op) ||
      std::holds_alternative<op::Sigmoid>(node.op) || std::holds_alternative<op::Softmax>(node.op))
    return at::full_like(output, kFunction, at::kDouble);
  // The border is 1e-30 in the file (export/print_op.cc says why).
  if (std::holds_alternative<op::ZeroPad>(node.op)) return at::full_like(output, 1.01e-30, at::kDouble);
  return at::zeros_like(output, at::kDouble);
}

}  // namespace nibble::parity
