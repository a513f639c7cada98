// SPDX-License-Identifier: Apache-2.0
// The same short training on one device and on another, and how far apart they end.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "train/test_small_detector.h"
#include "train/train_on.h"

namespace nibble::test {

struct Course {
  Graph graph;
  std::vector<double> numbers;  ///< of each step: loss, parts, length of the gradient
};

inline QatSettings settings_with_all_losses() {
  QatSettings settings = quick_settings();
  settings.label_weight = 0.1;
  settings.fit.epochs = 1;
  settings.fit.adam.epsilon = 1;  // updates as long as the gradients: rounding in a tiny one is not blown up
  settings.weight_rate = 100;
  settings.scale_rate = settings.activation_rate = settings.bias_rate = 0.5;
  return settings;
}

/// The small detector with 8-bit activations in front of its first convolution.
inline Graph quantized_with_activations(const Graph& baseline) {
  Graph graph = quantized(baseline);
  const QuantParams params{QuantSpec{.bits = 8}, Tensor::scalar(1.0F / 255), Tensor::scalar<std::int8_t>(-128)};
  const ValueId seen = graph.add("features.input_quant", op::QuantizeDequantize{params}, {graph.inputs.front()});
  for (Node& node : graph.nodes)
    if (node.name == "features") node.inputs[0] = seen;
  std::rotate(graph.nodes.begin(), graph.nodes.end() - 1, graph.nodes.end());
  verify(graph);
  return graph;
}

constexpr std::int64_t kStepsPerEpoch = 4;

inline Course train_course(const at::Device& device, const QatSettings& settings, const std::function<double(const Graph&)>& score = {}) {
  const Graph baseline = small_detector();
  const std::int64_t size = settings.processes->size(), rank = settings.processes->rank();
  std::int64_t next = 0;
  const QatData data{kStepsPerEpoch, [&](std::int64_t epoch, std::int64_t first) { next = epoch * kStepsPerEpoch + first; },
                     [&] { return batch_at(next++ * size + rank); }};
  const QatHead head{{.boxes = output_of(baseline, "boxes"), .classes = output_of(baseline, "classes")}, {kStride}, false};
  Course course;
  FitObserver observer;
  observer.step = [&](const StepReport& report) {
    course.numbers.push_back(report.loss);
    for (const auto& part : report.parts) course.numbers.push_back(part.second);
    course.numbers.push_back(report.gradient_norm);
  };
  course.graph = train_on(device, baseline, quantized_with_activations(baseline), head, data, score, settings, observer).graph;
  return course;
}

/// But for rounding; a code in a hundred may have turned by it.
inline void expect_near(const Course& course, const Course& expected) {
  ASSERT_FALSE(expected.numbers.empty());
  ASSERT_EQ(course.numbers.size(), expected.numbers.size());
  for (std::size_t i = 0; i < expected.numbers.size(); ++i)
    EXPECT_NEAR(course.numbers[i], expected.numbers[i], 1e-3 * std::abs(expected.numbers[i])) << i;
  std::int64_t codes = 0, different = 0;
  for (std::size_t i = 0; i < expected.graph.values.size(); ++i) {
    if (!expected.graph.values[i].quant) continue;
    const auto a = course.graph.values[i].constant->as<std::int8_t>(), b = expected.graph.values[i].constant->as<std::int8_t>();
    for (std::size_t k = 0; k < a.size(); ++k, ++codes) different += a[k] != b[k] ? 1 : 0;
  }
  EXPECT_LE(different, codes / 100) << "of " << codes << " codes";
}

}  // namespace nibble::test
