// SPDX-License-Identifier: Apache-2.0
// What is wrong with a set of calibration images before anything is computed from them.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "data/fingerprint.h"

namespace nibble {

struct SurveyedImage {
  std::filesystem::path file;
  std::string problem;               ///< why it cannot be read; empty: it can
  std::optional<Fingerprint> print;  ///< of readable ones
  std::int64_t width_px = 0, height_px = 0;
  double brightness = 0;  ///< mean of all values without the border, 0..255; a photograph of the day has about 110
};
/// Decodes every file once; what cannot be read becomes a row, never an error.
std::vector<SurveyedImage> survey_images(const std::vector<std::filesystem::path>& files, const std::string& title, Progress& progress);

/// Two images that show the same picture.
struct Copy {
  std::size_t first, second;  ///< indices into the two lists (or, within one list, first < second)
  int distance = 0;           ///< of the fingerprints; 0 also for equal files
};
std::vector<Copy> copies_within(const std::vector<SurveyedImage>& images);
std::vector<Copy> copies_between(const std::vector<SurveyedImage>& images, const std::vector<SurveyedImage>& others);

}  // namespace nibble
