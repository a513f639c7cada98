// SPDX-License-Identifier: Apache-2.0
#include "exec/straight_through.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "exec/convert.h"
#include "exec/fake_quant.h"

namespace nibble {
namespace {

QuantParams params_of(float scale, std::int8_t zero_point, const QuantSpec& spec) {
  const Tensor zero =
      spec.is_signed ? Tensor::scalar<std::int8_t>(zero_point) : Tensor::scalar<std::uint8_t>(static_cast<std::uint8_t>(zero_point));
  return {spec, Tensor::scalar(scale), zero};
}

at::Tensor gradient_of(const at::Tensor& output, const at::Tensor& input, const at::Tensor& upper) {
  return torch::autograd::grad({output}, {input}, {upper}, /*retain_graph=*/true)[0];
}

TEST(FakeQuantizeStraightThrough, IsTheOneDefinitionOfRounding) {
  for (const QuantSpec spec :
       {QuantSpec{.bits = 8}, QuantSpec{.bits = 4}, QuantSpec{.bits = 4, .narrow = true}, QuantSpec{.bits = 8, .is_signed = false}}) {
    const std::int8_t zero_point = spec.is_signed ? 0 : 7;
    const QuantParams params = params_of(0.25F, zero_point, spec);
    // Ties at every half step, beyond both ends, and a prime number of values so that no loop ends even.
    const at::Tensor x = at::linspace(-40, 40, 70001).mul(1.0).add(0);
    const at::Tensor ties = at::arange(-300, 300).to(at::kFloat) * 0.125F;
    for (const at::Tensor& values : {x, ties})
      EXPECT_TRUE(
          at::equal(fake_quantize_straight_through(values, at::scalar_tensor(0.25F), zero_point, spec), fake_quantize(values, params)));
  }
}

TEST(FakeQuantizeStraightThrough, GradientsAreThoseOfLsq) {
  const QuantSpec spec{.bits = 4};
  const at::Tensor x = at::tensor({0.6F, -0.3F, 9.0F, -9.0F}).set_requires_grad(true);
  const at::Tensor scale = at::scalar_tensor(0.5F).set_requires_grad(true);
  const at::Tensor y = fake_quantize_straight_through(x, scale, 0, spec);
  const at::Tensor upper = at::tensor({1.0F, 10.0F, 100.0F, 1000.0F});
  EXPECT_TRUE(at::equal(gradient_of(y, x, upper), at::tensor({1.0F, 10.0F, 0.0F, 0.0F})));
  // code - x / scale inside, the code where it saturates: 1 - 1.2, -1 + 0.6, 7, -8.
  EXPECT_NEAR(gradient_of(y, scale, upper).item<float>(), 1 * -0.2F + 10 * -0.4F + 100 * 7 + 1000 * -8, 1e-3);
}

TEST(FakeQuantizeStraightThrough, TakesAnyMemoryLayout) {
  const QuantSpec spec{.bits = 8};
  const at::Tensor plain = at::randn({2, 5, 7, 3});
  const at::Tensor scale = at::scalar_tensor(0.1F);
  const at::Tensor expected = fake_quantize_straight_through(plain, scale, 0, spec);
  for (const at::Tensor& x : {plain.contiguous(at::MemoryFormat::ChannelsLast), at::cat({plain, plain}, 1).slice(1, 0, 5)}) {
    const at::Tensor leaf = x.detach().set_requires_grad(true);
    const at::Tensor y = fake_quantize_straight_through(leaf, scale, 0, spec);
    EXPECT_TRUE(at::equal(y, expected));
    const at::Tensor upper = at::randn({2, 5, 7, 3});
    EXPECT_TRUE(at::equal(gradient_of(y, leaf, upper), upper));  // nothing saturates
  }
}

/// What a GPU computes, here on the CPU: the same values, the same gradients but for the order of the sum.
TEST(FakeQuantizeStraightThrough, OperatorsGiveWhatTheLoopsGive) {
  for (const QuantSpec spec : {QuantSpec{.bits = 8}, QuantSpec{.bits = 4, .narrow = true}, QuantSpec{.bits = 8, .is_signed = false}}) {
    const at::Tensor x = at::cat({at::linspace(-40, 40, 7001), at::arange(-300, 300).to(at::kFloat) * 0.125F}).set_requires_grad(true);
    const at::Tensor scale = at::scalar_tensor(0.25F).set_requires_grad(true), upper = at::randn(x.sizes());
    const at::Tensor loops = fake_quantize_straight_through(x, scale, 3, spec), operators = fake_quantize_by_operators(x, scale, 3, spec);
    EXPECT_TRUE(at::equal(operators, loops));
    EXPECT_TRUE(at::equal(gradient_of(operators, x, upper), gradient_of(loops, x, upper)));
    const float expected = gradient_of(loops, scale, upper).item<float>();
    EXPECT_NEAR(gradient_of(operators, scale, upper).item<float>(), expected, 1e-4 * std::abs(expected) + 1e-2);
  }
}

TEST(RoundStraightThrough, GivesWholeCodesAndPassesGradientsOn) {
  const QuantSpec spec{.bits = 4};
  const at::Tensor latent = at::tensor({0.5F, 1.5F, -2.5F, 6.51F, 12.0F, -0.49F}).set_requires_grad(true);
  const at::Tensor codes = round_straight_through(latent, spec);
  EXPECT_TRUE(at::equal(codes.detach(), at::tensor({0.0F, 2.0F, -2.0F, 7.0F, 7.0F, 0.0F})));
  const at::Tensor upper = at::randn({6});
  EXPECT_TRUE(at::equal(gradient_of(codes, latent, upper), upper));
}

}  // namespace
}  // namespace nibble
