// SPDX-License-Identifier: Apache-2.0
#include "graph/weight_steps.h"

#include <gtest/gtest.h>

namespace nibble {
namespace {

QuantParams params(int bits, bool narrow, std::int8_t zero_point) {
  return {{.bits = bits, .narrow = narrow}, Tensor::of<float>({}, {1}), Tensor::of<std::int8_t>({}, {zero_point})};
}

TEST(WeightSteps, FitBytesUpToTheLastOne) {
  EXPECT_TRUE(steps_fit_bytes(params(8, false, 0)));
  EXPECT_FALSE(steps_fit_bytes(params(8, false, -1))) << "127 - -1 = 128";
  EXPECT_FALSE(steps_fit_bytes(params(8, false, 1))) << "-128 - 1 = -129";
  EXPECT_TRUE(steps_fit_bytes(params(8, true, 1))) << "-127 - 1 = -128";
  EXPECT_FALSE(steps_fit_bytes(params(8, true, 2)));
  EXPECT_TRUE(steps_fit_bytes(params(7, false, -64))) << "63 + 64 = 127";
  EXPECT_TRUE(steps_fit_bytes(params(7, false, 63)));
  EXPECT_FALSE(steps_fit_bytes(params(7, false, -65)));
  EXPECT_FALSE(steps_fit_bytes(params(7, false, 65)));
}

TEST(WeightSteps, OneZeroPointThatDoesNotFitIsEnough) {
  const QuantParams mixed{
      {.bits = 8, .granularity = Granularity::channel}, Tensor::of<float>({2}, {1, 1}), Tensor::of<std::int8_t>({2}, {0, 1})};
  EXPECT_FALSE(steps_fit_bytes(mixed));
}

}  // namespace
}  // namespace nibble
