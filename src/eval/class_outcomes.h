// SPDX-License-Identifier: Apache-2.0
// What became of every detection of a class on all images: the part of COCO's evaluation that does not depend on how often an image counts.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "data/coco.h"
#include "eval/coco_match.h"
#include "eval/detection.h"

namespace nibble::coco {

struct ClassOutcomes {
  std::vector<Outcome> outcomes;                          ///< best score first; ties: by image, then as given
  std::array<std::vector<std::uint32_t>, kAreas> truths;  ///< for each area range, the image of every ground truth that counts there
};

/// One for each category of the data set, in its order; images are positions in CocoDataset::images. Classes without a ground truth have no
/// outcomes. `measure` (without: boxes) knows detections and objects by their positions in `detections` and CocoDataset::annotations.
/// Errors as evaluate_coco.
std::vector<ClassOutcomes> match_classes(const CocoDataset& dataset, const std::vector<Detection>& detections, int threads,
                                         const Measure* measure = nullptr);

/// Calls body(0), ..., body(count - 1), each once, on up to `threads` threads (0: all cores). What one of them throws is thrown.
void for_each_index(std::size_t count, int threads, const std::function<void(std::size_t)>& body);

}  // namespace nibble::coco
