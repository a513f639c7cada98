// SPDX-License-Identifier: Apache-2.0
#include "train/rollback_point.h"

#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

namespace nibble {
namespace {

TEST(RollbackPoint, GoesBackInPlaceToTheLastPointKept) {
  at::Tensor weight = at::ones({2}).set_requires_grad(true), moment = at::zeros({3});
  RollbackPoint point({weight, moment}, 0);
  const at::NoGradGuard no_gradients;
  weight.fill_(2);
  moment.fill_(5);
  point.keep(10);
  weight.fill_(NAN);
  moment.fill_(INFINITY);
  EXPECT_EQ(point.restore(), 10);
  EXPECT_TRUE(at::equal(weight, at::full({2}, 2.0F)));
  EXPECT_TRUE(at::equal(moment, at::full({3}, 5.0F)));
  weight.fill_(NAN);
  EXPECT_EQ(point.restore(), 10) << "a second time";
  EXPECT_TRUE(at::equal(weight, at::full({2}, 2.0F)));
  EXPECT_TRUE(weight.requires_grad());
}

TEST(RollbackPoint, TheFirstPointIsWhereItWasMade) {
  const at::Tensor weight = at::ones({2});
  const RollbackPoint point({weight}, 3);
  at::Tensor(weight).fill_(9);
  EXPECT_EQ(point.restore(), 3);
  EXPECT_TRUE(at::equal(weight, at::ones({2})));
}

}  // namespace
}  // namespace nibble
