// SPDX-License-Identifier: Apache-2.0
// What a runtime's optimisations do to a detector's answers: the same images at each level, on each provider.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "nibble/options.h"
#include "nibble/report.h"
#include "scoring/detector_file.h"

namespace nibble {

/// `inputs`: f32 [B,3,S,S] as the file takes them.
std::vector<LevelAgreement> check_levels(const std::filesystem::path& model, const DetectorFile& detector,
                                         const std::vector<Tensor>& inputs, const RuntimeOptions& runtime);

}  // namespace nibble
