// SPDX-License-Identifier: Apache-2.0
// Steps that `nibble compare` and `nibble run` share.
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

/// images, annotations, count, category_names.
void describe_data(const EvalSet& set, Comparison& comparison);

struct InsideComparison {
  const std::filesystem::path& a;
  const std::filesystem::path& b;
  const DetectorFile& detector_a;
  const DetectorFile& detector_b;
  const EvalSet& set;
  std::int64_t images;  ///< the first so many
  bool parts;
  const RuntimeOptions& runtime;
};
/// Fills tensors and parts; what two such files do not allow becomes a note.
void compare_inside(const InsideComparison& inside, Comparison& comparison, Progress& progress);

}  // namespace nibble
