// SPDX-License-Identifier: Apache-2.0
// Looks through a set of calibration images before anything is computed from them: which cannot be read, and which are copies.
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
  std::string problem;               ///< why it cannot be read; empty where it can
  std::optional<Fingerprint> print;  ///< empty where it cannot be read
  std::int64_t width_px = 0, height_px = 0;
  double brightness = 0;  ///< mean of all values without the border, 0..255; a photograph of the day has about 110
};
/// Decodes every file once. A file that cannot be read becomes a row with a problem, never an error. `title` is for progress.
std::vector<SurveyedImage> survey_images(const std::vector<std::filesystem::path>& files, const std::string& title, Progress& progress);

/// Two images that show the same picture.
struct Copy {
  std::size_t first, second;  ///< indices into the two lists (or, within one list, first < second)
  int distance = 0;           ///< between the fingerprints (data/fingerprint.h); 0 for equal files
};
std::vector<Copy> copies_within(const std::vector<SurveyedImage>& images);
std::vector<Copy> copies_between(const std::vector<SurveyedImage>& images, const std::vector<SurveyedImage>& others);

}  // namespace nibble
