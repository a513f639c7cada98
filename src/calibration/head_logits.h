// SPDX-License-Identifier: Apache-2.0
// Where the head of a network has its logits, as calibration and training compare them with the float network's.
#pragma once
#include "quant/calibrate.h"
#include "yolo/detector.h"

namespace nibble {

/// The parts that the head of the baseline's task has; the others stay -1. Errors as find_logits.
HeadLogits head_logits(const Detector& baseline);

}  // namespace nibble
