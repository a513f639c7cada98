// SPDX-License-Identifier: Apache-2.0
// The findings of `nibble compare`, and their forms as advice, JSON and text.
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
  double share = 0;  ///< roughly what part of the difference it would remove, 0..1: of the disagreement, of the lost mAP or of the objects
};
struct Comparison {
  ComparedFile a, b;
  std::string images, annotations;  ///< what both files were run on; annotations is empty where there were none
  std::int64_t count = 0;           ///< how many images
  std::vector<CocoCategory> categories;
  std::optional<TensorComparison> tensors;
  std::optional<PartGains> parts;
  DetectionBlame detections;
  std::vector<std::string> notes;  ///< what was left out, and why
};

/// What would help, largest share first. Never empty: where nothing helps, that is the advice.
std::vector<Advice> advise(const Comparison& comparison);

/// The format is in docs/formats.md; infinite decibels are null.
Json to_json(const Comparison& comparison);

/// The findings for a terminal. With `all_layers` every layer is listed instead of the worst ones.
std::string text_of(const Comparison& comparison, bool all_layers);

}  // namespace nibble
