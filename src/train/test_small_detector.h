// SPDX-License-Identifier: Apache-2.0
// A detector of three convolutions with batches to train it on.
#pragma once
#include <cmath>
#include <stdexcept>

#include "data/keyed_random.h"
#include "train/qat.h"

namespace nibble::test {

inline constexpr std::int64_t kSizePx = 32, kClasses = 2, kStride = 8;

inline Tensor random_weights(const Shape& shape, std::uint64_t seed, double size, double around = 0) {
  KeyedRandom random({seed});
  std::vector<float> values;
  for (std::int64_t i = 0; i < count_of(shape); ++i) values.push_back(static_cast<float>(around + random.between(-size, size)));
  return Tensor::of<float>(shape, std::move(values));
}

/// images -> conv of stride 8, SiLU -> box logits and class logits. With 1 bin the boxes are distances of about 1.5 cells.
inline Graph small_detector(std::int64_t bins = 16) {
  constexpr std::int64_t kFeatures = 12;
  Graph graph;
  const auto images = graph.add_input("images", {-1, 3, kSizePx, kSizePx});
  const auto convolve = [&](const std::string& name, ValueId x, const Shape& weight, op::Conv conv, std::uint64_t seed, double bias = 0) {
    const auto w =
        graph.add_constant(name + ".weight", random_weights(weight, seed, 1.5 / std::sqrt(static_cast<double>(weight[1] * weight[2]))));
    return graph.add(name, conv, {x, w, graph.add_constant(name + ".bias", random_weights({weight[0]}, seed + 50, 0.3, bias))});
  };
  op::Conv first;
  first.stride = {kStride, kStride};
  const auto features = graph.add("act", op::Silu{}, {convolve("features", images, {kFeatures, 3, kStride, kStride}, first, 1)});
  const auto logits = [&](const std::string& name, std::int64_t channels, std::uint64_t seed, double bias) {
    const auto map = convolve(name + ".conv", features, {channels, kFeatures, 1, 1}, {}, seed, bias);
    return graph.add(name, op::Reshape{{0, channels, -1}}, {map});
  };
  const auto boxes = logits("boxes", 4 * bins, 2, bins == 1 ? 1.5 : 0), classes = logits("classes", kClasses, 3, 0);
  graph.outputs = {graph.add("raw", op::Concat{.axis = 1}, {boxes, classes})};
  return graph;
}

inline ValueId output_of(const Graph& graph, const std::string& node) {
  for (const auto& candidate : graph.nodes)
    if (candidate.name == node) return candidate.outputs[0];
  throw std::runtime_error("no node " + node);
}

/// Weights of 3 bits per channel, rounded to nearest.
inline Graph quantized(Graph graph) {
  for (auto& node : graph.nodes) {
    if (!std::holds_alternative<op::Conv>(node.op)) continue;
    Value& value = graph.value(node.inputs[1]);
    const Tensor floats = *value.constant;
    const auto channels = static_cast<std::size_t>(value.shape[0]), per_channel = static_cast<std::size_t>(floats.count()) / channels;
    const QuantSpec spec{.bits = 3, .granularity = Granularity::channel};
    std::vector<float> scales;
    std::vector<std::int8_t> codes;
    for (std::size_t c = 0; c < channels; ++c) {
      float largest = 0;
      for (std::size_t i = 0; i < per_channel; ++i) largest = std::max(largest, std::abs(floats.as<float>()[c * per_channel + i]));
      scales.push_back(largest / static_cast<float>(spec.max_code()));
      for (std::size_t i = 0; i < per_channel; ++i)
        codes.push_back(static_cast<std::int8_t>(std::lround(floats.as<float>()[c * per_channel + i] / scales[c])));
    }
    value.constant = Tensor::of<std::int8_t>(floats.shape(), std::move(codes));
    value.quant = QuantParams{spec, Tensor::of<float>({static_cast<std::int64_t>(channels)}, std::move(scales)),
                              Tensor::of<std::int8_t>({static_cast<std::int64_t>(channels)}, std::vector<std::int8_t>(channels, 0))};
  }
  verify(graph);
  return graph;
}

inline TrainingBatch batch_at(std::int64_t step) {
  KeyedRandom random({7, static_cast<std::uint64_t>(step)});
  constexpr std::int64_t kImages = 4;
  std::vector<std::uint8_t> pixels;
  for (std::int64_t i = 0; i < kImages * 3 * kSizePx * kSizePx; ++i) pixels.push_back(static_cast<std::uint8_t>(random.below(256)));
  TrainingBatch batch;
  batch.images = Tensor::of<std::uint8_t>({kImages, 3, kSizePx, kSizePx}, std::move(pixels));
  batch.image_of = Tensor::of<std::int64_t>({2}, {0, 2});
  batch.labels = Tensor::of<std::int64_t>({2}, {1, 0});
  batch.boxes_px = Tensor::of<float>({2, 4}, {2, 3, 20, 22, 9, 8, 30, 27});
  return batch;
}

inline QatSettings quick_settings() {
  QatSettings settings;
  settings.threads = 1;
  settings.fit.epochs = 6;
  settings.fit.average = {.decay = 0.9, .ramp_steps = 5};
  settings.fit.run = "small";
  settings.class_weight = settings.box_weight = settings.feature_weight = 1;
  settings.weight_rate = 0.05;
  settings.scale_rate = settings.bias_rate = 0.01;
  return settings;
}

}  // namespace nibble::test
