// SPDX-License-Identifier: Apache-2.0
// What to_integer() has to know: how large the outputs of convolutions get, seen in ONNX Runtime on calibration images.
#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "base/progress.h"
#include "graph/rewrites.h"
#include "nibble/options.h"
#include "quant/calibrate.h"

namespace nibble {

inline constexpr std::int64_t kRangeImages = 32;  ///< more change a clip by less than its grid

/// Of every convolution in front of a SiLU that to_integer() would change. Runs the quantised graph on the first kRangeImages
/// images, on the CPU. `scratch` is a file this may write and removes.
std::map<std::string, OutputRange> observe_output_ranges(const Graph& quantised, const CalibrationImages& images,
                                                         const RuntimeOptions& runtime, const std::filesystem::path& scratch,
                                                         Progress& progress);

}  // namespace nibble
