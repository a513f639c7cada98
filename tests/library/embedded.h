// SPDX-License-Identifier: Apache-2.0
// The embedded model and images, and recipes that take seconds.
#pragma once
#include <filesystem>
#include <string>

#include "nibble/nibble.h"

namespace nibble::test {

inline const std::filesystem::path kModel = NIBBLE_SOURCE_DIR "/assets/yolov10n.pt";
inline const std::filesystem::path kAnnotations = NIBBLE_SOURCE_DIR "/assets/coco/instances_val2017_32.json";
inline const std::filesystem::path kImages = NIBBLE_SOURCE_DIR "/assets/coco/val2017";
constexpr std::int64_t kSmall = 160;  ///< px: side of inputs

inline const char* const kNearest = "name: near\nweights: {bits: 4, rounding: nearest}\nactivations: {bits: 8}\n";

inline std::filesystem::path exported(const std::filesystem::path& folder, const std::string& name = "float.onnx") {
  ExportOptions options;
  options.checkpoint = kModel;
  options.output = folder / name;
  options.image_size = kSmall;
  return export_baseline(options).file;
}

/// One image, one thread.
inline QuantizeOptions quick(const std::filesystem::path& folder, const std::filesystem::path& recipe) {
  QuantizeOptions options;
  options.checkpoint = kModel;
  options.output_dir = folder / "out";
  options.recipe = recipe.string();
  options.calibration_images = 1;
  options.image_size = kSmall;
  options.runtime.threads = 1;
  return options;
}

}  // namespace nibble::test
