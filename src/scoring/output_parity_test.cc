// SPDX-License-Identifier: Apache-2.0
#include "scoring/output_parity.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "nibble/error.h"

namespace nibble {
namespace {

Tensor tensor(Shape shape, std::vector<float> values) { return Tensor::of<float>(std::move(shape), std::move(values)); }

TEST(OutputParity, One2ManySeparatesBoxesFromScores) {
  const auto a = tensor({1, 5, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 0.5F, 0.25F});
  const auto b = tensor({1, 5, 2}, {1, 2, 3, 4.5F, 5, 6, 7, 8, 0.5F, 0.375F});
  const auto parity = compare_outputs("x", a, b, OutputKind::one2many);
  EXPECT_EQ(parity.max_box_px, 0.5);
  EXPECT_EQ(parity.max_score, 0.125);
}

TEST(OutputParity, RawIsLogitsOnly) {
  const auto parity = compare_outputs("x", tensor({1, 5, 1}, {1, 2, 3, 4, 5}), tensor({1, 5, 1}, {3, 2, 3, 4, 5}), OutputKind::raw);
  EXPECT_EQ(parity.max_box_px, 0);
  EXPECT_EQ(parity.max_score, 2);
}

TEST(OutputParity, One2OneForgivesRanksButNotLostBoxes) {
  const auto a = tensor({1, 2, 6}, {0, 0, 10, 10, 0.5F, 1, 20, 20, 30, 30, 0.5F, 2});
  const auto swapped = tensor({1, 2, 6}, {20, 20, 30, 31, 0.5F, 2, 0, 0, 10, 10, 0.5F, 1});
  EXPECT_EQ(compare_outputs("x", a, swapped, OutputKind::one2one).max_box_px, 1);
  const auto lost = tensor({1, 2, 6}, {0, 0, 10, 10, 0.5F, 1, 20, 20, 30, 30, 0.5F, 3});
  EXPECT_EQ(compare_outputs("x", a, lost, OutputKind::one2one).max_box_px, std::numeric_limits<double>::infinity());
}

TEST(OutputParity, CountsWhatOtherTasksHaveBesides) {
  const auto a = tensor({1, 2, 7}, {0, 0, 10, 10, 0.5F, 1, 0.25F, 20, 20, 30, 30, 0.125F, 2, 1});
  const auto b = tensor({1, 2, 7}, {0, 0, 10, 10, 0.5F, 1, 0.5F, 20, 20, 30, 30, 0.125F, 2, 9});
  EXPECT_EQ(compare_outputs("x", a, b, OutputKind::one2one).max_score, 0.25) << "of the confident row";
  EXPECT_EQ(compare_outputs("x", a, b, OutputKind::one2one).max_box_px, 0);
  const auto classes = compare_outputs("x", tensor({1, 3}, {0.5F, 0.25F, 0.25F}), tensor({1, 3}, {0.75F, 0, 0.25F}), OutputKind::one2many);
  EXPECT_EQ(classes.max_score, 0.25);
  EXPECT_EQ(classes.max_box_px, 0);
}

TEST(OutputParity, ANanIsNoAgreement) {
  const auto a = tensor({1, 5, 1}, {1, 2, 3, 4, 0.5F});
  const auto b = tensor({1, 5, 1}, {1, 2, 3, 4, std::nanf("")});
  EXPECT_FALSE(compare_outputs("x", a, b, OutputKind::one2many).max_score == 0);
}

TEST(OutputParity, ShapesMustAgree) {
  EXPECT_THROW(compare_outputs("x", tensor({1, 5, 1}, {1, 2, 3, 4, 5}), tensor({1, 1, 5}, {1, 2, 3, 4, 5}), OutputKind::raw), Error);
}

}  // namespace
}  // namespace nibble
