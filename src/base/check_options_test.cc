// SPDX-License-Identifier: Apache-2.0
#include "base/check_options.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "support/scratch.h"

namespace nibble {
namespace {

using test::expect_error;

template <class Options>
void expect_refused(const std::string& name, const std::function<void(Options&)>& spoil) {
  Options options;
  EXPECT_NO_THROW(check_options(options)) << "the defaults are fine";
  spoil(options);
  expect_error(ErrorKind::usage, {name, "out of range"}, [&] { check_options(options); });
}

TEST(CheckOptions, CountsAreAtLeastOne) {
  for (const std::int64_t bad : {std::int64_t{-1}, std::int64_t{0}, std::numeric_limits<std::int64_t>::max()}) {
    expect_refused<RunOptions>("calibration_images", [&](auto& o) { o.calibration_images = bad; });
    expect_refused<RunOptions>("max_images", [&](auto& o) { o.data.max_images = bad; });
    expect_refused<QuantizeOptions>("calibration_images", [&](auto& o) { o.calibration_images = bad; });
    expect_refused<QatOptions>("calibration_images", [&](auto& o) { o.calibration_images = bad; });
    expect_refused<CalibrationCheckOptions>("calibration_images", [&](auto& o) { o.calibration_images = bad; });
    expect_refused<EvalOptions>("max_images", [&](auto& o) { o.data.max_images = bad; });
    expect_refused<EvalOptions>("max_detections", [&](auto& o) { o.detect.max_detections = bad; });
    expect_refused<ScoreOptions>("max_images", [&](auto& o) { o.data.max_images = bad; });
    expect_refused<CompareOptions>("max_images", [&](auto& o) { o.data.max_images = bad; });
    expect_refused<ProfileOptions>("runs", [&](auto& o) { o.runs = bad; });
    expect_refused<QatOptions>("steps", [&](auto& o) { o.course.steps = bad; });
    expect_refused<QatOptions>("batch", [&](auto& o) { o.course.batch = bad; });
  }
  expect_refused<CompareOptions>("tensor_images", [](auto& o) { o.tensor_images = -1; });
  expect_refused<QatOptions>("held_out", [](auto& o) { o.course.held_out = -1; });
  expect_refused<QatOptions>("epochs", [](auto& o) { o.course.epochs = -2; });
  expect_refused<QatOptions>("patience", [](auto& o) { o.course.patience = -1; });
  expect_refused<RunOptions>("steps", [](auto& o) { o.qat_course.steps = 0; });
}

TEST(CheckOptions, NumbersHaveEnds) {
  for (const double bad : {-0.1, 1.1, std::nan(""), HUGE_VAL}) {
    expect_refused<EvalOptions>("confidence", [&](auto& o) { o.detect.confidence = bad; });
    expect_refused<EvalOptions>("iou", [&](auto& o) { o.detect.iou = bad; });
    expect_refused<CompareOptions>("confidence", [&](auto& o) { o.confidence = bad; });
    expect_refused<QatOptions>("augment", [&](auto& o) { o.course.augment = bad; });
  }
  for (const double bad : {-1.0, std::nan(""), HUGE_VAL}) {
    expect_refused<QatOptions>("rate", [&](auto& o) { o.course.rate = bad; });
    expect_refused<QatOptions>("label_weight", [&](auto& o) { o.course.label_weight = bad; });
    expect_refused<QatOptions>("imitation_weight", [&](auto& o) { o.course.imitation_weight = bad; });
    expect_refused<QuantizeOptions>("max_drop", [&](auto& o) { o.budget.max_drop = bad; });
  }
  expect_refused<QuantizeOptions>("max_bytes", [](auto& o) { o.budget.max_bytes = 0; });
}

TEST(CheckOptions, SizesBatchesOpsetsAndThreads) {
  for (const std::int64_t bad : {-640, 0, 31, 8193}) {
    expect_refused<RunOptions>("image_size", [&](auto& o) { o.image_size = bad; });
    expect_refused<ExportOptions>("image_size", [&](auto& o) { o.image_size = bad; });
    expect_refused<QuantizeOptions>("image_size", [&](auto& o) { o.image_size = bad; });
    expect_refused<QatOptions>("image_size", [&](auto& o) { o.image_size = bad; });
  }
  for (const std::int64_t bad : {-2, 0, 100'000}) expect_refused<ExportOptions>("batch", [&](auto& o) { o.batch = bad; });
  for (const int bad : {-1, 12, 22}) {
    expect_refused<ExportOptions>("opset", [&](auto& o) { o.opset = bad; });
    expect_refused<QuantizeOptions>("opset", [&](auto& o) { o.opset = bad; });
  }
  for (const int bad : {-1, 257}) {
    expect_refused<RunOptions>("threads", [&](auto& o) { o.runtime.threads = bad; });
    expect_refused<EvalOptions>("threads", [&](auto& o) { o.runtime.threads = bad; });
    expect_refused<CleanOptions>("threads", [&](auto& o) { o.runtime.threads = bad; });
    expect_refused<ProfileOptions>("threads", [&](auto& o) { o.runtime.threads = bad; });
  }
}

TEST(CheckOptions, EpochsStandForStepsAndOneBudgetIsEnough) {
  QatOptions options;
  options.course.steps = 0;
  options.course.epochs = 3;
  EXPECT_NO_THROW(check_options(options));
  options.budget = {1000, 1.5};
  expect_error(ErrorKind::usage, {"max_bytes", "max_drop", "one"}, [&] { check_options(options); });
  ExportOptions dynamic;
  dynamic.batch = -1;
  EXPECT_NO_THROW(check_options(dynamic));
}

}  // namespace
}  // namespace nibble
