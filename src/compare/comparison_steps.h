// SPDX-License-Identifier: Apache-2.0
// Steps of a comparison that `nibble compare` and `nibble run` both take.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/progress.h"
#include "compare/comparison.h"
#include "nibble/options.h"
#include "scoring/detector_file.h"
#include "scoring/eval_set.h"

namespace nibble {

ComparedFile compared_file(const std::filesystem::path& file, const std::string& shown, const DetectorFile& detector);

/// Fills in what the comparison was made on: images, annotations, count and category names.
void describe_data(const EvalSet& set, Comparison& comparison);

struct InsideComparison {
  const std::filesystem::path& a;
  const std::filesystem::path& b;
  const DetectorFile& detector_a;
  const DetectorFile& detector_b;
  const EvalSet& set;
  std::int64_t images;  ///< how many images of the set, from the first on
  bool parts;           ///< whether parts are tried too
  const RuntimeOptions& runtime;
};
/// Fills in `tensors` and `parts`. Where two such files do not allow one of them, it stays empty and a note says why.
void compare_inside(const InsideComparison& inside, Comparison& comparison, Progress& progress);

}  // namespace nibble
