// SPDX-License-Identifier: Apache-2.0
#include "train/gradient_norm.h"

#include <cmath>
#include <limits>

#include "support/scratch.h"

namespace nibble {
namespace {

at::Tensor with_gradient(std::vector<float> gradient) {
  at::Tensor parameter = at::zeros({static_cast<std::int64_t>(gradient.size())}).set_requires_grad(true);
  parameter.mutable_grad() = at::tensor(gradient);
  return parameter;
}

TEST(GradientNorm, IsTheLengthOverAllParameters) {
  const at::Tensor bare = at::zeros({5}).set_requires_grad(true);
  EXPECT_DOUBLE_EQ(gradient_norm({with_gradient({2, 1}), bare, with_gradient({2})}), 3);
  EXPECT_DOUBLE_EQ(gradient_norm({bare}), 0);
  EXPECT_DOUBLE_EQ(gradient_norm({}), 0);
}

TEST(GradientNorm, ClipsAllByOneFactor) {
  const auto a = with_gradient({30}), b = with_gradient({0, 40});
  EXPECT_DOUBLE_EQ(clip_gradient_norm({a, b}, 5), 50);
  EXPECT_NEAR(a.grad()[0].item<double>(), 3, 1e-5);
  EXPECT_NEAR(b.grad()[1].item<double>(), 4, 1e-5);
}

TEST(GradientNorm, LeavesShortOnesAlone) {
  const auto a = with_gradient({3, 4});
  EXPECT_DOUBLE_EQ(clip_gradient_norm({a}, 5.1), 5);
  EXPECT_TRUE(at::equal(a.grad(), at::tensor({3.0F, 4.0F})));
}

TEST(GradientNorm, ReportsWhatIsNotFiniteAndTouchesNothing) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  const auto a = with_gradient({30});
  EXPECT_TRUE(std::isnan(clip_gradient_norm({a, with_gradient({nan})}, 1)));
  EXPECT_TRUE(std::isinf(clip_gradient_norm({a, with_gradient({infinity})}, 1)));
  EXPECT_EQ(a.grad()[0].item<float>(), 30);
}

TEST(GradientNorm, HugeGradientsDoNotOverflow) { EXPECT_NEAR(gradient_norm({with_gradient({3e30F, 4e30F})}) / 5e30, 1, 1e-6); }

TEST(GradientNorm, RefusesALimitThatIsNone) {
  test::expect_error(ErrorKind::usage, {"gradient clipping", "0"}, [] { clip_gradient_norm({}, 0); });
}

}  // namespace
}  // namespace nibble
