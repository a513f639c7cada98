// SPDX-License-Identifier: Apache-2.0
// What would be gained if a part of the network were not quantised: B with A's layers in it, measured in detections.
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

/// `shared`: layers that both files have under this name; `ends`: those of them no other convolution follows. `images`: the first
/// so many of the set. Error(unsupported) when B computes in FP16.
PartGains measure_part_gains(const DetectorFile& detector_a, const std::filesystem::path& a, const std::filesystem::path& b,
                             const std::vector<std::string>& shared, const std::vector<std::string>& ends, EvalSet set, std::int64_t images,
                             const RuntimeOptions& runtime, Progress& progress);

}  // namespace nibble
