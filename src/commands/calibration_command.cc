// SPDX-License-Identifier: Apache-2.0
// `nibble doctor --calib`.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "artifacts/float_file.h"
#include "base/check_options.h"
#include "base/files.h"
#include "base/watched_progress.h"
#include "calibration/calibration_check.h"
#include "calibration/calibration_set.h"
#include "data/yolo_layout.h"
#include "nibble/calibration.h"

namespace nibble {
namespace {

constexpr std::int64_t kDefaultImages = 100;

std::vector<std::filesystem::path> scored_files(const std::filesystem::path& source) {
  std::vector<BadDatum> missing;
  return is_yaml(source) ? list_split_images(source, "val", missing) : list_image_files(source);
}

}  // namespace

CalibrationCheck check_calibration(const CalibrationCheckOptions& options, Progress& listener) {
  check_options(options);
  WatchedProgress progress(listener);
  auto set = list_calibration_images(options.calibration);
  const auto limit = static_cast<std::size_t>(options.calibration_images.value_or(kDefaultImages));
  set.files.resize(std::min(set.files.size(), limit));
  const auto rule = parse_on_bad_data(options.on_bad_data, OnBadData::skip);
  if (rule == OnBadData::stop) set = first_readable(std::move(set), static_cast<std::int64_t>(limit), OnBadData::stop);
  const auto labels = is_yaml(options.calibration) ? bad_labels(options.calibration, set.files) : std::vector<BadDatum>{};
  settle_bad_data(labels, static_cast<std::int64_t>(set.files.size()), rule, "labels of " + set.name);
  CalibrationFindings findings;
  findings.source = set.name;
  findings.images = survey_images(set.files, "look at calibration images", progress);
  if (!options.images.empty()) {
    findings.scored_source = options.images.string();
    findings.scored = survey_images(scored_files(options.images), "look at scored images", progress);
  }
  for (const auto& bad : set.bad) findings.images.push_back({bad.file, bad.reason, {}});
  find_copies(findings);
  const FloatFile model(options.model, options.image_size);
  measure_on(model.path(), options.calibration_images.value_or(kDefaultImages), options.runtime, progress, findings, options.image_size);
  CalibrationCheck check = check_of(findings);
  check.bad_labels = reasons_of(labels);
  return check;
}

}  // namespace nibble
