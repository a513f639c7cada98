// SPDX-License-Identifier: Apache-2.0
// The images a recipe is calibrated on, read when asked for: memory does not grow with their number.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "nibble/options.h"
#include "quant/calibrate.h"
#include "scoring/eval_set.h"

namespace nibble {

struct CalibrationSet {
  std::vector<std::filesystem::path> files;
  std::string name;  ///< as the user gave it, or "assets/..."
};

/// A folder, a list of paths, a data.yaml (its train split); empty: the embedded images. At most `limit` files.
CalibrationSet open_calibration_set(const std::filesystem::path& source, std::int64_t limit);

/// Decodes on demand: all images as they are, then all again as often as `views` says, in turns mirrored and not, scaled by up to half
/// and moved by up to a tenth of the side (data/augment.h), as `seed` draws.
CalibrationImages images_of(const CalibrationSet& set, std::int64_t image_size, std::int64_t views = 1, std::uint64_t seed = 0);

/// File names both sets have: calibrating on what is scored flatters the score.
std::vector<std::string> overlap(const CalibrationSet& calibration, const EvalSet& evaluation);

/// Without the images of `evaluation`, by file name.
CalibrationSet without(CalibrationSet calibration, const EvalSet& evaluation);

/// {source, count, sha256}: the hash covers every file's content, in order.
Json describe(const CalibrationSet& set);

}  // namespace nibble
