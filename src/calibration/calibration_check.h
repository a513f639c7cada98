// SPDX-License-Identifier: Apache-2.0
// The verdict on a set of calibration images: what was found, and what is wrong with it in words.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "calibration/calibration_set.h"
#include "calibration/convergence.h"
#include "calibration/image_survey.h"
#include "nibble/calibration.h"
#include "yolo/detector.h"

namespace nibble {

struct CalibrationFindings {
  std::string source, scored_source;  ///< as the user named them; scored_source is empty where no scored images were given
  std::vector<SurveyedImage> images, scored;
  std::vector<Copy> copies;                ///< within the calibration images
  std::vector<Copy> also_scored;           ///< pairs of a calibration image and a scored image that show the same picture
  std::optional<Convergence> convergence;  ///< empty where it was not measured
  std::optional<ShownObjects> objects;     ///< the same
};
/// Fills in `copies` and `also_scored` from the surveyed images.
void find_copies(CalibrationFindings& findings);

/// Runs the float file on the calibration images that can be read: `convergence` from the first `most` of them (two are needed), `objects`
/// from those that ShownObjects names.
void measure_on(const std::filesystem::path& float_file, std::int64_t most, const RuntimeOptions& runtime, Progress& progress,
                CalibrationFindings& findings, const std::optional<ImageSize>& image_size = std::nullopt);
/// So many images tell how single ones vary; the error for more of them follows.
inline constexpr std::int64_t kStatisticsImages = 32;

/// One line for each thing that is wrong, for the caveats of a report; none where nothing is. "**...**" marks what makes scores better than
/// they are.
std::vector<std::string> objections_to(const CalibrationFindings& findings);

/// Surveys and measures images that calibrate `baseline` now; the objections are logged as warnings. How well statistics are known is
/// measured where there are fewer than 128 images, and nothing is on the float file where the task is not detection.
CalibrationCheck check_before(const CalibrationSet& set, const Detector& baseline, const RuntimeOptions& runtime, Progress& progress);

/// The same as the public result, objections included.
CalibrationCheck check_of(const CalibrationFindings& findings);

}  // namespace nibble
