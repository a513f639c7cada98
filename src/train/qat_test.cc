// SPDX-License-Identifier: Apache-2.0
// Training through the shared module, on a detector of three convolutions.
#include "train/qat.h"

#include <cmath>

#include "data/keyed_random.h"
#include "support/scratch.h"

namespace nibble {
namespace {

using test::expect_error;

constexpr std::int64_t kSizePx = 32, kClasses = 2, kStride = 8;

Tensor random_weights(const Shape& shape, std::uint64_t seed, double size) {
  KeyedRandom random({seed});
  std::vector<float> values;
  for (std::int64_t i = 0; i < count_of(shape); ++i) values.push_back(static_cast<float>(random.between(-size, size)));
  return Tensor::of<float>(shape, std::move(values));
}

/// images -> conv of stride 8, SiLU -> box logits and class logits.
Graph small_detector() {
  constexpr std::int64_t kFeatures = 12;
  Graph graph;
  const auto images = graph.add_input("images", {-1, 3, kSizePx, kSizePx});
  const auto convolve = [&](const std::string& name, ValueId x, const Shape& weight, op::Conv conv, std::uint64_t seed) {
    const auto w =
        graph.add_constant(name + ".weight", random_weights(weight, seed, 1.5 / std::sqrt(static_cast<double>(weight[1] * weight[2]))));
    return graph.add(name, conv, {x, w, graph.add_constant(name + ".bias", random_weights({weight[0]}, seed + 50, 0.3))});
  };
  op::Conv first;
  first.stride = {kStride, kStride};
  const auto features = graph.add("act", op::Silu{}, {convolve("features", images, {kFeatures, 3, kStride, kStride}, first, 1)});
  const auto logits = [&](const std::string& name, std::int64_t channels, std::uint64_t seed) {
    const auto map = convolve(name + ".conv", features, {channels, kFeatures, 1, 1}, {}, seed);
    return graph.add(name, op::Reshape{{0, channels, -1}}, {map});
  };
  const auto boxes = logits("boxes", 64, 2), classes = logits("classes", kClasses, 3);
  graph.outputs = {graph.add("raw", op::Concat{.axis = 1}, {boxes, classes})};
  return graph;
}

ValueId output_of(const Graph& graph, const std::string& node) {
  for (const auto& candidate : graph.nodes)
    if (candidate.name == node) return candidate.outputs[0];
  throw std::runtime_error("no node " + node);
}

/// Weights of 3 bits per channel, rounded to nearest.
Graph quantized(Graph graph) {
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

TrainingBatch batch_at(std::int64_t step) {
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

struct Course {
  QatResult result;
  std::vector<StepReport> steps;
  double mean_loss(std::size_t first, std::size_t count) const {
    double sum = 0;
    for (std::size_t i = first; i < first + count; ++i) sum += steps.at(i).loss;
    return sum / static_cast<double>(count);
  }
  double mean_part(std::size_t part, std::size_t first, std::size_t count) const {
    double sum = 0;
    for (std::size_t i = first; i < first + count; ++i) sum += steps.at(i).parts.at(part).second;
    return sum / static_cast<double>(count);
  }
};

Course train(const QatSettings& settings, const std::function<double(const Graph&)>& score = {}) {
  const Graph baseline = small_detector();
  Course course;
  std::int64_t next = 0;
  const QatData data{20, [&](std::int64_t epoch, std::int64_t first) { next = epoch * 20 + first; }, [&] { return batch_at(next++); }};
  const QatHead head{output_of(baseline, "boxes"), output_of(baseline, "classes"), {kStride}, false};
  FitObserver observer;
  observer.step = [&](const StepReport& report) { course.steps.push_back(report); };
  course.result = train_quantized(baseline, quantized(baseline), head, data, score, settings, observer);
  return course;
}

QatSettings quick() {
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

TEST(Qat, ImitationBringsTheNetworkBackToTheFloatOne) {
  QatSettings settings = quick();
  settings.fit.epochs = 20;
  settings.weight_rate = 0.003;  // as in recipes: at faster ones codes turn at noise
  const Course course = train(settings);
  for (std::size_t part = 0; part < 3; ++part)
    EXPECT_LT(course.mean_part(part, course.steps.size() - 10, 10), 0.5 * course.mean_part(part, 0, 10))
        << course.steps[0].parts.at(part).first;
  EXPECT_EQ(course.steps[0].parts.size(), 3U);
  verify(course.result.graph);
  const Graph before = quantized(small_detector());
  std::int64_t turned = 0;
  for (std::size_t i = 0; i < before.values.size(); ++i) {
    if (!before.values[i].quant) continue;
    const auto a = before.values[i].constant->as<std::int8_t>(), b = course.result.graph.values[i].constant->as<std::int8_t>();
    for (std::size_t k = 0; k < a.size(); ++k) {
      turned += a[k] != b[k] ? 1 : 0;
      EXPECT_TRUE(b[k] >= -4 && b[k] <= 3);
    }
  }
  EXPECT_GT(turned, 0) << "codes are learned, not only scales";
}

TEST(Qat, LabelsAloneAreLearned) {
  QatSettings settings = quick();
  settings.class_weight = settings.box_weight = settings.feature_weight = 0;
  settings.label_weight = 1;
  const Course course = train(settings);
  EXPECT_EQ(course.steps[0].parts.size(), 3U);
  EXPECT_LT(course.mean_loss(110, 10), 0.8 * course.mean_loss(0, 10));
}

TEST(Qat, TheStartIsTheCalibratedGraphAndItsScoreTheFirst) {
  const Graph start = quantized(small_detector());
  std::vector<bool> same;
  const Course course = train(quick(), [&](const Graph& graph) {
    bool equal = true;
    for (std::size_t i = 0; i < start.values.size(); ++i)
      if (start.values[i].quant) equal = equal && identical(*start.values[i].constant, *graph.values[i].constant);
    same.push_back(equal);
    return -static_cast<double>(same.size());  // ever worse
  });
  ASSERT_EQ(same.size(), 7U);
  EXPECT_TRUE(same[0]);
  EXPECT_FALSE(same[6]);
  EXPECT_EQ(course.result.fit.best_epoch, -1);
  for (std::size_t i = 0; i < start.values.size(); ++i) {
    if (!start.values[i].quant) continue;
    EXPECT_TRUE(identical(*start.values[i].constant, *course.result.graph.values[i].constant)) << "never below the start";
  }
}

class QatFiles : public test::Scratch {};

TEST_F(QatFiles, GoesOnBitForBit) {
  QatSettings settings = quick();
  settings.label_weight = 0.1;
  settings.fit.epochs = 2;
  const Course whole = train(settings);
  settings.fit.snapshot = folder() / "last.snapshot";
  int scored = 0;
  expect_error(ErrorKind::interrupted, {"stop"}, [&] {
    train(settings, [&](const Graph&) -> double {
      if (++scored == 2) throw Error(ErrorKind::interrupted, "stop");
      return 0;
    });
  });
  settings.fit.resume = true;
  const Course rest = train(settings, [&](const Graph&) { return ++scored; });
  EXPECT_EQ(whole.steps.size(), 40U);
  EXPECT_EQ(rest.steps.size(), 20U);
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(rest.steps[i].loss, whole.steps[20 + i].loss) << i;
  for (std::size_t i = 0; i < whole.result.graph.values.size(); ++i) {
    const auto &a = whole.result.graph.values[i], &b = rest.result.graph.values[i];
    EXPECT_TRUE(!a.constant || identical(*a.constant, *b.constant)) << a.name;
    EXPECT_TRUE(!a.quant || identical(a.quant->scale, b.quant->scale)) << a.name;
  }
}

}  // namespace
}  // namespace nibble
