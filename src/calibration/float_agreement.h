// SPDX-License-Identifier: Apache-2.0
// What the float and the quantised network see on the same images, by files of both in ONNX Runtime: what scores are corrected by, and how
// far the two agree.
#pragma once
#include <vector>

#include "base/progress.h"
#include "calibration/calibrate_recipe.h"
#include "eval/detection.h"
#include "graph/graph.h"
#include "nibble/quantize.h"
#include "scoring/eval_set.h"

namespace nibble {

struct SeenByBoth {
  EvalSet images;
  bool is_held_out = false;  ///< none of the images calibrated
  std::vector<Detection> by_float, by_quantized;
};

/// Runs both networks on spare images of the calibration set, because on the images it was calibrated on a network is surer of itself; on
/// those where none are spare (or none of them can be read). As many images as calibrate, drawn by the seed: at least 8 where there are so
/// many, at most 100 where the recipe corrects scores, else 32.
SeenByBoth see_with_both(const CalibrationJob& job, const Graph& quantized, Progress& progress);

FloatAgreement agreement_of(const SeenByBoth& seen, int threads);

}  // namespace nibble
