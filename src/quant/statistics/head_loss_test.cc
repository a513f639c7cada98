// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/head_loss.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/box_logits.h"

namespace nibble {
namespace {

TEST(HeadLoss, IsZeroWhereTheHeadsAgree) {
  const at::Tensor boxes = at::randn({2, kBoxLogits, 5}), classes = at::randn({2, 3, 5});
  const HeadLoss loss = head_loss(boxes, classes, boxes.clone(), classes.clone());
  EXPECT_NEAR(loss.classes.item<double>(), 0, 1e-5);
  EXPECT_NEAR(loss.boxes.item<double>(), 0, 1e-5);
  EXPECT_NEAR(loss.detections.item<double>(), std::get<0>(at::sigmoid(classes).max(1)).sum().item<double>(), 1e-5);
}

/// Worked by hand: one anchor, one class, float probability 0.5 against 0.25; one side's bins e : 1 : ... against uniform.
TEST(HeadLoss, IsTheDivergenceOfTheDefinition) {
  const at::Tensor uniform = at::zeros({1, kBoxLogits, 1});
  at::Tensor peaked = uniform.clone();
  peaked[0][3][0] = 1;
  const HeadLoss loss = head_loss(peaked, at::zeros({1, 1, 1}), uniform, at::full({1, 1, 1}, std::log(1.0 / 3)));
  EXPECT_NEAR(loss.classes.item<double>(), 0.5 * std::log(0.5 / 0.25) + 0.5 * std::log(0.5 / 0.75), 1e-6);
  const double sum = std::exp(1) + kBoxBins - 1, p = std::exp(1) / sum, q = 1 / sum;
  EXPECT_NEAR(loss.boxes.item<double>(), 0.5 * (p * std::log(p * kBoxBins) + (kBoxBins - 1) * q * std::log(q * kBoxBins)), 1e-6);
}

TEST(HeadLoss, BoxesCountWhereTheFloatNetworkSeesSomething) {
  const at::Tensor boxes = at::zeros({1, kBoxLogits, 2}), other = at::randn({1, kBoxLogits, 2});
  const at::Tensor nothing = at::full({1, 3, 2}, -30.0F);
  EXPECT_LT(head_loss(other, nothing, boxes, nothing).boxes.item<double>(), 1e-9);
  EXPECT_GT(head_loss(other, -nothing, boxes, -nothing).boxes.item<double>(), 0.1);
}

}  // namespace
}  // namespace nibble
