// SPDX-License-Identifier: Apache-2.0
#include "calibration/float_agreement.h"

#include <gmock/gmock.h>

namespace nibble {
namespace {

/// Two images; the float network is sure of two objects on the first.
SeenByBoth two_objects() {
  SeenByBoth seen;
  seen.images.dataset.images = {{1, "a.jpg", 100, 100}, {2, "b.jpg", 100, 100}};
  seen.images.dataset.categories = {{0, "cat"}, {1, "dog"}};
  seen.is_held_out = true;
  seen.by_float = {{1, 0, 0.9, {0, 0, 40, 40}}, {1, 1, 0.5, {50, 50, 40, 40}}, {2, 1, 0.2, {5, 5, 40, 40}}};
  seen.by_quantized = seen.by_float;
  return seen;
}

TEST(FloatAgreement, EqualDetectionsAgreeWholly) {
  const auto agreement = agreement_of(two_objects(), 1);
  EXPECT_EQ(agreement.images, 2);
  EXPECT_TRUE(agreement.is_held_out);
  EXPECT_EQ(agreement.objects, 2);
  EXPECT_DOUBLE_EQ(agreement.map_50_95, 1);
  EXPECT_DOUBLE_EQ(agreement.map_50, 1);
}

TEST(FloatAgreement, WhatIsNotFoundAgainIsLost) {
  auto seen = two_objects();
  seen.by_quantized.erase(seen.by_quantized.begin() + 1);  // the dog of the first image
  EXPECT_DOUBLE_EQ(agreement_of(seen, 1).map_50_95, 0.5) << "one of two classes";
}

TEST(FloatAgreement, NothingSureIsNoNumber) {
  auto seen = two_objects();
  for (auto& detection : seen.by_float) detection.score = 0.29;
  const auto agreement = agreement_of(seen, 1);
  EXPECT_EQ(agreement.objects, 0);
  EXPECT_EQ(agreement.map_50_95, -1);
}

}  // namespace
}  // namespace nibble
