// SPDX-License-Identifier: Apache-2.0
// The verdict on a calibration set: what was found, in words.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "calibration/convergence.h"
#include "calibration/image_survey.h"

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

/// The same of images that calibrate now, without a run of the network, and whether they are few. `source` as the user named it.
std::vector<std::string> warnings_about(const std::string& source, const std::vector<std::filesystem::path>& files, Progress& progress);

/// Tables and a recommendation, for a terminal.
std::string text_of(const CalibrationFindings& findings);

}  // namespace nibble
