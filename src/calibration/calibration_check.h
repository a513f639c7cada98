// SPDX-License-Identifier: Apache-2.0
// The verdict on a calibration set: what was found, and what is wrong with it in words.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "calibration/convergence.h"
#include "calibration/image_survey.h"
#include "nibble/calibration.h"

namespace nibble {

struct CalibrationFindings {
  std::string source, scored_source;  ///< as the user named them; scored_source empty: not looked at
  std::vector<SurveyedImage> images, scored;
  std::vector<Copy> copies;       ///< within the calibration images
  std::vector<Copy> also_scored;  ///< calibration image, scored image
  std::optional<Convergence> convergence;
};
/// Copies within and between the surveyed lists.
void find_copies(CalibrationFindings& findings);

/// One line for each thing that is wrong; empty: none. For caveats; "**...**" where scores are flattered.
std::vector<std::string> objections_to(const CalibrationFindings& findings);

/// The same as the public result, objections included.
CalibrationCheck check_of(const CalibrationFindings& findings);

}  // namespace nibble
