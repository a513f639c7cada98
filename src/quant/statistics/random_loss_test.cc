// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/random_loss.h"

#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "quant/statistics/head_loss.h"

namespace nibble {
namespace {

constexpr std::int64_t kAnchors = 6;

/// A head with boxes of about 8 cells, or a classifier's.
struct Head {
  HeadLogits form;
  HeadValues values;
};
HeadValues detector_values() {
  HeadValues values;
  values.boxes = at::full({1, 4, kAnchors}, 4) + 0.3 * at::randn({1, 4, kAnchors});  // heads without bins
  values.classes = at::randn({1, 3, kAnchors});
  return values;
}
Head with_masks() {
  Head head{{}, detector_values()};
  head.values.mask_coefficients = at::randn({1, 5, kAnchors});
  head.values.prototypes = at::randn({1, 5, 4, 4});
  const at::Tensor centre = at::rand({1, 2, kAnchors}) * 16;
  head.values.mask_areas = at::cat({centre, at::full({1, 2, kAnchors}, 10)}, 1);
  return head;
}
Head with_keypoints(std::int64_t values) {
  Head head{{}, detector_values()};
  head.form.keypoint_values = values;
  head.form.keypoint_step = 2;
  head.values.keypoints = at::randn({1, 4 * values, kAnchors});
  return head;
}
Head with_angles() {
  Head head{{}, detector_values()};
  head.values.angles = at::rand({1, 1, kAnchors});
  return head;
}
Head classifier() {
  Head head;
  head.values.classes = at::randn({2, 7});
  return head;
}

std::vector<at::Tensor*> parts_of(HeadValues& values) {
  std::vector<at::Tensor*> parts;
  for (auto* part : {&values.boxes, &values.classes, &values.mask_coefficients, &values.prototypes, &values.keypoints, &values.angles})
    if (part->defined()) parts.push_back(part);
  return parts;
}

HeadValues moved(const HeadValues& values, const std::vector<at::Tensor>& errors) {
  HeadValues result = values;
  const auto parts = parts_of(result);
  for (std::size_t i = 0; i < parts.size(); ++i) *parts[i] = *parts[i] + errors[i];
  return result;
}

/// To second order, with 1000 draws, whose spread is about 4.5 %.
void expect_fisher(Head head) {
  // In double: float32 would round a divergence of a millionth by a tenth.
  for (auto* part : parts_of(head.values)) *part = part->to(at::kDouble);
  if (head.values.mask_areas.defined()) head.values.mask_areas = head.values.mask_areas.to(at::kDouble);
  std::vector<at::Tensor> errors;
  for (const auto* part : parts_of(head.values)) errors.push_back(0.003 * at::randn_like(*part));
  const HeadLoss loss = head_loss(head.form, head.values, moved(head.values, errors));
  const DistillationRecipe weights;
  const double wanted = weights.class_weight * loss.classes.item<double>() + weights.box_weight * loss.boxes.item<double>();
  const at::AutoGradMode with_gradients(true);
  HeadValues leaves = head.values;
  std::vector<at::Tensor> inputs;
  for (auto* part : parts_of(leaves)) {
    *part = part->detach().clone().set_requires_grad(true);
    inputs.push_back(*part);
  }
  at::Generator random = at::make_generator<at::CPUGeneratorImpl>(7);
  constexpr int kDraws = 1000;
  double sum = 0;
  for (int draw = 0; draw < kDraws; ++draw) {
    const auto gradients = torch::autograd::grad({random_loss(head.form, leaves, weights, random)}, inputs, {}, {}, false, true);
    double step = 0;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      if (gradients[i].defined()) step += (gradients[i] * errors[i]).sum().item<double>();
    sum += step * step / 2;
  }
  EXPECT_GT(wanted, 0);
  EXPECT_NEAR(sum / kDraws, wanted, 0.15 * wanted);
}

class RandomLoss : public testing::Test {
 protected:
  RandomLoss() { at::manual_seed(1); }
};

TEST_F(RandomLoss, HasTheFisherInformationOfMasks) { expect_fisher(with_masks()); }
TEST_F(RandomLoss, HasTheFisherInformationOfKeypoints) {
  expect_fisher(with_keypoints(2));
  expect_fisher(with_keypoints(3));
}
TEST_F(RandomLoss, HasTheFisherInformationOfAngles) { expect_fisher(with_angles()); }
TEST_F(RandomLoss, HasTheFisherInformationOfAClassifier) { expect_fisher(classifier()); }

TEST(HeadLossOfTasks, IsZeroWhereTheHeadsAgree) {
  for (const Head& head : {with_masks(), with_keypoints(3), with_angles(), classifier()}) {
    const HeadLoss loss = head_loss(head.form, head.values, head.values);
    EXPECT_NEAR(loss.classes.item<double>(), 0, 1e-5);
    EXPECT_NEAR(loss.boxes.item<double>(), 0, 1e-5);
  }
}

/// One anchor with score 1/2 and a box of 8 x 2 cells; worked by hand.
class OneAnchor : public testing::Test {
 protected:
  OneAnchor() {
    values_.boxes = at::tensor({4.0F, 1.0F, 4.0F, 1.0F}).reshape({1, 4, 1});
    values_.classes = at::zeros({1, 1, 1});
  }
  double extra(const HeadLogits& form, const HeadValues& other) { return head_loss(form, values_, other).boxes.item<double>(); }
  HeadValues values_;
};

/// 0.35 cells at the ends, 4 cells away, are one standard deviation: 0.0875 radians.
TEST_F(OneAnchor, AnAngleIsMeasuredAtTheEndOfTheBox) {
  values_.angles = at::zeros({1, 1, 1});
  HeadValues other = values_;
  other.angles = at::full({1, 1, 1}, 0.0875);
  EXPECT_NEAR(extra({}, other), 0.5 * 0.5, 1e-6);
}

/// Two keypoints: k = 1/2, so 2 k sqrt(16) + 0.25 = 4.25 cells are one standard deviation; logits count double.
TEST_F(OneAnchor, KeypointsAreMeasuredByTheSizeOfTheObject) {
  HeadLogits form;
  form.keypoint_values = 2;
  form.keypoint_step = 2;
  values_.keypoints = at::zeros({1, 4, 1});
  HeadValues other = values_;
  other.keypoints = at::tensor({4.25F / 2, 0.0F, 0.0F, 0.0F}).reshape({1, 4, 1});
  EXPECT_NEAR(extra(form, other), 0.5 * 0.5 / 2, 1e-6);
}

/// Two of four prototype cells lie in the box; there the mask's probability goes from 1/2 to 1/4.
TEST_F(OneAnchor, MasksAreMeasuredInsideTheBox) {
  values_.mask_coefficients = at::ones({1, 1, 1});
  values_.prototypes = at::zeros({1, 1, 2, 2});
  values_.mask_areas = at::tensor({4.0F, 2.0F, 8.0F, 4.0F}).reshape({1, 4, 1});  // the upper row of two cells of 4 px
  HeadValues other = values_;
  const double logit = std::log(1.0 / 3);
  other.prototypes = at::tensor({static_cast<float>(logit), static_cast<float>(logit), 9.0F, 9.0F}).reshape({1, 1, 2, 2});
  EXPECT_NEAR(extra({}, other), 0.5 * (0.5 * std::log(0.5 / 0.25) + 0.5 * std::log(0.5 / 0.75)), 1e-6);
}

}  // namespace
}  // namespace nibble
