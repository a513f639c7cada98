// SPDX-License-Identifier: Apache-2.0
#include "scoring/step_check.h"

#include <gmock/gmock.h>

#include "export/emit.h"
#include "support/exported.h"

namespace nibble::testing {
namespace {

Tensor codes(const std::vector<std::int8_t>& values) { return Tensor::of<std::int8_t>({static_cast<std::int64_t>(values.size())}, values); }

TEST(StepMeter, NamesTheFirstQuantiserThatIsMoreThanOneStepOff) {
  StepMeter meter({"a", "b", "c", "d"});
  meter.add({codes({1, 2}), codes({1, 2}), codes({1, 2}), codes({-128, 2})},
            {codes({1, 2}), codes({1, 3}), codes({1, 2}), codes({127, 2})});
  EXPECT_EQ(meter.result().first, "d");
  meter.add({codes({1, 2}), codes({1, 2}), codes({1, 2}), codes({1, 2})}, {codes({1, 2}), codes({1, 2}), codes({4, 2}), codes({1, 2})});
  const auto steps = meter.result();
  EXPECT_EQ(steps.quantizers, 4);
  EXPECT_EQ(steps.differing, 3);
  EXPECT_EQ(steps.largest_steps, 255);
  EXPECT_EQ(steps.first, "c");
  EXPECT_EQ(steps.first_steps, 3);
  EXPECT_DOUBLE_EQ(steps.first_share, 0.25);
}

TEST(StepMeter, OneStepIsNoFinding) {
  StepMeter meter({"a"});
  meter.add({codes({1, 2})}, {codes({2, 1})});
  const auto steps = meter.result();
  EXPECT_EQ(steps.differing, 1);
  EXPECT_EQ(steps.largest_steps, 1);
  EXPECT_EQ(steps.first, "");
}

TEST(StepMeter, OtherShapesAreAnError) {
  StepMeter meter({"a"});
  expect_error(ErrorKind::internal, "steps: a:", [&] { meter.add({codes({1, 2})}, {codes({2})}); });
}

class CheckSteps : public ::testing::Test {
 protected:
  QuantizerSteps of(const QuantConv& conv) {
    emit_model(quant_conv_graph(conv), {}, model_);
    return check_steps(model_, {Tensor::of<float>({1, 2, 2, 2}, {0, 0.2F, 0.3F, 1, -1, 5, 7, 100})}, {.threads = 1});
  }
  TestFolder folder_;
  std::filesystem::path model_ = folder_ / "m.onnx";
};

TEST_F(CheckSteps, ReadsTheCodesOfAFile) {
  const auto steps = of(four_bit_per_tensor_with_input());
  EXPECT_EQ(steps.quantizers, 1);
  EXPECT_EQ(steps.differing, 0);
  EXPECT_TRUE(steps.same_outputs);
}

TEST_F(CheckSteps, AFileWithFloatActivationsHasNone) {
  const auto steps = of(four_bit_per_channel());
  EXPECT_EQ(steps.quantizers, 0);
  EXPECT_TRUE(steps.same_outputs);
}

}  // namespace
}  // namespace nibble::testing
