// SPDX-License-Identifier: Apache-2.0
// What tests of models of other tasks than detection start from.
#pragma once
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"

namespace nibble {

/// Small checkpoints with random weights.
inline const std::filesystem::path kCheckpoints = std::filesystem::path(NIBBLE_SOURCE_DIR) / "tests/golden/tasks";

inline const std::filesystem::path kImages = std::filesystem::path(NIBBLE_SOURCE_DIR) / "assets/coco/val2017";

/// Makes images/1.jpg and images/2.jpg in the folder, and the recipe quick4.yaml, which rounds 4-bit weights to the nearest.
inline void prepare_task_folder(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(kImages)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::filesystem::create_directories(folder / "images");
  for (std::size_t i = 0; i < 2; ++i) std::filesystem::copy_file(files.at(i), folder / "images" / (std::to_string(i + 1) + ".jpg"));
  write_file(folder / "quick4.yaml",
             "name: quick4\nweights: {bits: 4, scale_search: max, rounding: nearest}\nbias_correction: false\ncalibration: {images: 2}\n");
}

}  // namespace nibble
