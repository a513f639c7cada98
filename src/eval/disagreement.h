// SPDX-License-Identifier: Apache-2.0
// One number for how differently two networks see the same images.
#pragma once
#include <vector>

#include "eval/detection.h"

namespace nibble {

/// A sum of squares over pair_detections: for a pair, of the difference between A's score and B's score times their IoU; for a detection
/// that only one network has, of its score. A pair of two classes counts as two such detections. Confident objects dominate; equal
/// detections give 0. Example: A sees one object at 0.8, B the same box at 0.5: 0.09. B sees nothing: 0.64.
double disagreement(const std::vector<Detection>& a, const std::vector<Detection>& b);

}  // namespace nibble
