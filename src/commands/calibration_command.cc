// SPDX-License-Identifier: Apache-2.0
// `nibble doctor --calib`.

#include "artifacts/float_file.h"
#include "calibration/calibration_check.h"
#include "calibration/calibration_set.h"
#include "nibble/calibration.h"
#include "scoring/detect.h"
#include "scoring/detector_file.h"

namespace nibble {
namespace {

constexpr std::int64_t kDefaultImages = 100;

/// The readable ones, in order.
std::vector<std::filesystem::path> readable(const std::vector<SurveyedImage>& images) {
  std::vector<std::filesystem::path> files;
  for (const auto& image : images)
    if (image.print) files.push_back(image.file);
  return files;
}

}  // namespace

std::string check_calibration(const CalibrationCheckOptions& options, Progress& progress) {
  const auto set = open_calibration_set(options.calibration, options.calibration_images.value_or(kDefaultImages));
  CalibrationFindings findings;
  findings.source = set.name;
  findings.images = survey_images(set.files, "look at calibration images", progress);
  if (!options.images.empty()) {
    findings.scored_source = options.images.string();
    findings.scored = survey_images(list_image_files(options.images), "look at scored images", progress);
  }
  find_copies(findings);
  const auto files = readable(findings.images);
  if (files.size() >= 2) {
    const FloatFile model(options.model, options.image_size.value_or(640));
    const auto detector = open_detector(model.path(), options.runtime, false, 0, {.image_size = options.image_size, .output_layout = {}});
    const auto input = [&](std::int64_t i) {
      return network_input(read_network_image(files[static_cast<std::size_t>(i)], detector.image_size), detector);
    };
    findings.convergence = measure_convergence(model.path(), static_cast<std::int64_t>(files.size()), input, options.runtime, progress);
  }
  return text_of(findings);
}

}  // namespace nibble
