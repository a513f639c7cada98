// SPDX-License-Identifier: Apache-2.0
// One number for how differently two networks see the same images.
#pragma once
#include <vector>

#include "eval/detection.h"

namespace nibble {

/// Sum of squares over pair_detections: of (score of A - score of B * IoU) for pairs, of the score for what only one of them sees
/// (a pair of two classes is two such). Confident objects dominate; equal detections give 0.
/// Example: A sees one object at 0.8, B the same box at 0.5: 0.09. B sees nothing: 0.64.
double disagreement(const std::vector<Detection>& a, const std::vector<Detection>& b);

}  // namespace nibble
