// SPDX-License-Identifier: Apache-2.0
// Observes how large the outputs of convolutions get, in ONNX Runtime on calibration images, which to_integer() has to know.
#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "base/progress.h"
#include "graph/rewrites.h"
#include "nibble/options.h"
#include "quant/calibrate.h"

namespace nibble {

inline constexpr std::int64_t kRangeImages = 32;  ///< more images would move an end of a range by less than one of the steps that are tried

/// The range of the output of every convolution for which to_integer() needs one, by the name of its node (quant/silu_range.h). Runs the
/// quantised graph on the first kRangeImages images on the CPU. `scratch` is a file that this writes and removes again.
std::map<std::string, OutputRange> observe_output_ranges(const Graph& quantised, const CalibrationImages& images,
                                                         const RuntimeOptions& runtime, const std::filesystem::path& scratch,
                                                         Progress& progress);

}  // namespace nibble
