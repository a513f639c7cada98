// SPDX-License-Identifier: Apache-2.0
// How far apart two outputs of detectors are, in the units a user knows: scores and pixels.
#pragma once
#include <string>

#include "base/tensor.h"
#include "eval/detection.h"
#include "nibble/report.h"

namespace nibble {

/// Of the first image. one2many: rows 0..3 are boxes, the rest scores. raw: everything is a logit. one2one: scores are
/// compared rank by rank; boxes of confident rows (score at least 0.25) with the nearest box of the same class. Numbers behind boxes and
/// scores (mask coefficients, keypoints, angles) count with the scores, in one2one those of confident rows; so do all numbers of an output
/// of two extents, a classifier's probabilities.
/// Error(internal) when the shapes differ.
Parity compare_outputs(const std::string& what, const Tensor& reference, const Tensor& other, OutputKind kind);

}  // namespace nibble
