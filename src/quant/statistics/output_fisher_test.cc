// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/output_fisher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "exec/convert.h"
#include "exec/net.h"
#include "quant/bits/sensitivity.h"
#include "support/other_device.h"

namespace nibble {
namespace {

Tensor random_tensor(const Shape& shape, std::mt19937& random) {
  std::normal_distribution<float> normal(0, 0.3F);
  std::vector<float> values(static_cast<std::size_t>(count_of(shape)));
  for (float& value : values) value = normal(random);
  return Tensor::of<float>(shape, std::move(values));
}

/// A body of 4 channels, the last of which the head does not read, and a head of boxes and 3 classes.
struct Detector {
  Graph graph;
  HeadLogits head;
  std::size_t body = 0, classes = 0;
};
Detector detector() {
  std::mt19937 random(3);
  Detector result;
  Graph& graph = result.graph;
  const auto conv = [&](const std::string& name, ValueId x, std::int64_t outputs, std::int64_t inputs) {
    Tensor weight = random_tensor({outputs, inputs, 1, 1}, random);
    if (inputs == 4) {
      auto values = weight.as<float>();
      std::vector<float> cut(values.begin(), values.end());
      for (std::size_t i = 3; i < cut.size(); i += 4) cut[i] = 0;
      weight = Tensor::of<float>({outputs, inputs, 1, 1}, std::move(cut));
    }
    const ValueId w = graph.add_constant(name + ".weight", weight);
    return graph.add(name, op::Conv{}, {x, w, graph.add_constant(name + ".bias", random_tensor({outputs}, random))});
  };
  const ValueId body = conv("body", graph.add_input("images", {1, 3, 4, 4}), 4, 3);
  result.body = graph.nodes.size() - 1;
  const ValueId boxes = conv("boxes", body, 64, 4);
  const ValueId classes = conv("classes", body, 3, 4);
  result.classes = graph.nodes.size() - 1;
  result.head = {graph.add("boxes.flat", op::Reshape{{0, 64, -1}}, {boxes}), graph.add("classes.flat", op::Reshape{{0, 3, -1}}, {classes})};
  graph.outputs = {graph.add("output", op::Concat{.axis = 1}, {result.head.boxes, result.head.classes})};
  verify(graph);
  return result;
}

/// Only the top left pixel differs from 0.
CalibrationImages images(std::int64_t count) {
  return {count, [](std::int64_t first, std::int64_t number) {
            std::vector<float> values(static_cast<std::size_t>(number * 48));
            for (std::int64_t i = 0; i < number * 3; ++i) values[i * 16] = static_cast<float>(first * 3 + i + 1) / 10;
            return Tensor::of<float>({number, 3, 4, 4}, std::move(values));
          }};
}

FisherByNode fisher_of(const Detector& d, const at::Device& device = at::kCPU, double importance = 0.9) {
  CalibrateOptions options;
  options.recipe.weights.importance = importance;
  options.recipe.calibration.batch = 2;
  options.head = d.head;
  Progress silent;
  return output_fisher(device, d.graph, {d.body, d.classes}, images(3), options, silent);
}

TEST(OutputFisher, OfClassLogitsIsTheirVariance) {
  const Detector d = detector();
  const auto fisher = fisher_of(d);
  const Net net(d.graph);
  at::Tensor variance = at::zeros({3});
  for (const std::int64_t first : {0, 2}) {
    const at::Tensor p = at::sigmoid(net.forward(to_torch(images(3).load(first, first == 0 ? 2 : 1)), {d.head.classes})[0]);
    variance += (p * (1 - p)).sum(at::IntArrayRef{0, 2});
  }
  EXPECT_TRUE(at::allclose(fisher.at(d.classes).channels.diagonal(), variance, 1e-4));
}

TEST(OutputFisher, OfAChannelNobodyReadsIsZero) {
  const Detector d = detector();
  const at::Tensor channels = fisher_of(d).at(d.body).channels;
  EXPECT_EQ(channels.size(0), 4);
  EXPECT_EQ(channels[3].abs().max().item<float>(), 0);
  EXPECT_GT(channels.diagonal().slice(0, 0, 3).min().item<float>(), 0);
  EXPECT_TRUE(at::allclose(channels, channels.t()));
}

TEST(OutputFisher, PositionsAreOfEachBatchAndTheSameEachTime) {
  const Detector d = detector();
  const auto a = fisher_of(d), b = fisher_of(d);
  const auto& positions = a.at(d.body).positions;
  ASSERT_EQ(positions.size(), 2U);
  EXPECT_EQ(positions[0].size(), 32U);  // all there are: 2 images of 4 x 4
  EXPECT_EQ(positions[1].size(), 16U);
  EXPECT_EQ(positions, b.at(d.body).positions);
  EXPECT_LT(*std::max_element(positions[1].begin(), positions[1].end()), 16);
}

/// Of more images than kGradientImages every second batch of two gives its gradients; the others are looked at evenly.
TEST(OutputFisher, OfManyImagesSomeGiveGradients) {
  const Detector d = detector();
  CalibrateOptions options;
  options.recipe.weights.importance = 1;
  options.recipe.calibration.batch = 2;
  options.head = d.head;
  std::vector<std::int64_t> loaded;
  CalibrationImages many = images(2 * kGradientImages);
  many.load = [&loaded, load = many.load](std::int64_t first, std::int64_t count) {
    for (std::int64_t i = first; i < first + count; ++i) loaded.push_back(i);
    return load(first, count);
  };
  Progress silent;
  const auto fisher = output_fisher(at::kCPU, d.graph, {d.body}, many, options, silent);
  ASSERT_EQ(static_cast<std::int64_t>(loaded.size()), kGradientImages);
  for (std::size_t i = 0; i < loaded.size(); ++i) EXPECT_EQ(loaded[i], static_cast<std::int64_t>(i / 2 * 4 + i % 2));
  const auto& positions = fisher.at(d.body).positions;
  ASSERT_EQ(static_cast<std::int64_t>(positions.size()), kGradientImages);
  std::vector<std::int64_t> all(32);
  std::iota(all.begin(), all.end(), 0);
  for (std::size_t k = 1; k < positions.size(); k += 2) EXPECT_EQ(positions[k], all);
  EXPECT_NE(positions[0], all) << "drawn by the trace";
}

TEST(OutputFisher, IsTheSameOnAnotherDevice) {
  const Detector d = detector();
  const auto cpu = fisher_of(d), other = fisher_of(d, test::other_device());
  for (const std::size_t node : {d.body, d.classes}) {
    EXPECT_TRUE(at::allclose(other.at(node).channels, cpu.at(node).channels, 1e-5));
    EXPECT_EQ(other.at(node).positions, cpu.at(node).positions);
  }
}

/// Of sensitivity.h, which shares the detector.
TEST(Sensitivity, IsTheSameOnAnotherDevice) {
  const Detector d = detector();
  CalibrateOptions options;
  options.head = d.head;
  Progress silent;
  const QuantParams activation{QuantSpec{.bits = 8}, Tensor::scalar(0.01F), Tensor::scalar<std::int8_t>(3)};
  const SubstituteConv coarse{at::full({4, 3, 1, 1}, 0.1F), at::zeros({4}), activation}, fine{coarse.weight, coarse.bias, {}};
  const SubstituteConv classes{at::full({3, 4, 1, 1}, 0.1F), at::zeros({3}), {}};
  const std::vector<LayerForms> layers = {{d.body, coarse, fine}, {d.classes, classes, classes}};
  const auto on = [&](const at::Device& device, std::int64_t count) {
    return measure_damage(device, d.graph, layers, images(count), count, options, silent);
  };
  const auto cpu = on(at::kCPU, 7), other = on(test::other_device(), 7);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    EXPECT_GT(cpu[i].low, 0);
    EXPECT_GT(cpu[i].high, 0);
    EXPECT_NEAR(other[i].low, cpu[i].low, 1e-5 * cpu[i].low);
    EXPECT_NEAR(other[i].high, cpu[i].high, 1e-5 * cpu[i].high);
  }
  EXPECT_NE(cpu[0].high, cpu[0].low);
  EXPECT_NEAR(cpu[1].high, cpu[1].low, 1e-12) << "the same form, measured on fewer images and scaled";
  EXPECT_NE(on(at::kCPU, 1)[1].low, cpu[1].low) << "and images differ";
}

}  // namespace
}  // namespace nibble
