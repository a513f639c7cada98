// SPDX-License-Identifier: Apache-2.0
#include "train/weight_average.h"

#include <cmath>

#include "support/scratch.h"

namespace nibble {
namespace {

using test::expect_error;

at::Tensor scalar(double value) { return at::full({1}, value, at::kDouble); }

TEST(WeightAverage, FollowsTheFormula) {
  WeightAverage average({scalar(1)}, {.decay = 0.5, .ramp_steps = 2});
  double expected = 1;
  for (int n = 1; n <= 20; ++n) {
    const double decay = 0.5 * (1 - std::exp(-n / 2.0));
    expected = decay * expected + (1 - decay) * n;
    EXPECT_DOUBLE_EQ(average.decay_of_next_update(), decay);
    average.update({scalar(n)});
    EXPECT_NEAR(average.averages()[0].item<double>(), expected, 1e-12) << n;
  }
}

TEST(WeightAverage, ACopyOutsideAutograd) {
  const at::Tensor weight = at::ones({2, 3}).set_requires_grad(true);
  WeightAverage average({weight}, {});
  average.update({weight * 2});
  EXPECT_FALSE(average.averages()[0].requires_grad());
  EXPECT_TRUE(at::equal(weight, at::ones({2, 3}))) << "the weight itself is not touched";
}

TEST(WeightAverage, ARestoredOneGoesOnTheSame) {
  WeightAverage whole({scalar(0)}, {.decay = 0.9, .ramp_steps = 5}), first({scalar(0)}, {.decay = 0.9, .ramp_steps = 5});
  for (int n = 0; n < 4; ++n) {
    whole.update({scalar(n)});
    first.update({scalar(n)});
  }
  WeightAverage second({scalar(7)}, {.decay = 0.9, .ramp_steps = 5});
  second.restore(first.averages(), first.updates());
  first.update({scalar(99)});  // no shared memory
  whole.update({scalar(-3)});
  second.update({scalar(-3)});
  EXPECT_TRUE(at::equal(whole.averages()[0], second.averages()[0]));
}

TEST(WeightAverage, RefusesOtherTensorsAndOptions) {
  WeightAverage average({at::ones({2})}, {});
  expect_error(ErrorKind::internal, {"2 tensors"}, [&] { average.update({at::ones({2}), at::ones({2})}); });
  expect_error(ErrorKind::internal, {"tensor 0"}, [&] { average.update({at::ones({3})}); });
  expect_error(ErrorKind::internal, {"tensor 0"}, [&] { average.restore({at::ones({3})}, 1); });
  expect_error(ErrorKind::usage, {"decay"}, [] { WeightAverage({}, {.decay = 1}); });
  expect_error(ErrorKind::usage, {"ramp"}, [] { WeightAverage({}, {.ramp_steps = 0}); });
}

}  // namespace
}  // namespace nibble
