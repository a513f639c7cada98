// SPDX-License-Identifier: Apache-2.0
// How far a quantised network agrees with the float one, in words and as JSON.
#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "base/placed_json.h"
#include "nibble/quantize.h"
#include "nibble/task.h"

namespace nibble {

/// One line for a report. The agreement is that of boxes, also where `task` has masks or keypoints besides.
std::string describe(const FloatAgreement& agreement, Task task);
/// What is wrong with it, for warnings and the caveats of a report: nothing was held out (`source` is where more images belong), nothing
/// was seen, or the networks agree badly. Empty where nothing is.
std::vector<std::string> objections_to(const FloatAgreement& agreement, Task task, const std::string& source);

Json to_json(const FloatAgreement& agreement);
/// Error(input) naming the key where the document is no such thing.
FloatAgreement float_agreement_from_json(const PlacedJson& json);

}  // namespace nibble
