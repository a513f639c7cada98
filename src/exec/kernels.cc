// SPDX-License-Identifier: Apache-2.0
#include "exec/kernels.h"

#include <fmt/format.h>

#include "exec/convert.h"
#include "exec/fake_quant.h"
#include "nibble/error.h"

namespace nibble {
namespace {

using Tensors = std::vector<at::Tensor>;

at::ScalarType torch_type(DType dtype) { return to_torch(Tensor::from_bytes(dtype, {0}, {})).scalar_type(); }

std::vector<std::int64_t> resolved(const std::vector<std::int64_t>& shape, const at::Tensor& x) {
  std::vector<std::int64_t> result = shape;
  for (std::size_t i = 0; i < result.size(); ++i)
    if (result[i] == 0) result[i] = x.size(static_cast<std::int64_t>(i));
  return result;
}

struct Evaluate {
  const Node& node;
  const Tensors& x;

  Tensors operator()(const op::Conv& o) const { return {convolve(o, x[0], x[1], x.size() > 2 ? x[2] : at::Tensor())}; }
  Tensors operator()(const op::BatchNorm& o) const {
    return {at::batch_norm(x[0], x[1], x[2], x[3], x[4], /*training=*/false, /*momentum=*/0, o.epsilon, /*cudnn_enabled=*/false)};
  }
  Tensors operator()(const op::Silu&) const { return {at::silu(x[0])}; }
  Tensors operator()(const op::Relu&) const { return {at::relu(x[0])}; }
  Tensors operator()(const op::Sigmoid&) const { return {at::sigmoid(x[0])}; }
  Tensors operator()(const op::Sin&) const { return {at::sin(x[0])}; }
  Tensors operator()(const op::Cos&) const { return {at::cos(x[0])}; }
  Tensors operator()(const op::Add&) const { return {x[0] + x[1]}; }
  Tensors operator()(const op::Sub&) const { return {x[0] - x[1]}; }
  Tensors operator()(const op::Mul&) const { return {x[0] * x[1]}; }
  Tensors operator()(const op::Div&) const { return {x[0] / x[1]}; }
  Tensors operator()(const op::MatMul&) const { return {at::matmul(x[0], x[1])}; }
  Tensors operator()(const op::Softmax& o) const { return {at::softmax(x[0], o.axis)}; }
  Tensors operator()(const op::Concat& o) const { return {at::cat(x, o.axis)}; }
  Tensors operator()(const op::Split& o) const { return at::split_with_sizes(x[0], o.sizes, o.axis); }
  Tensors operator()(const op::MaxPool& o) const { return {at::max_pool2d(x[0], o.kernel, o.stride, o.padding)}; }
  Tensors operator()(const op::AveragePool& o) const { return {at::avg_pool2d(x[0], o.kernel, o.stride)}; }
  Tensors operator()(const op::ZeroPad& o) const { return {at::constant_pad_nd(x[0], {o.begin[1], o.end[1], o.begin[0], o.end[0]})}; }
  Tensors operator()(const op::ResizeNearest& o) const {
    return {at::upsample_nearest2d(x[0], {x[0].size(2) * o.factor, x[0].size(3) * o.factor})};
  }
  Tensors operator()(const op::Reshape& o) const { return {x[0].reshape(resolved(o.shape, x[0]))}; }
  Tensors operator()(const op::Transpose& o) const { return {x[0].permute(o.perm)}; }
  Tensors operator()(const op::Unsqueeze& o) const { return {x[0].unsqueeze(o.axis)}; }
  Tensors operator()(const op::ReduceMax& o) const { return {at::amax(x[0], {o.axis})}; }
  Tensors operator()(const op::Cast& o) const { return {x[0].to(torch_type(o.to))}; }
  Tensors operator()(const op::QuantizeDequantize& o) const { return {fake_quantize(x[0], o.params)}; }
  template <class ExportOnly>
  Tensors operator()(const ExportOnly&) const {
    throw Error(ErrorKind::unsupported, fmt::format("exec: {}: {} is not evaluated in LibTorch", node.name, name_of(node.op)));
  }
};

}  // namespace

at::Tensor convolve(const op::Conv& conv, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return at::conv2d(x, weight, bias, conv.stride, conv.padding, conv.dilation, conv.groups);
}

std::vector<at::Tensor> evaluate(const Node& node, const std::vector<at::Tensor>& inputs) {
  return std::visit(Evaluate{node, inputs}, node.op);
}

at::Tensor constant_of(const Value& value) {
  if (!value.constant) throw Error(ErrorKind::internal, "exec: " + value.name + ": read as a constant but is computed");
  const at::Tensor stored = to_torch(*value.constant);
  return value.quant ? dequantize(stored, *value.quant) : stored;
}

}  // namespace nibble
