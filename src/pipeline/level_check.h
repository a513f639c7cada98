// SPDX-License-Identifier: Apache-2.0
// What a runtime's optimisations do to a detector's answers: the same images at each level, on each provider.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "nibble/report.h"
#include "nibble/run.h"
#include "pipeline/detector_file.h"

namespace nibble {

/// Everything against the CPU provider with optimisations off; the largest over all inputs.
struct LevelAgreement {
  std::string provider;                                   ///< cpu, cuda
  std::string level;                                      ///< basic, extended, all; cuda: off as well
  double max_score = 0;                                   ///< of the whole output; raw heads: of a logit
  double max_box_px = 0;                                  ///< of the whole output: of background too, where boxes mean nothing
  std::int64_t reference_detections = 0, detections = 0;  ///< with a score of at least 0.25
  std::int64_t matched = 0;                               ///< same class, overlap above 0.9
  double matched_score = 0, matched_box_px = 0;           ///< largest difference of those
};

/// `inputs`: f32 [B,3,S,S] as the file takes them.
std::vector<LevelAgreement> check_levels(const std::filesystem::path& model, const DetectorFile& detector,
                                         const std::vector<Tensor>& inputs, const RuntimeOptions& runtime);

}  // namespace nibble
