// SPDX-License-Identifier: Apache-2.0
#include "exec/kernels.h"

#include <gtest/gtest.h>

#include "exec/convert.h"
#include "nibble/error.h"

namespace nibble {
namespace {

at::Tensor apply(Op op, const std::vector<at::Tensor>& inputs) {
  const Node node{.name = "node", .op = std::move(op), .inputs = {}, .outputs = {}, .float_reason = {}};
  return evaluate(node, inputs).at(0);
}

at::Tensor counting(at::IntArrayRef shape) { return at::arange(c10::multiply_integers(shape), at::kFloat).reshape(shape); }

TEST(Kernels, ConvSumsAPaddedStridedWindow) {
  const at::Tensor x = counting({1, 1, 3, 3});
  const at::Tensor y = apply(op::Conv{.stride = {2, 2}, .padding = {1, 1}}, {x, at::ones({1, 1, 3, 3}), at::tensor({100.0F})});
  EXPECT_TRUE(at::equal(y, at::tensor({108.0F, 112.0F, 120.0F, 124.0F}).reshape({1, 1, 2, 2})));
}

TEST(Kernels, DepthwiseConvKeepsChannelsApart) {
  const at::Tensor y = apply(op::Conv{.groups = 2}, {counting({1, 2, 1, 2}), at::tensor({1.0F, 10.0F}).reshape({2, 1, 1, 1})});
  EXPECT_TRUE(at::equal(y.flatten(), at::tensor({0.0F, 1.0F, 20.0F, 30.0F})));
}

TEST(Kernels, BatchNormIsTheInferenceFormula) {
  const at::Tensor y = apply(op::BatchNorm{.epsilon = 1}, {at::tensor({5.0F}).reshape({1, 1, 1, 1}), at::tensor({2.0F}), at::tensor({1.0F}),
                                                           at::tensor({3.0F}), at::tensor({3.0F})});
  EXPECT_FLOAT_EQ(y.item<float>(), (5 - 3) / 2.0F * 2 + 1);
}

TEST(Kernels, SiluIsXTimesSigmoid) {
  const at::Tensor x = at::tensor({-2.0F, 0.0F, 3.0F});
  EXPECT_TRUE(at::allclose(apply(op::Silu{}, {x}), x * at::sigmoid(x)));
}

TEST(Kernels, ReshapeCopiesAndInfers) {
  EXPECT_EQ(apply(op::Reshape{{0, -1}}, {counting({2, 3, 4})}).sizes(), (std::vector<std::int64_t>{2, 12}));
}

TEST(Kernels, ResizeRepeatsPixels) {
  const at::Tensor y = apply(op::ResizeNearest{2}, {counting({1, 1, 1, 2})});
  EXPECT_TRUE(at::equal(y.flatten(), at::tensor({0.0F, 0.0F, 1.0F, 1.0F, 0.0F, 0.0F, 1.0F, 1.0F})));
}

TEST(Kernels, MaxPoolIgnoresItsPadding) {
  const at::Tensor y = apply(op::MaxPool{.kernel = {3, 3}, .stride = {1, 1}, .padding = {1, 1}}, {-counting({1, 1, 2, 2}) - 1});
  EXPECT_TRUE(at::equal(y.flatten(), at::full({4}, -1.0F)));
}

TEST(Kernels, SplitGivesEveryPart) {
  const Node node{.name = "split", .op = op::Split{.axis = 1, .sizes = {1, 2}}, .inputs = {}, .outputs = {}, .float_reason = {}};
  const auto parts = evaluate(node, {counting({1, 3})});
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_TRUE(at::equal(parts[1], at::tensor({1.0F, 2.0F}).reshape({1, 2})));
}

TEST(Kernels, ArithmeticFollowsNames) {
  const at::Tensor a = at::tensor({6.0F}), b = at::tensor({4.0F});
  EXPECT_EQ(apply(op::Add{}, {a, b}).item<float>(), 10);
  EXPECT_EQ(apply(op::Sub{}, {a, b}).item<float>(), 2);
  EXPECT_EQ(apply(op::Mul{}, {a, b}).item<float>(), 24);
  EXPECT_EQ(apply(op::Div{}, {a, b}).item<float>(), 1.5F);
}

TEST(Kernels, ExportOnlyOperatorsAreNamed) {
  try {
    apply(op::TopK{.k = 1}, {counting({2})});
    FAIL() << "evaluated";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_NE(std::string(error.what()).find("TopK"), std::string::npos);
  }
}

TEST(Kernels, ConstantsAreDequantised) {
  Value value{.name = "w", .dtype = DType::f32, .shape = {2}, .constant = Tensor::of<std::int8_t>({2}, {-3, 7}), .quant = {}};
  value.quant = QuantParams{{.bits = 4}, Tensor::scalar(0.5F), Tensor::scalar<std::int8_t>(0)};
  EXPECT_TRUE(at::equal(constant_of(value), at::tensor({-1.5F, 3.5F})));
}

TEST(Convert, RoundTripOfEveryType) {
  for (const DType dtype : {DType::f32, DType::f16, DType::f64, DType::i64, DType::i32, DType::i16, DType::i8, DType::u8, DType::boolean}) {
    const std::vector<std::byte> bytes(6 * size_of(dtype), std::byte{1});
    const Tensor tensor = Tensor::from_bytes(dtype, {2, 3}, bytes);
    EXPECT_TRUE(identical(from_torch(to_torch(tensor)), tensor)) << name_of(dtype);
  }
}

}  // namespace
}  // namespace nibble
