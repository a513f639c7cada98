// SPDX-License-Identifier: Apache-2.0
// The verdict on a set of calibration images: what was found, and what is wrong with it in words.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "calibration/convergence.h"
#include "calibration/image_survey.h"
#include "nibble/calibration.h"

namespace nibble {

struct CalibrationFindings {
  std::string source, scored_source;  ///< as the user named them; scored_source is empty where no scored images were given
  std::vector<SurveyedImage> images, scored;
  std::vector<Copy> copies;                ///< within the calibration images
  std::vector<Copy> also_scored;           ///< pairs of a calibration image and a scored image that show the same picture
  std::optional<Convergence> convergence;  ///< empty where it was not measured
};
/// Fills in `copies` and `also_scored` from the surveyed images.
void find_copies(CalibrationFindings& findings);

/// One line for each thing that is wrong, for the caveats of a report; none where nothing is. "**...**" marks what makes scores better than
/// they are.
std::vector<std::string> objections_to(const CalibrationFindings& findings);

/// The same of images that calibrate now, without a run of the network, and whether they are few. `source` is as the user named it.
std::vector<std::string> warnings_about(const std::string& source, const std::vector<std::filesystem::path>& files, Progress& progress);

/// The same as the public result, objections included.
CalibrationCheck check_of(const CalibrationFindings& findings);

}  // namespace nibble
