// SPDX-License-Identifier: Apache-2.0
// Training through the shared module, on a detector of three convolutions.
#include "train/qat.h"

#include "support/scratch.h"
#include "train/test_small_detector.h"

namespace nibble {
namespace {

using test::batch_at;
using test::expect_error;
using test::kStride;
using test::output_of;
using test::quantized;
using test::small_detector;

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

Course train(const QatSettings& settings, const std::function<double(const Graph&)>& score = {}, std::int64_t bins = 16) {
  const Graph baseline = small_detector(bins);
  Course course;
  std::int64_t next = 0;
  const QatData data{20, [&](std::int64_t epoch, std::int64_t first) { next = epoch * 20 + first; }, [&] { return batch_at(next++); }};
  const QatHead head{{.boxes = output_of(baseline, "boxes"), .classes = output_of(baseline, "classes")}, {kStride}, false};
  FitObserver observer;
  observer.step = [&](const StepReport& report) { course.steps.push_back(report); };
  course.result = train_quantized(baseline, quantized(baseline), head, data, score, settings, observer);
  return course;
}

TEST(Qat, ForcedLayersSeeNoErrorsBeforeThem) {
  QatSettings settings = test::quick_settings();
  settings.weight_rate = settings.scale_rate = 0;
  settings.bias_rate = 1e-12;  // the network stays as it is
  const Course free = train(settings);
  settings.forced_steps = 4;
  const Course forced = train(settings);
  const auto classes = [](const Course& course, std::size_t step) { return course.steps.at(step).parts.at(0).second; };
  for (std::size_t step = 0; step < 4; ++step) EXPECT_LT(classes(forced, step), classes(free, step)) << step;
  EXPECT_LT(classes(forced, 0) / classes(free, 0), classes(forced, 3) / classes(free, 3)) << "the share falls";
  for (std::size_t step = 4; step < 8; ++step) EXPECT_NEAR(classes(forced, step), classes(free, step), 1e-5 * classes(free, step)) << step;
}

TEST(Qat, ImitationBringsTheNetworkBackToTheFloatOne) {
  QatSettings settings = test::quick_settings();
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
  QatSettings settings = test::quick_settings();
  settings.class_weight = settings.box_weight = settings.feature_weight = 0;
  settings.label_weight = 1;
  const Course course = train(settings);
  EXPECT_EQ(course.steps[0].parts.size(), 3U);
  EXPECT_LT(course.mean_loss(110, 10), 0.8 * course.mean_loss(0, 10));
}

/// As YOLO26 does.
TEST(Qat, AHeadWithoutBinsLearnsLabelsAndImitates) {
  QatSettings settings = test::quick_settings();
  const Course imitating = train(settings, {}, 1);
  for (std::size_t part = 0; part < 3; ++part)
    EXPECT_LT(imitating.mean_part(part, 110, 10), 0.8 * imitating.mean_part(part, 0, 10)) << imitating.steps[0].parts.at(part).first;
  settings.class_weight = settings.box_weight = settings.feature_weight = 0;
  settings.label_weight = 1;
  const Course course = train(settings, {}, 1);
  EXPECT_GT(course.mean_part(0, 0, 10), 0) << "no box overlaps its object, nothing is tested";
  EXPECT_GT(course.mean_part(2, 0, 10), 0);
  EXPECT_LT(course.mean_loss(110, 10), 0.8 * course.mean_loss(0, 10));
}

TEST(Qat, TheStartIsTheCalibratedGraphAndItsScoreTheFirst) {
  const Graph start = quantized(small_detector());
  std::vector<bool> same;
  const Course course = train(test::quick_settings(), [&](const Graph& graph) {
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
  QatSettings settings = test::quick_settings();
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
