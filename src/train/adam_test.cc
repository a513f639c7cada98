// SPDX-License-Identifier: Apache-2.0
#include "train/adam.h"

#include <ATen/core/grad_mode.h>
#include <torch/optim/adam.h>

#include "support/scratch.h"

namespace nibble {
namespace {

using test::expect_error;

at::Tensor loss_of(const std::vector<at::Tensor>& w, int step) {
  return (w[0] * w[0] * (1 + step % 3)).sum() + (w[1] - 3).pow(4).sum() + (w[0][0] * w[1][0]);
}

std::vector<at::Tensor> start() {
  return {at::tensor({1.0F, -2.0F, 0.5F}).set_requires_grad(true), at::tensor({0.1F, 4.0F}).set_requires_grad(true)};
}

TEST(Adam, HasTheNumbersOfLibTorch) {
  auto ours = start(), theirs = start();
  Adam adam(ours, {.beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-6});
  torch::optim::Adam reference(theirs, torch::optim::AdamOptions(0.05).betas({0.8, 0.95}).eps(1e-6));
  for (int step = 0; step < 50; ++step) {
    adam.clear_gradients();
    loss_of(ours, step).backward();
    adam.step({0.05, 0.05});
    reference.zero_grad();
    loss_of(theirs, step).backward();
    reference.step();
    for (std::size_t i = 0; i < ours.size(); ++i) ASSERT_TRUE(at::allclose(ours[i], theirs[i], 1e-6, 1e-7)) << step;
  }
}

TEST(Adam, GoesOnFromItsStateBitForBit) {
  auto whole = start(), first = start(), second = start();
  const auto run = [](Adam& adam, int from, int to) {
    for (int step = from; step < to; ++step) {
      adam.clear_gradients();
      loss_of(adam.parameters(), step).backward();
      adam.step({0.1, 0.02});
    }
  };
  Adam all(whole, {}), before(first, {}), after(second, {});
  run(all, 0, 20);
  run(before, 0, 9);
  {
    const at::NoGradGuard no_gradients;
    for (std::size_t i = 0; i < first.size(); ++i) second[i].copy_(first[i]);
    for (std::size_t i = 0; i < before.moments().size(); ++i) after.moments()[i].copy_(before.moments()[i]);
  }
  after.set_updates(before.updates());
  run(after, 9, 20);
  for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_TRUE(at::equal(whole[i], second[i])) << i;
}

TEST(Adam, LeavesWhatHasNoGradientOrNoRate) {
  auto w = start();
  Adam adam(w, {});
  w[0].square().sum().backward();
  adam.step({0, 1});
  EXPECT_TRUE(at::equal(w[0], start()[0]));
  EXPECT_TRUE(at::equal(w[1], start()[1]));
  EXPECT_EQ(adam.updates(), 1);
}

TEST(Adam, RefusesWhatMakesNoSense) {
  expect_error(ErrorKind::usage, {"beta: 1"}, [] { Adam adam({}, {.beta1 = 1}); });
  expect_error(ErrorKind::usage, {"beta: -1"}, [] { Adam adam({}, {.beta2 = -1}); });
  expect_error(ErrorKind::usage, {"epsilon"}, [] { Adam adam({}, {.epsilon = 0}); });
  expect_error(ErrorKind::internal, {"1 rates for 2"}, [] { Adam(start(), {}).step({1}); });
}

}  // namespace
}  // namespace nibble
