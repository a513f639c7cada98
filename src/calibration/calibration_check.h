// SPDX-License-Identifier: Apache-2.0
// Says in words what is wrong with a set of calibration images.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "calibration/convergence.h"
#include "calibration/image_survey.h"

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

/// All findings as tables with a recommendation, for a terminal.
std::string text_of(const CalibrationFindings& findings);

}  // namespace nibble
