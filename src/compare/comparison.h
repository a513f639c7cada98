// SPDX-License-Identifier: Apache-2.0
// What `nibble compare` finds (nibble/compare.h): advice from it, and its JSON.
#pragma once
#include <vector>

#include "base/json.h"
#include "compare/part_gain.h"
#include "compare/tensor_compare.h"
#include "eval/detection_blame.h"
#include "nibble/compare.h"

namespace nibble {

/// What Comparison::advice shall be, from everything else in it.
std::vector<Advice> advise(const Comparison& comparison);

/// The format is in docs/formats.md; infinite decibels are null.
Json to_json(const Comparison& comparison);

}  // namespace nibble
