// SPDX-License-Identifier: Apache-2.0
// Measures, by the detections, what would be gained if a part of the network were not quantised: B is run with A's layers in that part.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "nibble/compare.h"
#include "scoring/detector_file.h"
#include "scoring/eval_set.h"

namespace nibble {

/// The first `depth` words of a name, divided by '.' or '/': "model.8.m.0.cv1.conv" at 2 is "model.8", "/model.8/cv1/Conv" is
/// "/model.8".
std::string part_of(const std::string& layer, std::size_t depth);

/// `shared`: layers that both files have under this name; `ends`: those of them no other convolution follows. `images`: the first
/// so many of the set. Error(unsupported) when B computes in FP16.
PartGains measure_part_gains(const DetectorFile& detector_a, const std::filesystem::path& a, const std::filesystem::path& b,
                             const std::vector<std::string>& shared, const std::vector<std::string>& ends, EvalSet set, std::int64_t images,
                             const RuntimeOptions& runtime, Progress& progress);

}  // namespace nibble
