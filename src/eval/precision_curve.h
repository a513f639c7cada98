// SPDX-License-Identifier: Apache-2.0
// Precision against recall, for a chart: what the mean of is mAP 50.
#pragma once
#include <vector>

#include "eval/detection.h"

namespace nibble {

/// Precision at the recalls 0, 0.01, ..., 1 (101 numbers, 0..1) at an IoU of 0.50, the mean over the classes that have objects, each at its
/// upper envelope: as COCOeval's `precision[0, :, :, 0, 2]`, whose mean is mAP 50. Empty where no class has objects. Detections of images
/// or categories that the data set does not have change nothing.
std::vector<double> precision_curve_50(const CocoDataset& truth, const std::vector<Detection>& detections);

}  // namespace nibble
