// SPDX-License-Identifier: Apache-2.0
// The images that a recipe is calibrated on. They are read when they are asked for, so that memory does not grow with their number.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "nibble/options.h"
#include "quant/calibrate.h"
#include "scoring/eval_set.h"
#include "yolo/detector.h"

namespace nibble {

struct CalibrationSet {
  std::vector<std::filesystem::path> files;
  std::string name;                ///< as the user gave it, or "assets/..."
  std::vector<BadDatum> bad = {};  ///< what was left out
  /// Up to kSpareImages more of the same source that do not calibrate; whether they can be read is not known.
  std::vector<std::filesystem::path> spare = {};
};
constexpr std::size_t kSpareImages = 100;

/// The images of a folder, of a list of paths, or of the train split of a data.yaml (whose labels are not read); an empty `source` stands
/// for the embedded images. No image is read yet.
CalibrationSet list_calibration_images(const std::filesystem::path& source);
/// The first `limit` images that can be read; the next ones are spare. Errors as settle_bad_data, of those that were looked at.
CalibrationSet first_readable(CalibrationSet set, std::int64_t limit, OnBadData rule);
/// Both in turn.
CalibrationSet open_calibration_set(const std::filesystem::path& source, std::int64_t limit, OnBadData rule = OnBadData::skip_few);

/// Decodes on demand: all images as they are, then all again as often as `views` says, in turns mirrored and not, scaled by up to half
/// and moved by up to a tenth of the side (data/augment.h), as `seed` draws.
CalibrationImages images_of(const CalibrationSet& set, ImageSize image_size, std::int64_t views = 1, std::uint64_t seed = 0);

/// As the model takes them: of a classifier the middle of each image (data/centre_crop.h), in turns mirrored and not; else the above.
CalibrationImages images_of(const CalibrationSet& set, const ModelInfo& info, std::int64_t views = 1, std::uint64_t seed = 0);

/// The calibration images that are scored too, by content, whatever the files are called; their names in the calibration set. Calibrating
/// on what is scored flatters the score.
std::vector<std::string> overlap(const CalibrationSet& calibration, const EvalSet& evaluation);

/// Without the images of `evaluation`, by content.
CalibrationSet without(CalibrationSet calibration, const EvalSet& evaluation);

/// {source, count, sha256}; the hash covers the content of every file, in order. `spare` is the same of spare images, where there are any.
Json describe(const CalibrationSet& set);

}  // namespace nibble
