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
  std::int64_t calibration_images, mixed_images;
  std::int64_t distillation_steps;
};
/// Measured in docs/results.md.
constexpr std::array<Preset, 3> kPresets{
    {{"fast", 48, 6, 0}, {"default", kCalibrationImages, kMixedImages, 0}, {"best", kCalibrationImages, kMixedImages, 1000}}};

}  // namespace

void apply_preset(Recipe& recipe, const std::string& name) {
  std::vector<std::string> names;
  for (const Preset& preset : kPresets) {
    names.emplace_back(preset.name);
    if (name != preset.name) continue;
    if (!recipe.calibration.images) recipe.calibration.images = preset.calibration_images;
    if (!recipe.mixed.images) recipe.mixed.images = preset.mixed_images;
    if (!recipe.distillation.steps) recipe.distillation.steps = recipe.weights.bits < 8 ? preset.distillation_steps : 0;
    return;
  }
  throw Error(ErrorKind::usage, fmt::format("unknown preset: {}: expected one of {}", name, fmt::join(names, ", ")));
}

}  // namespace nibble
