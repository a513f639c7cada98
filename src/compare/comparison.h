// SPDX-License-Identifier: Apache-2.0
// What `nibble compare` finds, and how it is told.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "compare/part_gain.h"
#include "compare/tensor_compare.h"
#include "data/coco.h"
#include "eval/detection_blame.h"

namespace nibble {

struct ComparedFile {
  std::string path;  ///< as the user gave it, or relative to the run directory
  std::string sha256;
  std::int64_t bytes = 0;
  std::string head;
};
struct Advice {
  std::string what;  ///< what to do
  std::string why;   ///< what was found
  double share = 0;  ///< roughly how much of the difference it is about, 0..1: of the disagreement, the lost mAP or the objects
};
struct Comparison {
  ComparedFile a, b;
  std::string images, annotations;  ///< what it was done on; annotations empty: none
  std::int64_t count = 0;
  std::vector<CocoCategory> categories;
  std::optional<TensorComparison> tensors;
  std::optional<PartGains> parts;
  DetectionBlame detections;
  std::vector<std::string> notes;  ///< what was left out, and why
  std::string lost_scores;         ///< why B detects nothing, where its file shows that; empty: nothing is shown
};

/// Largest share first. Never empty: where nothing helps it says so.
std::vector<Advice> advise(const Comparison& comparison);

/// The format is in docs/formats.md; infinite decibels are null.
Json to_json(const Comparison& comparison);

/// For a terminal. `all_layers`: every layer instead of the worst ones.
std::string text_of(const Comparison& comparison, bool all_layers);

}  // namespace nibble
