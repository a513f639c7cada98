// SPDX-License-Identifier: Apache-2.0
#include "quant/preset.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <vector>

#include "nibble/error.h"

namespace nibble {
namespace {

struct Preset {
  const char* name;
  std::int64_t calibration_images, views, mixed_images;
};
/// Measured in docs/results.md.
constexpr std::array<Preset, 3> kPresets{
    {{"fast", 40, 1, 4}, {"default", kCalibrationImages, 1, kMixedImages}, {"best", 2 * kCalibrationImages, 2, kMixedImages}}};

}  // namespace

void apply_preset(Recipe& recipe, const std::string& name) {
  std::vector<std::string> names;
  for (const Preset& preset : kPresets) {
    names.emplace_back(preset.name);
    if (name != preset.name) continue;
    if (!recipe.calibration.images) recipe.calibration.images = preset.calibration_images;
    if (!recipe.calibration.views) recipe.calibration.views = preset.views;
    if (!recipe.mixed.images) recipe.mixed.images = preset.mixed_images;
    return;
  }
  throw Error(ErrorKind::usage, fmt::format("unknown preset: {}: expected one of {}", name, fmt::join(names, ", ")));
}

bool trains(const std::string& preset, const Recipe& recipe) { return preset == "best" && recipe.weights.bits < 8; }

}  // namespace nibble
