// SPDX-License-Identifier: Apache-2.0
#include "base/check_options.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include "nibble/error.h"

namespace nibble {
namespace {

constexpr std::int64_t kMostCount = 1'000'000'000, kMostBatch = 99999, kMostBytes = 1'000'000'000'000;
constexpr double kMostWeight = 1e6, kLeastRate = 1e-6;

template <class T>
[[noreturn]] void refuse(const char* name, T value, const std::string& expected) {
  throw Error(ErrorKind::usage, fmt::format("{}: {} is out of range; expected {}", name, value, expected));
}

template <class T>
void require_range(const char* name, T value, std::type_identity_t<T> low, std::type_identity_t<T> high) {
  if (!(value >= low && value <= high)) refuse(name, value, fmt::format("{} to {}", low, high));
}

/// 1 and more, within reason.
void require_count(const char* name, std::int64_t value) { require_range(name, value, 1, kMostCount); }
void require_count(const char* name, const std::optional<std::int64_t>& value) {
  if (value) require_count(name, *value);
}

/// Empty stands for a file's own size.
void require_image_size(const std::optional<ImageSize>& size) {
  if (!size) return;
  require_range("image_size", size->height, 32, 8192);
  require_range("image_size", size->width, 32, 8192);
}

void require_opset(int opset) {
  if (opset != 0 && !(opset >= 13 && opset <= 21)) refuse("opset", opset, "13..21, or 0 for the dialect's own");
}

void check(const RuntimeOptions& options) { require_range("threads", options.threads, 0, 256); }

void check(const DataOptions& options) { require_count("max_images", options.max_images); }

void check(const DetectOptions& options) {
  require_range("confidence", options.confidence, 0, 1);
  require_range("iou", options.iou, 0, 1);
  require_count("max_detections", options.max_detections);
}

void check(const BudgetOptions& options) {
  if (options.max_bytes && options.max_drop) throw Error(ErrorKind::usage, "max_bytes and max_drop: both are given; expected one at most");
  if (options.max_bytes) require_range("max_bytes", *options.max_bytes, 1, kMostBytes);
  if (options.max_drop && !(*options.max_drop > 0 && *options.max_drop <= 100))
    refuse("max_drop", *options.max_drop, "more than 0, up to 100 points");
}

void require_resamples(std::int64_t resamples) {
  constexpr std::int64_t kMost = 1'000'000;
  require_range("resamples", resamples, 0, kMost);
}

void check(const QatCourse& course) {
  require_range("epochs", course.epochs, 0, kMostCount);
  if (course.epochs == 0) require_count("steps", course.steps);
  require_count("batch", course.batch);
  require_range("held_out", course.held_out, 0, kMostCount);
  require_range("rate", course.rate, kLeastRate, kMostWeight);
  require_range("label_weight", course.label_weight, 0, kMostWeight);
  require_range("imitation_weight", course.imitation_weight, 0, kMostWeight);
  require_range("augment", course.augment, 0, 1);
  require_range("patience", course.patience, 0, kMostCount);
}

}  // namespace

void check_options(const RunOptions& options) {
  require_count("calibration_images", options.calibration_images);
  check(options.budget);
  check(options.qat_course);
  require_resamples(options.resamples);
  check(options.data);
  require_image_size(options.image_size);
  check(options.runtime);
}

void check_options(const ExportOptions& options) {
  require_image_size(options.image_size);
  require_opset(options.opset);
  if (options.batch != -1 && !(options.batch >= 1 && options.batch <= kMostBatch))
    refuse("batch", options.batch, fmt::format("1 to {}, or -1 for a dynamic one", kMostBatch));
}

void check_options(const QuantizeOptions& options) {
  require_count("calibration_images", options.calibration_images);
  check(options.budget);
  require_image_size(options.image_size);
  require_opset(options.opset);
  check(options.runtime);
}

void check_options(const CleanOptions& options) { check(options.runtime); }

void check_options(const QatOptions& options) {
  require_count("calibration_images", options.calibration_images);
  check(options.budget);
  require_image_size(options.image_size);
  check(options.course);
  check(options.runtime);
}

void check_options(const EvalOptions& options) {
  require_image_size(options.file.image_size);
  check(options.data);
  check(options.detect);
  require_resamples(options.resamples);
  check(options.runtime);
}

void check_options(const ProfileOptions& options) {
  require_image_size(options.file.image_size);
  require_count("runs", options.runs);
  check(options.runtime);
}

void check_options(const ScoreOptions& options) {
  check(options.data);
  require_resamples(options.resamples);
  require_range("threads", options.threads, 0, 256);
}

void check_options(const CompareOptions& options) {
  require_image_size(options.file.image_size);
  check(options.data);
  require_range("confidence", options.confidence, 0.01, 1);
  require_range("tensor_images", options.tensor_images, 0, 1000);
  require_resamples(options.resamples);
  check(options.runtime);
}

void check_options(const CalibrationCheckOptions& options) {
  require_count("calibration_images", options.calibration_images);
  require_image_size(options.image_size);
  check(options.runtime);
}

void check_options(const PredictOptions& options) {
  require_image_size(options.file.image_size);
  check(options.detect);
  check(options.runtime);
}

void check_options(const ImageDetectorOptions& options) {
  check(options.detect);
  require_image_size(options.file.image_size);
  check(options.runtime);
}
void check_options(const VerifyOptions& options) { check(options.runtime); }

void check_options(const ReplayOptions& options) { require_range("threads", options.threads, 0, 256); }

}  // namespace nibble
