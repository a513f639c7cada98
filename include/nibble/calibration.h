// SPDX-License-Identifier: Apache-2.0
// The calibration doctor as a function.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "nibble/progress.h"
#include "nibble/run.h"

namespace nibble {

struct CalibrationCheckOptions {
  std::filesystem::path calibration;               ///< folder, list of paths or data.yaml
  std::optional<std::int64_t> calibration_images;  ///< at most so many; empty: 100
  std::filesystem::path images;                    ///< what is scored: a folder or a list; empty: no comparison with it
  std::filesystem::path model;                     ///< float ONNX file or checkpoint whose statistics are measured; empty: the embedded one
  std::optional<ImageSize> image_size;             ///< of the network; empty: 640 of a checkpoint, the file's own of an ONNX file
  std::string on_bad_data;                         ///< "stop": unreadable files are an error; else they are rows of the answer
  RuntimeOptions runtime;
};
/// Whether images are fit for calibration: copies, copies of scored images, unreadable ones, and how many are enough.
std::string check_calibration(const CalibrationCheckOptions& options, Progress& progress);

}  // namespace nibble
