// SPDX-License-Identifier: Apache-2.0
// Small networks, images and recipes for tests of calibration.
#pragma once
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "exec/convert.h"
#include "exec/net.h"
#include "quant/calibrate.h"
#include "quant/statistics/head_loss.h"

namespace nibble::test {

inline Tensor random_tensor(const Shape& shape, std::mt19937& random, float deviation = 0.3F) {
  std::normal_distribution<float> normal(0, deviation);
  std::vector<float> values(static_cast<std::size_t>(count_of(shape)));
  for (float& value : values) value = normal(random);
  return Tensor::of<float>(shape, std::move(values));
}

inline ValueId add_conv(Graph& graph, const std::string& name, ValueId x, const Shape& weight, op::Conv conv, std::mt19937& random) {
  const ValueId w = graph.add_constant(name + ".weight", random_tensor(weight, random));
  const ValueId b = graph.add_constant(name + ".bias", random_tensor({weight[0]}, random));
  return graph.add(name, conv, {x, w, b});
}

inline CalibrationImages random_images(std::int64_t count) {
  return {count, [](std::int64_t first, std::int64_t number) {
            std::mt19937 random(static_cast<unsigned>(first) + 11);
            std::uniform_real_distribution<float> uniform(0, 1);
            std::vector<float> values(static_cast<std::size_t>(number * 3 * 16 * 16));
            for (float& value : values) value = uniform(random);
            return Tensor::of<float>({number, 3, 16, 16}, std::move(values));
          }};
}

inline Recipe recipe_of(int weight_bits, int activation_bits) {
  Recipe recipe;
  recipe.name = "test";
  recipe.weights.bits = weight_bits;
  recipe.activations.bits = activation_bits;
  return recipe;
}

/// Two small branches of logits on a body of two convolutions: what a detection head looks like to calibration.
struct SmallDetector {
  Graph graph;
  HeadLogits head;
};
inline SmallDetector small_detector() {
  std::mt19937 random(7);
  SmallDetector detector;
  Graph& graph = detector.graph;
  const ValueId images = graph.add_input("images", {1, 3, 16, 16});
  ValueId x =
      graph.add("act1", op::Silu{}, {add_conv(graph, "first", images, {16, 3, 3, 3}, {.stride = {2, 2}, .padding = {1, 1}}, random)});
  x = graph.add("act2", op::Silu{}, {add_conv(graph, "second", x, {16, 16, 3, 3}, {.padding = {1, 1}}, random)});
  const auto branch = [&](const std::string& name, std::int64_t channels) {
    return graph.add(name + ".flat", op::Reshape{{0, channels, -1}}, {add_conv(graph, name, x, {channels, 16, 1, 1}, {}, random)});
  };
  detector.head = {branch("boxes", 64), branch("classes", 3)};
  graph.outputs = {graph.add("output", op::Concat{.axis = 1}, {detector.head.boxes, detector.head.classes})};
  verify(graph);
  return detector;
}

inline CalibrationResult calibrated_detector(const Recipe& recipe, const std::function<std::int64_t(const Graph&)>& file_bytes = nullptr,
                                             const std::function<double(const Graph&)>& drop = nullptr) {
  Progress silent;
  const SmallDetector detector = small_detector();
  return calibrate(detector.graph, random_images(24),
                   {.recipe = recipe,
                    .head = detector.head,
                    .threads = 1,
                    .seed = 0,
                    .file_bytes = file_bytes,
                    .drop = drop,
                    .drop_number = "mask mAP 50-95"},
                   silent);
}

/// On images that were not used to calibrate.
inline double head_divergence(const Graph& quantized) {
  const SmallDetector detector = small_detector();
  const at::Tensor images = to_torch(random_images(1000).load(900, 32));
  const auto wanted = Net(detector.graph).forward(images, {detector.head.boxes, detector.head.classes});
  const auto found = Net(quantized).forward(images, {detector.head.boxes, detector.head.classes});
  const HeadLoss loss = head_loss(wanted[0], wanted[1], found[0], found[1]);
  return (loss.classes + 20 * loss.boxes).item<double>();
}

}  // namespace nibble::test
