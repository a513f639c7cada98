// SPDX-License-Identifier: Apache-2.0
// The result of a training in words and as JSON (docs/formats.md, training.json).
#pragma once
#include <string>

#include "base/json.h"
#include "base/placed_json.h"
#include "nibble/report.h"

namespace nibble {

/// "w4a8: 20 steps on 24 images; mAP_50_95 on 8 held-out images (against the float network): 0.4100 calibrated, 0.4312 trained"
/// `number`: what the task is judged by, as the report is to call it.
std::string training_text(const TrainingReport& report, const std::string& number);

Json to_json(const TrainingReport& report);
/// Error(input) naming what is missing.
TrainingReport training_report_from_json(const PlacedJson& json);

}  // namespace nibble
