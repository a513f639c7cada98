// SPDX-License-Identifier: Apache-2.0
#include "train/learned_parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "train/test_course.h"

namespace nibble {
namespace {

std::vector<std::string> names_of(const std::vector<ParameterGroup>& groups) {
  std::vector<std::string> names;
  for (const auto& group : groups) names.push_back(group.name);
  return names;
}

/// Gradients of everything that has some, of the sum of the outputs.
void backward(const Net& net) { net.forward(at::rand({1, 3, test::kSizePx, test::kSizePx}), net.graph().outputs)[0].sum().backward(); }

TEST(LearnedParameters, AllRatesAboveZeroLearnAll) {
  Net net(test::quantized_with_activations(test::small_detector()));
  const auto groups = learned_parameters(net, test::settings_with_all_losses());
  EXPECT_THAT(names_of(groups), testing::ElementsAre("weights", "scales", "activations", "biases"));
  EXPECT_EQ(groups[0].tensors.size(), net.layers().size());
  EXPECT_EQ(groups[2].tensors.size(), 1U) << "of the layer with a quantised input";
  backward(net);
  for (const LearnedLayer& layer : net.layers()) EXPECT_TRUE(layer.latent.grad().defined());
}

TEST(LearnedParameters, FrozenTensorsHaveNoGradients) {
  Net net(test::quantized_with_activations(test::small_detector()));
  QatSettings settings = test::settings_with_all_losses();
  settings.weight_rate = settings.activation_rate = 0;
  EXPECT_THAT(names_of(learned_parameters(net, settings)), testing::ElementsAre("scales", "biases"));
  backward(net);
  for (const LearnedLayer& layer : net.layers()) {
    EXPECT_FALSE(layer.latent.requires_grad());
    EXPECT_FALSE(layer.latent.grad().defined());
    EXPECT_TRUE(!layer.log_activation_scale.defined() || !layer.log_activation_scale.grad().defined());
    EXPECT_TRUE(layer.log_scale.grad().defined());
    EXPECT_TRUE(layer.bias.grad().defined());
  }
}

/// Whatever is frozen: a whole batch and its images one by one make the same updates, and nothing to learn is no error.
TEST(LearnedParameters, TrainingsWithFrozenPartsGoOn) {
  QatSettings settings = test::settings_with_all_losses();
  settings.weight_rate = 0;
  const auto whole = test::train_course(at::kCPU, settings);
  settings.images_at_once = 1;
  test::expect_near(test::train_course(at::kCPU, settings), whole);
  settings.scale_rate = settings.activation_rate = settings.bias_rate = 0;
  EXPECT_EQ(test::train_course(at::kCPU, settings).numbers.front(), test::train_course(at::kCPU, settings).numbers.front());
}

}  // namespace
}  // namespace nibble
